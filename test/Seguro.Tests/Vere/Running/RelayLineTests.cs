using System.IO.Pipelines;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Vere.Running;

namespace Seguro.Tests.Vere.Running;

/// <summary>The line between the process that a king starts and the member.</summary>
public sealed class RelayLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("line");
    private readonly Pipe _king = new();
    private readonly Pipe _toKing = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("work", "--snap-dir", "/a pier/with words", "")]
    [InlineData]
    public async Task Arguments_and_bytes_pass_as_they_are_and_the_exit_code_comes_last(params string[] arguments)
    {
        (Task<int> relay, NetworkStream line) = await ConnectAsync(arguments);
        await using NetworkStream member = line;
        Assert.Equal(arguments, await RelayLine.ReadArgumentsAsync(member, Cancel));
        await _king.Writer.WriteAsync(new byte[] { 1, 2, 3 }, Cancel);
        byte[] heard = new byte[3];
        await member.ReadExactlyAsync(heard, Cancel);
        Assert.Equal([1, 2, 3], heard);
        byte[] large = new byte[300_000];
        new Random(1).NextBytes(large);
        await using KingStream king = new(member);
        Task writing = WriteAsync(king, large);
        byte[] got = new byte[large.Length];
        await _toKing.Reader.AsStream().ReadExactlyAsync(got, Cancel);
        await writing;
        Assert.Equal(large, got);
        await _king.Writer.CompleteAsync();
        Assert.Equal(0, await member.ReadAsync(heard, Cancel));
        await RelayLine.SendExitAsync(member, 7, Cancel);
        Assert.Equal(7, await relay);
    }

    [Fact]
    public async Task A_member_that_is_gone_ends_the_relay_with_1()
    {
        (Task<int> relay, NetworkStream line) = await ConnectAsync(["work"]);
        await line.DisposeAsync();
        Assert.Equal(1, await relay);
    }

    [Fact]
    public async Task Who_speaks_otherwise_is_refused()
    {
        using MemoryStream other = new("GET / HTTP/1.1"u8.ToArray());
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => RelayLine.ReadArgumentsAsync(other, Cancel));
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    private static async Task WriteAsync(KingStream king, byte[] bytes)
    {
        await king.WriteAsync(bytes.AsMemory(0, 10), Cancel);
        await king.WriteAsync(bytes.AsMemory(10), Cancel);
    }

    private async Task<(Task<int> Relay, NetworkStream Line)> ConnectAsync(string[] arguments)
    {
        string socket = _folder["s"];
        _listener.Bind(new UnixDomainSocketEndPoint(socket));
        _listener.Listen(1);
        Task<int> relay = RelayLine.CarryAsync(socket, arguments, _king.Reader.AsStream(), _toKing.Writer.AsStream(), Cancel);
        return (relay, new NetworkStream(await _listener.AcceptAsync(Cancel), ownsSocket: true));
    }
}

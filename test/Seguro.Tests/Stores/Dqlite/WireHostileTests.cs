using CsCheck;
using Seguro.Core;
using Seguro.Stores.Dqlite;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>A server that is no dqlite node, or a malicious one: an error that says so, whatever it sends, and no memory for what it only announces.</summary>
public sealed class WireHostileTests
{
    private const byte Failure = 0;
    private const byte Server = 1;
    private const byte Servers = 3;
    private const byte Result = 6;
    private const byte Rows = 7;
    private const ulong Done = ulong.MaxValue;
    private const ulong More = 0xEEEE_EEEE_EEEE_EEEE;
    private const ulong NameA = 'a';

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[]> BadRows => new()
    {
        { "no body", WireStream.Frame(Rows) },
        { "no marker", WireStream.Frame(Rows, WireStream.Words(1, NameA)) },
        { "more columns than bytes", WireStream.Frame(Rows, WireStream.Words(1UL << 60, NameA, Done)) },
        { "a name without an end", WireStream.Frame(Rows, WireStream.Words(1, Done, Done)) },
        { "no such type", WireStream.Frame(Rows, WireStream.Words(1, NameA, 7, 0, Done)) },
        { "a blob beyond its frame", WireStream.Frame(Rows, WireStream.Words(1, NameA, 4, 1UL << 40, 0, Done)) },
        { "a blob of negative length", WireStream.Frame(Rows, WireStream.Words(1, NameA, 4, ulong.MaxValue - 6, 0, Done)) },
        { "a blob that swallows the marker", WireStream.Frame(Rows, WireStream.Words(1, NameA, 4, 8, Done)) },
        { "a text that swallows the marker", WireStream.Frame(Rows, WireStream.Words(1, NameA, 3, Done)) },
        { "rows without columns", WireStream.Frame(Rows, WireStream.Words(0, 1, Done)) },
        { "rows behind the marker", WireStream.Frame(Rows, WireStream.Words(1, NameA, Done, 1, 5, Done)) },
        { "other columns in the second part", [.. WireStream.Frame(Rows, WireStream.Words(1, NameA, More)), .. WireStream.Frame(Rows, WireStream.Words(2, NameA, NameA, Done))] },
        { "a second part that does not come", WireStream.Frame(Rows, WireStream.Words(1, NameA, More)) },
        { "another answer in the middle", [.. WireStream.Frame(Rows, WireStream.Words(1, NameA, More)), .. WireStream.Frame(Result, WireStream.Words(1, 1))] },
        { "a frame that is cut", WireStream.Frame(Rows, WireStream.Words(1, NameA, Done))[..^3] },
        { "a header that is cut", [1, 0, 0] },
        { "HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray() },
    };

    [Theory]
    [MemberData(nameof(BadRows))]
    public async Task Refuses_bad_rows(string what, byte[] answer)
    {
        await using DqliteConnection node = await OpenAsync(answer);
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () => await ReadAllAsync(node));
        Assert.True(error.Code is ErrorCode.Corrupt or ErrorCode.StoreUnavailable, what);
        Assert.Contains("node.test", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_no_memory_for_what_a_frame_only_announces()
    {
        byte[] huge = [0xff, 0xff, 0xff, 0xff, Rows, 0, 0, 0];
        await using DqliteConnection node = await OpenAsync(huge);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () => await ReadAllAsync(node));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 << 20);
        Assert.True(node.IsBroken);
    }

    [Fact]
    public async Task Ends_a_result_that_never_ends()
    {
        byte[] part = WireStream.Frame(Rows, [.. WireStream.Words(1, NameA, 4, 1 << 20), .. new byte[1 << 20], .. WireStream.Words(More)]);
        byte[] answer = [.. Enumerable.Repeat(part, 70).SelectMany(static bytes => bytes)];
        await using DqliteConnection node = await OpenAsync(answer);
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () => await ReadAllAsync(node));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Fact]
    public async Task Refuses_a_cluster_of_absurd_size()
    {
        await using DqliteConnection node = await OpenAsync(WireStream.Frame(Servers, WireStream.Words(1UL << 50)));
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () => await node.ClusterAsync(Cancel));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Fact]
    public async Task A_failure_keeps_its_code_and_the_connection()
    {
        byte[] answer = [.. WireStream.Frame(Failure, WireStream.Words(10250, 0x7265_6461_656c_206eUL & 0x00ff_ffff_ffff_ffff)), .. WireStream.Frame(Server, WireStream.Words(0, 0))];
        await using DqliteConnection node = await OpenAsync(answer);
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () => await node.ExecAsync("SELECT 1", [], Cancel));
        Assert.True(error.IsNotLeader);
        Assert.Equal(10250, error.Failure);
        Assert.False(node.IsBroken);
        Assert.Null(await node.LeaderAsync(Cancel));
    }

    [Fact]
    public async Task A_second_request_in_the_middle_of_the_first_is_refused()
    {
        await using DqliteConnection node = await DqliteConnection.OpenAsync("node.test", new SilentStream(), Cancel);
        using CancellationTokenSource stop = new();
        Task<DqliteServer?> first = node.LeaderAsync(stop.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await node.LeaderAsync(Cancel));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.True(node.IsBroken);
        await Assert.ThrowsAsync<DqliteException>(async () => await node.LeaderAsync(Cancel));
    }

    [Fact]
    public void Any_bytes_end_in_an_answer_or_in_a_typed_error()
    {
        Gen<byte[]> noise = Gen.Byte.Array[0, 200];
        Gen<byte[]> framed = Gen.Select(
            Gen.Byte[0, 11],
            Gen.OneOf(Gen.ULong[0, 12], Gen.Int[0, 2].Select(static i => i switch { 0 => Done, 1 => More, _ => NameA }), Gen.ULong).Array[0, 20],
            static (type, words) =>
            WireStream.Frame(type, WireStream.Words(words))).Array[1, 3].Select(static frames => frames.SelectMany(static frame => frame).ToArray());
        Gen.Select(Gen.OneOf(noise, framed), Gen.Int[0, 5]).Sample(
            (answer, call) =>
            {
                try
                {
                    CallAsync(answer, call).GetAwaiter().GetResult();
                }
                catch (DqliteException)
                {
                    // Just what is wanted.
                }
            },
            iter: 20_000);
    }

    private static async Task CallAsync(byte[] answer, int call)
    {
        await using DqliteConnection node = await OpenAsync(answer);
        switch (call)
        {
            case 0:
                await node.LeaderAsync(CancellationToken.None);
                break;
            case 1:
                await node.ClusterAsync(CancellationToken.None);
                break;
            case 2:
                await node.PrepareAsync("SELECT 1", CancellationToken.None);
                break;
            case 3:
                await node.ExecAsync("SELECT 1", [], CancellationToken.None);
                break;
            case 4:
                await node.DescribeAsync(CancellationToken.None);
                break;
            default:
                await ReadAllAsync(node);
                break;
        }
    }

    private static async Task ReadAllAsync(DqliteConnection node)
    {
        using DqliteRows rows = await node.QueryAsync("SELECT 1", [], CancellationToken.None);
        while (rows.Read())
        {
            for (int column = 0; column < rows.Columns.Count; column++)
                rows.TypeOf(column);
        }
    }

    private static ValueTask<DqliteConnection> OpenAsync(byte[] answer) => DqliteConnection.OpenAsync("node.test", new WireStream(answer), CancellationToken.None);

    /// <summary>A node that never answers.</summary>
    private sealed class SilentStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value)
        {
        }
    }
}

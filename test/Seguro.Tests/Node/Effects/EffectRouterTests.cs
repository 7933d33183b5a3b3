using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Node.Effects;
using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Node.Effects;

public sealed class EffectRouterTests : IAsyncDisposable
{
    private static readonly Term Third = new(3);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Channel<Ovum> _heard = Channel.CreateUnbounded<Ovum>();
    private readonly Queue<string> _undone = new();
    private readonly OwnPort _port = OwnPort.Open(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly EffectRouter _router;

    public EffectRouterTests() => _router = new EffectRouter(_port, new EffectRouterOptions { Time = _time, Undone = _undone.Enqueue });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_master_announces_its_drivers_and_its_alarm_rings_once()
    {
        StartAsMaster();
        Assert.True((await _heard.Reader.ReadAsync(Cancel)).Bytes.Span.SequenceEqual(BehnDriver.Born(_time.GetUtcNow())));
        Assert.True((await _heard.Reader.ReadAsync(Cancel)).Bytes.Span.SequenceEqual(AmesDriver.Born()));

        await ReleaseAsync(Doze(_time.GetUtcNow() + TimeSpan.FromHours(1)));
        await ReleaseAsync(Doze(_time.GetUtcNow() + TimeSpan.FromMinutes(10)));
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.False(_heard.Reader.TryRead(out _));
        for (int i = 0; i < 3; i++)
            _time.Advance(TimeSpan.FromMinutes(1));
        Ovum rung = await _heard.Reader.ReadAsync(Cancel);
        Assert.True(rung.Bytes.Span.SequenceEqual(BehnDriver.Wake()));
        Assert.Equal(0U, rung.Digest);
        for (int i = 0; i < 90; i++)
            _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task An_alarm_dies_with_the_mastership_and_none_is_set_on_a_replica()
    {
        StartAsMaster();
        Assert.True(_heard.Reader.TryRead(out _) && _heard.Reader.TryRead(out _));
        await ReleaseAsync(Doze(_time.GetUtcNow() + TimeSpan.FromSeconds(1)));
        _router.ChangeRole(Role.Rejoining, Third.Next);
        await ReleaseAsync(Doze(_time.GetUtcNow() + TimeSpan.FromSeconds(1)));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Sends_become_datagrams_and_what_nobody_knows_is_counted()
    {
        StartAsMaster();
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ulong lane = ((ulong)((IPEndPoint)peer.LocalEndPoint!).Port << 32) | 0x7f000001;
        await ReleaseAsync(
            Cell.Of(NounList.Path("ames"), "send", new Cell(Atom.One, Atom.Of(lane)), "hello"),
            Cell.Of(NounList.Path("term"), "blit", 0),
            Atom.Of(7UL),
            Cell.Of(NounList.Path("ames"), "send", new Cell(Atom.One, Atom.Of(lane)), Atom.Of(new byte[70_000].Append((byte)1).ToArray())));
        byte[] buffer = new byte[100];
        SocketReceiveFromResult got = await peer.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), Cancel);
        Assert.Equal("hello"u8, buffer.AsSpan(0, got.ReceivedBytes));
        Assert.Equal(_port.Address, got.RemoteEndPoint);
        Assert.Equal((1L, 1L, 2L), (_router.Sent, _router.Unsent, _router.Unhandled));
        Assert.Equal(["unknown kind", "unknown kind", "not sent"], _undone);
    }

    [Fact]
    public async Task Nothing_is_sent_after_the_mastership_has_ended()
    {
        StartAsMaster();
        Effect send = new(new(1), 0, Jam.ToBytes(Cell.Of(NounList.Path("ames"), "send", new Cell(Atom.One, Atom.Of(((ulong)_port.Address.Port << 32) | 0x7f000001)), "x")));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _router.ReleaseAsync(Third, [send], degraded: false, new CancellationToken(true)));
        Assert.Equal(0, _router.Sent);
    }

    [Fact]
    public async Task Noise_becomes_no_ovum_and_is_counted_by_reason()
    {
        Channel<Unheard> dropped = Channel.CreateUnbounded<Unheard>();
        OwnPort port = OwnPort.Open(new IPEndPoint(IPAddress.Loopback, 0));
        await using EffectRouter router = new(port, new EffectRouterOptions { Time = _time, Rules = new AmesRules(0), Drop = why => dropped.Writer.TryWrite(why) });
        router.Start(ovum => _heard.Writer.TryWrite(ovum));
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        byte[] body = [0x11, 1, 0, 0, 0, 7, 8, 9];
        byte[] packet = [0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteUInt32LittleEndian(packet, (1u << 31) | (((uint)MugHash.OfBytes(body) & 0xfffff) << 11));
        foreach (byte[] datagram in (byte[][])[[1], "some text, which is no packet"u8.ToArray(), packet])
            await peer.SendToAsync(datagram, SocketFlags.None, port.Address, Cancel);
        Ovum heard = await _heard.Reader.ReadAsync(Cancel);
        Assert.Equal(Atom.Of(packet), Axis.Get(Cue.From(heard.Bytes.Span), 15));
        Assert.Equal((1UL << 32) | 0x7f00_0001, heard.Source);
        Assert.Equal([Unheard.Short, Unheard.Checksum], [await dropped.Reader.ReadAsync(Cancel), await dropped.Reader.ReadAsync(Cancel)]);
        router.SetVersion(3);
        await peer.SendToAsync(packet, SocketFlags.None, port.Address, Cancel);
        Assert.Equal(Unheard.Version, await dropped.Reader.ReadAsync(Cancel));
        Assert.False(_heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_fault_while_hearing_is_not_silent()
    {
        _router.Start(static _ => throw new NotSupportedException("a mistake in the member"));
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await peer.SendToAsync("hello"u8.ToArray(), SocketFlags.None, _port.Address, Cancel);
        SeguroException fault = await Assert.ThrowsAsync<SeguroException>(() => _router.Completion.WaitAsync(Cancel));
        Assert.Contains("hearing datagrams", fault.Message, StringComparison.Ordinal);
        Assert.Contains("a mistake in the member", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_heard_has_the_digest_of_its_noun()
    {
        _router.Start(ovum => _heard.Writer.TryWrite(ovum));
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await peer.SendToAsync("hello\0\0"u8.ToArray(), SocketFlags.None, _port.Address, Cancel);
        Ovum ovum = await _heard.Reader.ReadAsync(Cancel);
        Assert.Equal((uint)Cue.From(ovum.Bytes.Span).Mug, ovum.Digest);
        Assert.Equal(_time.GetUtcNow(), ovum.Now);
    }

    public ValueTask DisposeAsync() => _router.DisposeAsync();

    private static Cell Doze(DateTimeOffset when) => Cell.Of(NounList.Path("behn"), "doze", 0, Atom.Of(DateAtom.FromTime(when)));

    private void StartAsMaster()
    {
        _router.Start(ovum => _heard.Writer.TryWrite(ovum));
        _router.ChangeRole(Role.Master, Third);
    }

    private ValueTask ReleaseAsync(params Noun[] effects) =>
        _router.ReleaseAsync(Third, [.. effects.Select(static (noun, index) => new Effect(new(1), index, Jam.ToBytes(noun)))], degraded: false, Cancel);
}

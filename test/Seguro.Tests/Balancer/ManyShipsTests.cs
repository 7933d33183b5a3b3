using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>One balancer for many ships: each has its ports, its members, its term, and a frame for one is none for another.</summary>
public sealed class ManyShipsTests : IAsyncDisposable
{
    private const int Ships = 70; // more than one call of the kernel hands out

    private readonly UdpBalancer _balancer = UdpBalancer.Bind(
        new BalancerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Inside = new IPEndPoint(IPAddress.Loopback, 0), Keys = static () => BalancerBed.Ring, Ships = Ships },
        TimeProvider.System);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly byte[] _buffer = new byte[BalancerFrame.MaxSize];

    public ManyShipsTests() => _running = _balancer.RunAsync(_stop.Token);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_ship_hears_its_own_and_speaks_from_its_own_port()
    {
        using Socket client = BalancerBed.NewSocket();
        List<BalancerLink> links = [.. Enumerable.Range(0, Ships).Select(ship => Open(ship, ship))];
        // All at once, so that many sockets are ready together.
        await Task.WhenAll(links.Index().Select(pair => ConverseAsync(pair.Item, pair.Index, new Term((ulong)(Ships - pair.Index)))));
        BalancerStats stats = _balancer.Stats;
        Assert.Equal(Ships, stats.Ships!.Count);
        Assert.All(stats.Ships, static ship => Assert.Equal((1, 1L, (ulong)(Ships - ship.Key)), (ship.Value.Members, ship.Value.Released, ship.Value.Term)));
        Assert.Equal((Ships, (ulong)Ships, 0L), (stats.Members, stats.Term, stats.OldTerm));
        foreach (BalancerLink link in links)
            await link.DisposeAsync();
    }

    [Fact]
    public async Task A_frame_for_one_ship_is_none_for_another()
    {
        using Socket client = BalancerBed.NewSocket();
        using FrameSeal seal = new(BalancerBed.Key(1));
        await using BalancerLink link = Open(1, 1);
        await ConverseAsync(link, 1, new Term(3));
        // What a member of ship 1 said, at the port of ship 2, where the same member is known, too.
        await using BalancerLink other = Open(2, 2);
        await ConverseAsync(other, 2, new Term(1));
        byte[] effect = new byte[BalancerFrame.Overhead + 1];
        BalancerFrame.Complete(effect, 1, FrameKind.Egress, isMaster: false, 9, BalancerBed.AddressOf(client), seal, ship: 1);
        using Socket sender = BalancerBed.NewSocket();
        sender.SendTo(effect, _balancer.InsideOf(2));
        byte[] hello = new byte[BalancerFrame.Overhead + BalancerFrame.HelloSize];
        BalancerFrame.Complete(hello, BalancerFrame.HelloSize, FrameKind.Hello, isMaster: true, 9, default, seal, ship: 1);
        sender.SendTo(hello, _balancer.InsideOf(2));
        await UntilAsync(() => _balancer.StatsOf(2).WrongShip == 2);
        Assert.Equal((1UL, 1, 0L), (_balancer.StatsOf(2).Term, _balancer.StatsOf(2).Members, _balancer.StatsOf(1).WrongShip));
        // And what the balancer says of another ship is nothing to a member.
        List<string> dropped = [];
        await using BalancerLink lost = BalancerLink.Open(
            new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("127.0.0.1", _balancer.InsideOf(3).Port), static () => BalancerBed.Key(1), TimeProvider.System, dropped.Add, 3);
        byte[] ingress = new byte[BalancerFrame.Overhead + 1];
        int size = BalancerFrame.Complete(ingress, 1, FrameKind.Ingress, isMaster: false, 1, BalancerBed.AddressOf(client), seal, ship: 4);
        sender.SendTo(ingress.AsSpan(0, size), SocketFlags.None, lost.Address);
        size = BalancerFrame.Complete(ingress, 1, FrameKind.Ingress, isMaster: false, 7, BalancerBed.AddressOf(client), seal, ship: 3);
        sender.SendTo(ingress.AsSpan(0, size), SocketFlags.None, lost.Address);
        Assert.Equal(7UL, (await lost.ReceiveAsync(_buffer, Cancel)).Number);
        Assert.Equal(["wrong ship"], dropped);
    }

    [Fact]
    public async Task It_stops_and_frees_all_ports()
    {
        IPEndPoint[] addresses = [.. Enumerable.Range(0, Ships).SelectMany(ship => (IPEndPoint[])[_balancer.PublicOf(ship), _balancer.InsideOf(ship)])];
        await _stop.CancelAsync();
        await _running;
        _balancer.Dispose();
        foreach (IPEndPoint address in addresses)
        {
            using Socket again = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            again.Bind(address);
        }
    }

    [Theory]
    [InlineData(13337, 14000, 0, "1 to 10000 ships")]
    [InlineData(13337, 14000, 10_001, "1 to 10000 ships")]
    [InlineData(65530, 14000, 7, "need ports up to 65536")]
    [InlineData(13337, 65530, 7, "need ports up to 65536")]
    [InlineData(13337, 13400, 64, "overlap")]
    [InlineData(13400, 13337, 64, "overlap")]
    public void What_can_not_be_is_refused(int listen, int inside, int ships, string why)
    {
        BalancerOptions options = new()
        {
            Listen = new IPEndPoint(IPAddress.Loopback, listen),
            Inside = new IPEndPoint(IPAddress.Loopback, inside),
            Keys = static () => BalancerBed.Ring,
            Ships = ships,
        };
        SeguroException error = Assert.Throws<SeguroException>(() => UdpBalancer.Bind(options, TimeProvider.System));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _balancer.Dispose();
        _stop.Dispose();
    }

    // Each is the same member, as a node is of all its ships.
    private BalancerLink Open(int port, int ship) => BalancerLink.Open(
        new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("127.0.0.1", _balancer.InsideOf(port).Port), static () => BalancerBed.Key(1), TimeProvider.System, null, (ushort)ship);

    /// <summary>A client asks a ship, whose member answers as master.</summary>
    private async Task ConverseAsync(BalancerLink link, int ship, Term term)
    {
        using Socket client = BalancerBed.NewSocket();
        byte[] buffer = new byte[BalancerFrame.MaxSize];
        link.Announce(isMaster: true, term);
        await UntilAsync(() => _balancer.StatsOf(ship).Members == 1);
        await client.SendToAsync(BitConverter.GetBytes(ship), _balancer.PublicOf(ship), Cancel);
        IngressDatagram heard = await link.ReceiveAsync(buffer, Cancel);
        Assert.Equal(ship, BitConverter.ToInt32(heard.Payload.Span));
        Assert.Equal(BalancerBed.AddressOf(client), heard.From);
        Assert.True(link.Send(term, heard.From, heard.Payload.Span));
        byte[] answer = new byte[64];
        SocketReceiveFromResult got = await client.ReceiveFromAsync(answer, new IPEndPoint(IPAddress.Any, 0), Cancel);
        Assert.Equal(ship, BitConverter.ToInt32(answer));
        Assert.Equal(_balancer.PublicOf(ship), got.RemoteEndPoint);
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            if (_running.IsCompleted)
                await _running;
            await Task.Delay(1, limit.Token);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Node.Effects;
using Seguro.Testing;
using Seguro.Vere.Networks;

namespace Seguro.SystemTests;

/// <summary>A ship's own network, and what carries its datagrams between there and the balancer: real networks, a socket in the ship's place.</summary>
public sealed class ShipNetworkTests : IAsyncLifetime
{
    private const int Port = 31337;
    private readonly List<NetworkNamespace> _networks = [];
    private readonly Dictionary<string, int> _dropped = [];
    private ShipNetwork? _ship;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        string? why = await NetworkNamespace.WhyNotAsync();
        try
        {
            if (why is null)
                _ship = await ShipNetwork.CreateAsync(Port, Cancel);
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.NoShipNetwork)
        {
            why = refused.Message;
        }
        if (why is null)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(why);
        Assert.Skip(why);
    }

    public async ValueTask DisposeAsync()
    {
        if (_ship is { } ship)
            await ship.DisposeAsync();
        foreach (NetworkNamespace network in _networks)
            await network.DisposeAsync();
    }

    [Fact]
    public void What_arrives_has_its_true_sender_and_only_what_the_ships_port_sends_leaves()
    {
        ShipNetwork network = _ship!;
        using Socket ship = Bind(network, Port);
        byte[] packet = new byte[ShipPacket.MaxSize];
        foreach (int length in (int[])[0, 1, 1472, 9000, 60_000])
        {
            byte[] payload = new byte[length];
            new Random(length).NextBytes(payload);
            // One of the world, one of a network that this machine may be in, and the ship's own block.
            foreach (string from in (string[])["203.0.113.7", "10.0.0.9", "192.0.0.9"])
            {
                IPEndPoint peer = new(IPAddress.Parse(from), 4711);
                Assert.True(network.Write(packet.AsSpan(0, ShipPacket.Write(packet, (PeerAddress.Of(peer).IPv4, 4711), (ShipNetwork.AddressNumber, Port), payload))));
                byte[] heard = new byte[ShipPacket.MaxSize];
                EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
                Assert.Equal(payload, heard[..ship.ReceiveFrom(heard, ref sender)]);
                Assert.Equal(peer, sender);
                ship.SendTo(payload, peer);
                (PacketFault fault, (uint Address, ushort Port) to, byte[] sent) = Next(network, packet);
                Assert.Equal(PacketFault.None, fault);
                Assert.Equal((PeerAddress.Of(peer).IPv4, (ushort)4711), to);
                Assert.Equal(payload, sent);
            }
        }
        if (File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim() == "0")
            Assert.Contains(network.Warnings, static warning => warning.Contains("sysctl -w net.ipv4.ip_forward=1", StringComparison.Ordinal));
        // From another port nothing leaves by the device: the next that does is the ship's.
        using Socket other = Bind(network, 0);
        try
        {
            other.SendTo("stray"u8.ToArray(), new IPEndPoint(IPAddress.Parse("203.0.113.7"), 1));
        }
        catch (SocketException)
        {
            // There is no way out at all.
        }
        ship.SendTo("true"u8.ToArray(), new IPEndPoint(IPAddress.Parse("203.0.113.7"), 1));
        Assert.Equal("true"u8.ToArray(), Next(network, packet).Payload);
    }

    [Fact(Timeout = 120_000)]
    public async Task Datagrams_go_by_the_balancer_with_the_masters_term_and_a_replica_hears_and_says_nothing()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        NetworkNamespace client = await MakeAsync();
        NetworkNamespace machine = await MakeAsync();
        NetworkNamespace member = await MakeAsync();
        await NetworkNamespace.ConnectAsync(client, "out", "198.51.100.9/24", machine, "public", "198.51.100.1/24");
        await NetworkNamespace.ConnectAsync(member, "in", "10.77.1.2/24", machine, "member", "10.77.1.1/24");
        IPEndPoint publicly = IPEndPoint.Parse("198.51.100.1:13337");
        KeyRing ring = new([new KeyRingEntry("m1", MemberKey.Create(), null), new KeyRingEntry("m2", MemberKey.Create(), null)]);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        BalancerOptions options = new() { Listen = publicly, Inside = IPEndPoint.Parse("10.77.1.1:13338"), Keys = () => ring };
        using UdpBalancer balancer = machine.Enter(() => UdpBalancer.Bind(options, TimeProvider.System));
        Task running = balancer.RunAsync(stop.Token);
        await using BalancerLink link = Open(0);
        await using BalancerLink rival = Open(1);
        await using VereNetwork joined = new(_ship!, link, Port, why =>
        {
            lock (_dropped)
                _dropped[why] = _dropped.GetValueOrDefault(why) + 1;
        });
        using Socket ship = Bind(_ship!, Port);
        using Socket peer = client.Enter(static () => Bind(IPEndPoint.Parse("198.51.100.9:40000")));
        ship.ReceiveTimeout = 20;

        Become(1);
        Assert.True(await HearsAsync("first"u8.ToArray()));
        ship.SendTo("answer"u8.ToArray(), peer.LocalEndPoint!);
        Assert.Equal(("answer", publicly), Receive(peer));

        // Another is master now, and this one does not know: what it sends is of a term that is over.
        rival.Announce(isMaster: true, new Term(2));
        await UntilAsync(() => balancer.Term == new Term(2));
        ship.SendTo("late"u8.ToArray(), peer.LocalEndPoint!);
        await UntilAsync(() => balancer.Stats.OldTerm == 1);
        // It knows: nothing leaves its network any more, and nothing arrives there.
        joined.ChangeRole(isMaster: false, new Term(2));
        link.Announce(isMaster: false, new Term(2));
        ship.SendTo("later"u8.ToArray(), peer.LocalEndPoint!);
        await UntilAsync(() => Dropped("not master") == 1);
        long before = link.Stats.Received;
        peer.SendTo("for another"u8.ToArray(), publicly);
        peer.SendTo("behind it"u8.ToArray(), publicly);
        await UntilAsync(() => link.Stats.Received >= before + 2); // of the first all is over

        Become(3);
        Assert.True(await HearsAsync("again"u8.ToArray()));
        ship.SendTo("back"u8.ToArray(), peer.LocalEndPoint!);
        Assert.Equal(("back", publicly), Receive(peer)); // and nothing of what came between
        await stop.CancelAsync();
        await running;

        BalancerLink Open(int index) => member.Enter(() => BalancerLink.Open(
            new IPEndPoint(IPAddress.Any, 0), new HostAddress("10.77.1.1", 13338), () => ring.Entries[index].Key, TimeProvider.System));

        void Become(ulong term)
        {
            joined.ChangeRole(isMaster: true, new Term(term));
            link.Announce(isMaster: true, new Term(term));
        }

        // The balancer learns of its members by their hellos, so the first datagrams may find none.
        async Task<bool> HearsAsync(byte[] word)
        {
            byte[] buffer = new byte[100];
            while (!Cancel.IsCancellationRequested)
            {
                peer.SendTo(word, publicly);
                await Task.Delay(20, Cancel);
                while (ship.Available > 0)
                {
                    EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                    int size = ship.ReceiveFrom(buffer, ref from);
                    Assert.Equal(peer.LocalEndPoint, from);
                    Assert.NotEqual("for another", System.Text.Encoding.ASCII.GetString(buffer, 0, size));
                    if (buffer.AsSpan(0, size).SequenceEqual(word))
                        return true;
                }
            }
            return false;
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Http_clients_are_carried_in_to_the_masters_ship_and_cut_off_when_it_is_master_no_longer()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("127.0.0.1", FreePort.Next()), static () => MemberKey.Create(), TimeProvider.System);
        await using VereNetwork joined = new(_ship!, link, Port, static _ => { });
        using Socket king = _ship!.Enter(static () =>
        {
            Socket listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listening.Bind(new IPEndPoint(IPAddress.Any, 0));
            listening.Listen();
            return listening;
        });
        int port = ((IPEndPoint)king.LocalEndPoint!).Port;
        Assert.Equal(0, joined.Serve(port)); // no master
        joined.ChangeRole(isMaster: true, new Term(1));
        int door = joined.Serve(port);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, door), Cancel);
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Cancel);
        using Socket served = await king.AcceptAsync(cancel);
        Assert.Equal(ShipNetwork.Address, ((IPEndPoint)served.RemoteEndPoint!).Address); // not the loopback
        await served.SendAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), Cancel);
        byte[] answer = new byte[100];
        Assert.Equal(19, await client.ReceiveAsync(answer, Cancel));
        joined.ChangeRole(isMaster: false, new Term(2));
        Assert.Equal(0, joined.Serve(port));
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(answer, Cancel))).SocketErrorCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task Names_are_asked_for_by_the_machine()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        IPAddress address = IPAddress.Parse("127.0.0.77"); // a resolver that only its own machine reaches
        using Socket server = Bind(new IPEndPoint(address, 53));
        List<string> warnings = [];
        await using NameRelay relay = NameRelay.Start(_ship!, [address], warnings);
        Assert.Empty(warnings);
        using Socket asking = Bind(_ship!, 0);
        for (int round = 0; round < 100; round++)
        {
            cancel.ThrowIfCancellationRequested();
            asking.SendTo(BitConverter.GetBytes(round), new IPEndPoint(address, 53));
            byte[] buffer = new byte[100];
            EndPoint asker = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal(4, server.ReceiveFrom(buffer, ref asker));
            Assert.Equal(round, BitConverter.ToInt32(buffer));
            server.SendTo(BitConverter.GetBytes(~round), asker);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal(4, asking.ReceiveFrom(buffer, ref from));
            Assert.Equal(~round, BitConverter.ToInt32(buffer));
            Assert.Equal(new IPEndPoint(address, 53), from);
        }
    }

    private static (PacketFault Fault, (uint Address, ushort Port) To, byte[] Payload) Next(ShipNetwork network, byte[] packet)
    {
        while (true)
        {
            int size = network.Read(packet);
            PacketFault fault = ShipPacket.Read(packet.AsSpan(0, size), Port, out (uint Address, ushort Port) to, out ReadOnlySpan<byte> payload);
            if (fault is not (PacketFault.NotIPv4 or PacketFault.Protocol)) // what a kernel says of itself
                return (fault, to, payload.ToArray());
        }
    }

    private static Socket Bind(ShipNetwork network, int port) => network.Enter(() => Bind(new IPEndPoint(IPAddress.Any, port)));

    private static Socket Bind(IPEndPoint address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
        socket.Bind(address);
        return socket;
    }

    private static (string Word, EndPoint From) Receive(Socket socket)
    {
        byte[] buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        int size = socket.ReceiveFrom(buffer, ref from);
        return (System.Text.Encoding.ASCII.GetString(buffer, 0, size), from);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
            await Task.Delay(10, Cancel);
    }

    private int Dropped(string why)
    {
        lock (_dropped)
            return _dropped.GetValueOrDefault(why);
    }

    private async Task<NetworkNamespace> MakeAsync()
    {
        NetworkNamespace made = await NetworkNamespace.CreateAsync();
        _networks.Add(made);
        return made;
    }
}

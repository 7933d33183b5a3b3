using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>Members with the real link on the real balancer.</summary>
public sealed class BalancerLinkTests
{
    private readonly byte[] _buffer = new byte[BalancerFrame.MaxSize];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::")]
    public async Task Members_join_by_themselves_hear_everything_and_answer_through_the_balancer(string listen)
    {
        await using BalancerBed bed = BalancerBed.Start();
        await using BalancerLink first = Open(bed, listen);
        await using BalancerLink second = Open(bed, listen, 2);
        await bed.UntilAsync(static stats => stats.Members == 2);
        Socket client = bed.Client();
        for (int index = 0; index < 50; index++)
        {
            client.SendTo(BitConverter.GetBytes(index), bed.Balancer.Public);
            IngressDatagram one = await first.ReceiveAsync(_buffer, Cancel);
            ulong number = one.Number;
            Assert.Equal(index, BitConverter.ToInt32(one.Payload.Span));
            IngressDatagram two = await second.ReceiveAsync(_buffer, Cancel);
            Assert.Equal((number, BalancerBed.AddressOf(client)), (two.Number, two.From));
            Assert.True(first.Send(new Term(3), two.From, BitConverter.GetBytes(-index)));
            Assert.Equal(-index, BitConverter.ToInt32(BalancerBed.Receive(client, out IPEndPoint from)));
            Assert.Equal(bed.Balancer.Public, from);
        }
        Assert.Equal((50L, 50L), (first.Stats.Received, first.Stats.Sent));
    }

    [Fact]
    public async Task A_link_that_says_hello_no_more_is_not_silent()
    {
        // A name that the class library does not even look up.
        await using BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), new HostAddress(new string('a', 300), 9), static () => BalancerBed.Key(1), TimeProvider.System);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => link.Completion.WaitAsync(Cancel));
    }

    [Fact]
    public async Task After_a_takeover_the_old_masters_effects_stay_inside()
    {
        await using BalancerBed bed = BalancerBed.Start();
        await using BalancerLink old = Open(bed);
        await using BalancerLink fresh = Open(bed, number: 2);
        await bed.UntilAsync(static stats => stats.Members == 2);
        Socket client = bed.Client();
        PeerAddress to = BalancerBed.AddressOf(client);
        old.Announce(isMaster: true, new Term(1));
        await bed.UntilAsync(static stats => stats.Term == 1);
        fresh.Announce(isMaster: false, new Term(4));
        fresh.Announce(isMaster: true, new Term(2));
        await bed.UntilAsync(static stats => stats.Term == 2);
        Assert.True(old.Send(new Term(1), to, [1])); // It does not know, and nobody tells it.
        await bed.UntilAsync(static stats => stats.OldTerm == 1);
        fresh.Send(new Term(2), to, [2]);
        Assert.Equal([2], BalancerBed.Receive(client, out _));
        Assert.Equal(0, client.Available);
    }

    [Fact(Timeout = 60_000)]
    public async Task Frames_that_are_not_the_balancers_are_counted_and_dropped()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using BalancerBed bed = BalancerBed.Start();
        List<string> dropped = [];
        await using BalancerLink link = Open(bed, drop: dropped.Add);
        await bed.UntilAsync(static stats => stats.Members == 1);
        Socket stranger = bed.Client();
        byte[] forged = bed.Frame(stranger, FrameKind.Ingress, 1, default, [1]);
        forged[^1] ^= 1;
        stranger.SendTo(forged, link.Address);
        stranger.SendTo("hello"u8.ToArray(), link.Address);
        stranger.SendTo([], link.Address);
        stranger.SendTo(bed.Frame(stranger, FrameKind.Egress, 1, default, [1]), link.Address);
        bed.Client().SendTo([7], bed.Balancer.Public);
        IngressDatagram datagram = await link.ReceiveAsync(_buffer, cancel);
        Assert.Equal([7], datagram.Payload.ToArray());
        while (link.Stats is not { Malformed: 2, Forged: 1, WrongKind: 1 })
        {
            // Whichever of the two senders came first.
            bed.Client().SendTo([8], bed.Balancer.Public);
            await link.ReceiveAsync(_buffer, cancel);
        }
        Assert.Equal(["forged", "malformed", "malformed", "wrong kind"], dropped.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_balancer_that_starts_later_is_found_and_its_numbers_go_on_upwards()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        int port = Testing.FreePort.Next();
        await using BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("localhost", port), static () => BalancerBed.Key(1), TimeProvider.System);
        ulong last = 0;
        for (int life = 0; life < 2; life++)
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using UdpBalancer balancer = UdpBalancer.Bind(
                new BalancerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Inside = new IPEndPoint(IPAddress.IPv6Any, port), Keys = static () => BalancerBed.Ring }, TimeProvider.System);
            Task running = balancer.RunAsync(stop.Token);
            link.Announce(isMaster: false, Term.None);
            while (balancer.Members.Count == 0)
                await Task.Delay(1, cancel);
            using Socket client = BalancerBed.NewSocket();
            client.SendTo([1], balancer.Public);
            IngressDatagram datagram = await link.ReceiveAsync(_buffer, cancel);
            Assert.True(datagram.Number > last);
            last = datagram.Number;
            await stop.CancelAsync();
            await running;
        }
    }

    [Fact]
    public async Task What_is_too_large_is_refused_and_a_closed_link_says_so()
    {
        await using BalancerBed bed = BalancerBed.Start();
        BalancerLink link = Open(bed);
        Assert.False(link.Send(new Term(1), default, new byte[BalancerFrame.MaxPayload + 1]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await link.ReceiveAsync(new byte[100], Cancel));
        ValueTask<IngressDatagram> waiting = link.ReceiveAsync(_buffer, Cancel);
        await link.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await waiting);
        Assert.False(link.Send(new Term(1), default, [1]));
        await link.DisposeAsync();
    }

    [Fact]
    public async Task A_new_key_is_used_without_losing_anything_and_a_wrong_one_is_told()
    {
        MemberKey key = BalancerBed.Key(1);
        KeyRing ring = BalancerBed.Ring.With("m1", MemberKey.Create(), DateTimeOffset.UtcNow.AddHours(1));
        await using BalancerBed bed = BalancerBed.Start(TimeProvider.System, IPAddress.Loopback, () => ring);
        FakeTimeProvider time = new();
        await using BalancerLink link = BalancerLink.Open(
            new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("127.0.0.1", bed.Balancer.Inside.Port), () => Volatile.Read(ref key), time);
        await bed.UntilAsync(static stats => stats.Members == 1, () => link.Announce(isMaster: true, new Term(2)));
        Socket client = bed.Client();
        client.SendTo([1], bed.Balancer.Public);
        Assert.Equal([1], (await link.ReceiveAsync(_buffer, Cancel)).Payload.ToArray());
        Assert.Empty(link.Warnings);

        client.SendTo([2], bed.Balancer.Public); // on its way under the old key
        await bed.UntilAsync(static stats => stats.Copies == 2);
        Volatile.Write(ref key, ring.Entries[^1].Key);
        link.Announce(isMaster: true, new Term(2));
        Assert.Equal([2], (await link.ReceiveAsync(_buffer, Cancel)).Payload.ToArray());
        await bed.UntilAsync(stats => stats.Hellos >= 2 && bed.Balancer.Members.Count == 1);
        client.SendTo([3], bed.Balancer.Public);
        Assert.Equal([3], (await link.ReceiveAsync(_buffer, Cancel)).Payload.ToArray());

        // One that the balancer does not know: nothing is answered, and the member says so.
        Volatile.Write(ref key, MemberKey.Create());
        await bed.UntilAsync(static stats => stats.UnknownKey > 0, () => link.Announce(isMaster: true, new Term(2)));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Contains("does not answer", Assert.Single(link.Warnings), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_master_is_told_that_its_effects_are_dropped()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using BalancerBed bed = BalancerBed.Start();
        await using BalancerLink master = Open(bed);
        Socket thief = bed.Client();
        master.Announce(isMaster: true, new Term(7));
        await bed.UntilAsync(static stats => stats.Term == 7);
        using FrameSeal stolen = new(BalancerBed.Key(2));
        bed.Use(thief, stolen);
        thief.SendTo(bed.Hello(thief, 8, isMaster: true), bed.Balancer.Inside); // a step that a takeover could make
        await bed.UntilAsync(static stats => stats.Term == 8);
        // The answer to its next hello says so; it comes in with the datagrams.
        Socket client = bed.Client();
        while (master.Warnings.Count == 0)
        {
            master.Announce(isMaster: true, new Term(7));
            client.SendTo([1], bed.Balancer.Public);
            await master.ReceiveAsync(_buffer, cancel);
        }
        Assert.Contains("goes by term 8", Assert.Single(master.Warnings), StringComparison.Ordinal);
    }

    private static BalancerLink Open(BalancerBed bed, string listen = "127.0.0.1", int number = 1, Action<string>? drop = null) => BalancerLink.Open(
        new IPEndPoint(IPAddress.Parse(listen), 0), new HostAddress("127.0.0.1", bed.Balancer.Inside.Port), () => BalancerBed.Key(number), TimeProvider.System, drop);
}

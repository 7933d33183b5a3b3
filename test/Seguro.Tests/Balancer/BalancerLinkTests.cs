using System.Net;
using System.Net.Sockets;
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
        await using BalancerLink second = Open(bed, listen);
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
    public async Task After_a_takeover_the_old_masters_effects_stay_inside()
    {
        await using BalancerBed bed = BalancerBed.Start();
        await using BalancerLink old = Open(bed);
        await using BalancerLink fresh = Open(bed);
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
        await using BalancerLink link = Open(bed);
        await bed.UntilAsync(static stats => stats.Members == 1);
        Socket stranger = bed.Client();
        byte[] forged = bed.Frame(FrameKind.Ingress, 1, default, [1]);
        forged[^1] ^= 1;
        stranger.SendTo(forged, link.Address);
        stranger.SendTo("hello"u8.ToArray(), link.Address);
        stranger.SendTo([], link.Address);
        stranger.SendTo(bed.Frame(FrameKind.Egress, 1, default, [1]), link.Address);
        bed.Client().SendTo([7], bed.Balancer.Public);
        IngressDatagram datagram = await link.ReceiveAsync(_buffer, cancel);
        Assert.Equal([7], datagram.Payload.ToArray());
        while (link.Stats is not { Malformed: 2, Forged: 1, WrongKind: 1 })
        {
            // Whichever of the two senders came first.
            bed.Client().SendTo([8], bed.Balancer.Public);
            await link.ReceiveAsync(_buffer, cancel);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_balancer_that_starts_later_is_found_and_its_numbers_go_on_upwards()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        int port = Testing.FreePort.Next();
        await using BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("localhost", port), BalancerBed.Key, TimeProvider.System);
        ulong last = 0;
        for (int life = 0; life < 2; life++)
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using UdpBalancer balancer = UdpBalancer.Bind(
                new BalancerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Inside = new IPEndPoint(IPAddress.IPv6Any, port), Key = BalancerBed.Key }, TimeProvider.System);
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

    private static BalancerLink Open(BalancerBed bed, string listen = "127.0.0.1") =>
        BalancerLink.Open(new IPEndPoint(IPAddress.Parse(listen), 0), new HostAddress("127.0.0.1", bed.Balancer.Inside.Port), BalancerBed.Key, TimeProvider.System);
}

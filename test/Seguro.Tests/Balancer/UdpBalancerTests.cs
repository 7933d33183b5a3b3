using System.Net;
using System.Net.Sockets;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>A balancer between real sockets on loopback.</summary>
public sealed class UdpBalancerTests
{
    [Fact]
    public async Task Every_member_gets_every_datagram_with_its_sender_and_the_same_number()
    {
        Socket[] members = [BalancerBed.NewSocket(), BalancerBed.NewSocket(), BalancerBed.NewSocket()];
        await using BalancerBed bed = BalancerBed.Start(members);
        Socket[] clients = [bed.Client(), bed.Client()];
        ulong last = 0;
        for (int index = 0; index < 200; index++)
        {
            Socket client = clients[index % 2];
            byte[] datagram = [.. BitConverter.GetBytes(index), .. new byte[index * 7]];
            client.SendTo(datagram, bed.Balancer.Public);
            (ulong Number, PeerAddress From, byte[] Payload)[] got = [.. members.Select(bed.ReceiveIngress)];
            Assert.All(got, frame => Assert.Equal(datagram, frame.Payload));
            Assert.All(got, frame => Assert.Equal(BalancerBed.AddressOf(client), frame.From));
            Assert.All(got, frame => Assert.Equal(got[0].Number, frame.Number));
            Assert.True(got[0].Number > last);
            last = got[0].Number;
        }
        await bed.UntilAsync(static stats => stats is { Datagrams: 200, Copies: 600 });
    }

    [Fact]
    public async Task An_effect_leaves_from_the_public_address()
    {
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(member);
        Socket client = bed.Client();
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, BalancerBed.AddressOf(client), "effect"u8.ToArray()), bed.Balancer.Inside);
        Assert.Equal("effect"u8.ToArray(), BalancerBed.Receive(client, out IPEndPoint from));
        Assert.Equal(bed.Balancer.Public, from);
    }

    [Fact]
    public async Task Effects_of_an_old_term_are_dropped()
    {
        Socket old = BalancerBed.NewSocket();
        Socket fresh = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(old, fresh);
        Socket client = bed.Client();
        PeerAddress to = BalancerBed.AddressOf(client);
        old.SendTo(bed.Frame(old, FrameKind.Egress, 5, to, [5]), bed.Balancer.Inside);
        Assert.Equal([5], BalancerBed.Receive(client, out _));
        fresh.SendTo(bed.Frame(fresh, FrameKind.Egress, 6, to, [6]), bed.Balancer.Inside);
        Assert.Equal([6], BalancerBed.Receive(client, out _));
        old.SendTo(bed.Frame(old, FrameKind.Egress, 5, to, [55]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.OldTerm == 1);
        fresh.SendTo(bed.Frame(fresh, FrameKind.Egress, 6, to, [66]), bed.Balancer.Inside);
        Assert.Equal([66], BalancerBed.Receive(client, out _));
        Assert.Equal(new Term(6), bed.Balancer.Term);
    }

    [Fact]
    public async Task A_masters_hello_raises_the_term_and_a_replicas_does_not()
    {
        Socket master = BalancerBed.NewSocket();
        Socket replica = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(master, replica);
        Socket client = bed.Client();
        PeerAddress to = BalancerBed.AddressOf(client);
        replica.SendTo(bed.Hello(replica, 99, isMaster: false), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.Hellos == 3);
        master.SendTo(bed.Frame(master, FrameKind.Egress, 7, to, [7]), bed.Balancer.Inside);
        Assert.Equal([7], BalancerBed.Receive(client, out _));
        replica.SendTo(bed.Hello(replica, 8, isMaster: true), bed.Balancer.Inside); // It has taken over, and has nothing to release yet.
        await bed.UntilAsync(static stats => stats.Term == 8);
        master.SendTo(bed.Frame(master, FrameKind.Egress, 7, to, [77]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.OldTerm == 1);
        Assert.Equal(0, client.Available);
    }

    [Fact]
    public async Task A_member_joins_by_a_hello_and_is_forgotten_when_silent()
    {
        FakeTimeProvider time = new();
        Socket steady = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(time, IPAddress.Loopback, steady);
        Socket guest = bed.Client();
        Socket client = bed.Client();
        guest.SendTo(bed.Hello(guest), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.Members == 2);
        client.SendTo([1], bed.Balancer.Public);
        Assert.Equal([1], bed.ReceiveIngress(guest).Payload);
        Assert.Equal([1], bed.ReceiveIngress(steady).Payload);
        await bed.UntilAsync(static stats => stats.Members == 1, () =>
        {
            steady.SendTo(bed.Hello(steady), bed.Balancer.Inside);
            bed.ReceiveWelcome(steady);
            time.Advance(TimeSpan.FromSeconds(1));
        });
        client.SendTo([2], bed.Balancer.Public);
        Assert.Equal([2], bed.ReceiveIngress(steady).Payload);
        guest.SendTo(bed.Frame(guest, FrameKind.Egress, 1, BalancerBed.AddressOf(client), [3]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.UnknownSender == 1);
        Assert.Equal(0, guest.Available);
        Assert.Equal(0, client.Available);
    }

    [Fact]
    public async Task A_stranger_with_the_key_but_no_hello_releases_nothing()
    {
        await using BalancerBed bed = BalancerBed.Start(BalancerBed.NewSocket());
        Socket stranger = bed.Client();
        stranger.SendTo(bed.Frame(stranger, FrameKind.Egress, 9, BalancerBed.AddressOf(stranger), [1]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.UnknownSender == 1);
        Assert.Equal(0UL, bed.Balancer.Stats.Term);
    }

    [Fact]
    public async Task One_datagram_by_a_stolen_key_silences_nothing_and_is_told()
    {
        Socket master = BalancerBed.NewSocket();
        Socket replica = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(master, replica);
        Socket client = bed.Client();
        Socket thief = bed.Client();
        bed.Steal(thief, replica);
        master.SendTo(bed.Hello(master, 7, isMaster: true), bed.Balancer.Inside);
        Assert.Equal((7UL, 0L), bed.ReceiveWelcome(master));
        thief.SendTo(bed.Hello(thief, ulong.MaxValue, isMaster: true), bed.Balancer.Inside);
        Assert.Equal((7UL, 1L), bed.ReceiveWelcome(thief));
        master.SendTo(bed.Frame(master, FrameKind.Egress, 7, BalancerBed.AddressOf(client), [7]), bed.Balancer.Inside);
        Assert.Equal([7], BalancerBed.Receive(client, out _));
        Assert.Equal((7UL, 1L), (bed.Balancer.Stats.Term, bed.Balancer.Stats.TermsRefused));
        await bed.UntilAsync(_ =>
        {
            lock (bed.Notices)
                return bed.Notices.Any(static notice => notice.Contains("m2 says that it is master of term 18446744073709551615", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task A_key_is_rotated_while_it_runs_and_one_that_is_taken_out_opens_nothing()
    {
        KeyRing ring = BalancerBed.Ring;
        Socket member = BalancerBed.NewSocket();
        Socket other = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(TimeProvider.System, IPAddress.Loopback, () => Volatile.Read(ref ring), member, other);
        Socket client = bed.Client();
        PeerAddress to = BalancerBed.AddressOf(client);
        MemberKey next = MemberKey.Create();
        Volatile.Write(ref ring, ring.With("m1", next, DateTimeOffset.UtcNow.AddHours(1)));
        await bed.UntilAsync(_ => Said(bed, "21, of m1"));
        // Both are taken; copies are sealed with that of the last hello.
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, to, [1]), bed.Balancer.Inside);
        Assert.Equal([1], BalancerBed.Receive(client, out _));
        client.SendTo([2], bed.Balancer.Public);
        Assert.Equal([2], bed.ReceiveIngress(member).Payload);
        using FrameSeal newSeal = new(next);
        bed.Use(member, newSeal);
        member.SendTo(bed.Hello(member), bed.Balancer.Inside);
        bed.ReceiveWelcome(member);
        client.SendTo([3], bed.Balancer.Public);
        Assert.Equal([3], bed.ReceiveIngress(member).Payload);
        Assert.Equal(2, bed.Balancer.Stats.Members);

        // m2 leaves: its key opens nothing, and it gets nothing.
        Volatile.Write(ref ring, ring.Without("m2"));
        await bed.UntilAsync(static stats => stats.Members == 1);
        other.SendTo(bed.Hello(other), bed.Balancer.Inside);
        other.SendTo(bed.Frame(other, FrameKind.Egress, 9, to, [9]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.UnknownKey == 2);
        Assert.Equal(1, bed.Balancer.Stats.Members);
        Assert.Equal(0, client.Available);

        // And the old key's time is over.
        Volatile.Write(ref ring, new KeyRing([.. ring.Entries.Select(static entry => entry.Until is null ? entry : entry with { Until = DateTimeOffset.UtcNow.AddSeconds(-1) })]));
        await bed.UntilAsync(_ => Said(bed, "19, of m3"));
        using FrameSeal oldSeal = new(BalancerBed.Key(1));
        bed.Use(member, oldSeal);
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, to, [4]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.UnknownKey == 3);
    }

    private static bool Said(BalancerBed bed, string text)
    {
        lock (bed.Notices)
            return bed.Notices.Any(notice => notice.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Members_that_are_down_and_peers_that_are_gone_stop_nothing()
    {
        Socket down = BalancerBed.NewSocket();
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(down, member);
        Socket client = bed.Client();
        Socket gone = BalancerBed.NewSocket();
        PeerAddress nobody = BalancerBed.AddressOf(gone);
        gone.Dispose();
        down.Dispose(); // Copies to it are answered by ICMP: port unreachable.
        for (int index = 0; index < 300; index++)
        {
            client.SendTo(BitConverter.GetBytes(index), bed.Balancer.Public);
            Assert.Equal(index, BitConverter.ToInt32(bed.ReceiveIngress(member).Payload));
            member.SendTo(bed.Frame(member, FrameKind.Egress, 1, nobody, [0]), bed.Balancer.Inside);
            member.SendTo(bed.Frame(member, FrameKind.Egress, 1, BalancerBed.AddressOf(client), BitConverter.GetBytes(index)), bed.Balancer.Inside);
            Assert.Equal(index, BitConverter.ToInt32(BalancerBed.Receive(client, out _)));
        }
    }

    [Fact]
    public async Task Addresses_that_can_not_be_answered_are_counted_and_stop_nothing()
    {
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(member);
        Socket client = bed.Client();
        string[] impossible = ["127.0.0.1:0", "255.255.255.255:9", "[fd00::1]:9"]; // The last: from a socket of IPv4.
        foreach (string address in impossible)
            member.SendTo(bed.Frame(member, FrameKind.Egress, 1, PeerAddress.Of(IPEndPoint.Parse(address)), [1]), bed.Balancer.Inside);
        await bed.UntilAsync(static stats => stats.ReleasesRefused == 3);
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, BalancerBed.AddressOf(client), [2]), bed.Balancer.Inside);
        Assert.Equal([2], BalancerBed.Receive(client, out _));
    }

    [Fact]
    public async Task Garbage_and_forgeries_are_counted_and_never_answered()
    {
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(member);
        Socket client = bed.Client();
        byte[] good = bed.Frame(member, FrameKind.Egress, 3, BalancerBed.AddressOf(client), [1, 2, 3]);
        int sent = 0;
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, good.Length - 1], Gen.Byte[1, 255], Gen.Bool).Sample(
            (garbage, at, change, isGarbage) =>
            {
                byte[] bytes = isGarbage ? garbage : [.. good];
                if (!isGarbage)
                    bytes[at] ^= change;
                member.SendTo(bytes, bed.Balancer.Inside);
                sent++;
            },
            iter: 500,
            threads: 1);
        member.SendTo(bed.Frame(member, FrameKind.Ingress, 3, BalancerBed.AddressOf(client), [1]), bed.Balancer.Inside);
        await bed.UntilAsync(stats => stats.Malformed + stats.Forged + stats.UnknownKey == sent && stats.WrongKind == 1);
        Assert.True(bed.Balancer.Stats.Forged > 0);
        Assert.Equal((0L, 1L, 0UL), (bed.Balancer.Stats.Released, bed.Balancer.Stats.Hellos, bed.Balancer.Stats.Term));
        member.SendTo(good, bed.Balancer.Inside);
        Assert.Equal([1, 2, 3], BalancerBed.Receive(client, out _));
        Assert.Equal(0, member.Available);
    }

    [Fact]
    public async Task A_socket_of_both_families_serves_peers_of_IPv4_and_refuses_those_of_IPv6()
    {
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(TimeProvider.System, IPAddress.IPv6Any, member);
        bed.Client(IPAddress.IPv6Loopback).SendTo([9], new IPEndPoint(IPAddress.IPv6Loopback, bed.Balancer.Public.Port));
        await bed.UntilAsync(static stats => stats.NotIPv4 == 1);
        Socket client = bed.Client();
        client.SendTo([1], new IPEndPoint(IPAddress.Loopback, bed.Balancer.Public.Port));
        (_, PeerAddress from, byte[] payload) = bed.ReceiveIngress(member);
        Assert.Equal((BalancerBed.AddressOf(client), 1), (from, payload[0]));
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, from, [2]), bed.Balancer.Inside);
        Assert.Equal([2], BalancerBed.Receive(client, out IPEndPoint answered));
        Assert.Equal(bed.Balancer.Public.Port, answered.Port);
    }

    [Fact]
    public async Task The_largest_datagram_goes_through_and_a_larger_one_is_counted()
    {
        Socket member = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(member);
        Socket client = bed.Client();
        byte[] largest = [.. Enumerable.Range(0, BalancerFrame.MaxPayload).Select(static index => (byte)(index * 31))];
        client.SendTo(new byte[BalancerFrame.MaxPayload + 1], bed.Balancer.Public);
        client.SendTo(largest, bed.Balancer.Public);
        client.SendTo([], bed.Balancer.Public);
        Assert.Equal(largest, bed.ReceiveIngress(member).Payload);
        Assert.Empty(bed.ReceiveIngress(member).Payload);
        member.SendTo(bed.Frame(member, FrameKind.Egress, 1, BalancerBed.AddressOf(client), largest), bed.Balancer.Inside);
        Assert.Equal(largest, BalancerBed.Receive(client, out _));
        Assert.Equal((3L, 1L), (bed.Balancer.Stats.Datagrams, bed.Balancer.Stats.TooLarge));
    }

    [Fact]
    public async Task Without_a_member_datagrams_are_counted_and_dropped()
    {
        await using BalancerBed bed = BalancerBed.Start();
        Socket client = bed.Client();
        client.SendTo([1], bed.Balancer.Public);
        await bed.UntilAsync(static stats => stats.WithoutMember == 1);
    }

    [Fact]
    public async Task Stops_when_told_idle_or_under_load_and_frees_its_ports()
    {
        for (int round = 0; round < 10; round++)
        {
            Socket member = BalancerBed.NewSocket();
            await using BalancerBed bed = BalancerBed.Start(member);
            Socket client = bed.Client();
            for (int index = 0; index < round * 100; index++)
                client.SendTo([1], bed.Balancer.Public);
            BalancerStats before = bed.Balancer.Stats;
            await bed.StopAsync();
            Assert.True(bed.Balancer.Stats.Datagrams >= before.Datagrams);
            Assert.Equal(0, bed.Balancer.Stats.SocketErrors);
            IPEndPoint address = bed.Balancer.Public;
            bed.Balancer.Dispose();
            using Socket again = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            again.Bind(address);
        }
    }

    [Fact]
    public void An_address_in_use_is_an_error_with_a_next_step()
    {
        using Socket taken = BalancerBed.NewSocket();
        SeguroException error = Assert.Throws<SeguroException>(() => UdpBalancer.Bind(
            new BalancerOptions { Listen = (IPEndPoint)taken.LocalEndPoint!, Inside = new IPEndPoint(IPAddress.Loopback, 0), Keys = static () => BalancerBed.Ring }, TimeProvider.System));
        Assert.Equal(ErrorCode.BadValue, error.Code);
    }
}

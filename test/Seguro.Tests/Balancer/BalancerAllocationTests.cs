using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>The two loops of a balancer allocate nothing per datagram, whatever the datagrams are.</summary>
public sealed class BalancerAllocationTests
{
    private const int Packets = 10_000;

    [Fact]
    public void Ten_thousand_datagrams_through_each_loop_allocate_nothing()
    {
        using DatagramSocket outside = DatagramSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), 1 << 20);
        using DatagramSocket inside = DatagramSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), 1 << 20);
        using Socket client = BalancerBed.NewSocket();
        using Socket member = BalancerBed.NewSocket();
        using Socket other = BalancerBed.NewSocket();
        MemberTable members = new(TimeProvider.System);
        members.Hello(BalancerBed.AddressOf(member), 1, 1, "m1", BalancerBed.Key(1).Id);
        members.Hello(BalancerBed.AddressOf(other), 2, 1, "m2", BalancerBed.Key(2).Id);
        using IngressRoom ingressRoom = new(inside.Family, new SealRing(BalancerBed.Ring));
        using EgressRoom egressRoom = new(outside.Family, inside.Family, new SealRing(BalancerBed.Ring));
        IngressPump ingress = new(0, outside, inside, members, ingressRoom, 0);
        EgressPump egress = new(0, inside, outside, members, new ShipPlaces(), egressRoom, TimeProvider.System);
        using FrameSeal seal = new(BalancerBed.Key(1));
        byte[][] frames = [.. Enumerable.Range(0, 5).Select(kind => Frame(kind, BalancerBed.AddressOf(client), seal))];
        byte[] datagram = new byte[1000];
        byte[] buffer = new byte[1 << 16];

        // Another raised the term, so that an older one's effects are dropped.
        using (FrameSeal second = new(BalancerBed.Key(2)))
            other.SendTo(Frame(0, BalancerBed.AddressOf(client), second), inside.Address);
        egress.Step();
        client.Receive(buffer);

        long allocated = 0;
        for (int packet = 0; packet < Packets + 100; packet++)
        {
            client.SendTo(datagram, outside.Address);
            long before = GC.GetAllocatedBytesForCurrentThread();
            ingress.Step();
            long middle = GC.GetAllocatedBytesForCurrentThread();
            member.Receive(buffer);
            member.SendTo(frames[packet % frames.Length], inside.Address);
            long third = GC.GetAllocatedBytesForCurrentThread();
            egress.Step();
            long last = GC.GetAllocatedBytesForCurrentThread();
            if (packet >= 100) // The first ones load types and set up OpenSSL.
                allocated += middle - before + last - third;
            if (packet % frames.Length == 0)
                client.Receive(buffer);
        }
        Assert.Equal(0, allocated);
        Assert.Equal(Packets + 100, ingress.Datagrams);
        Assert.Equal(((Packets + 100) / 5) + 1, egress.Released);
        Assert.Equal((Packets + 100) / 5, egress.Refused);
        Assert.Equal((Packets + 100) / 5, egress.Forged);
        Assert.Equal((Packets + 100) / 5, egress.OldTerm);
        Assert.Equal((Packets + 100) / 5, egress.Malformed);
    }

    /// <summary>A good effect, one that can't be sent, a forgery, one of an old term, garbage.</summary>
    private static byte[] Frame(int kind, PeerAddress client, FrameSeal seal)
    {
        byte[] frame = new byte[200 + BalancerFrame.Overhead];
        BalancerFrame.Complete(frame, 200, FrameKind.Egress, isMaster: false, kind == 3 ? 1UL : 2, kind == 1 ? client with { Port = 0 } : client, seal);
        if (kind == 2)
            frame[100] ^= 1;
        if (kind == 4)
            frame[0] ^= 1;
        return frame;
    }
}

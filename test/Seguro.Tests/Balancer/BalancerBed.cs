using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>A running balancer on loopback, and plain sockets around it.</summary>
internal sealed class BalancerBed : IAsyncDisposable
{
    public static readonly ClusterKey Key = new([.. Enumerable.Range(0, 32).Select(static number => (byte)number)]);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly FrameSeal _seal = new(Key);
    private readonly List<Socket> _sockets = [];

    private BalancerBed(UdpBalancer balancer)
    {
        Balancer = balancer;
        _running = balancer.RunAsync(_stop.Token);
    }

    public UdpBalancer Balancer { get; }

    public static BalancerBed Start(params Socket[] members) => Start(TimeProvider.System, IPAddress.Loopback, members);

    public static BalancerBed Start(TimeProvider time, IPAddress listen, params Socket[] members)
    {
        BalancerBed bed = new(UdpBalancer.Bind(
            new BalancerOptions
            {
                Listen = new IPEndPoint(listen, 0),
                Inside = new IPEndPoint(IPAddress.Loopback, 0),
                Members = [.. members.Select(static member => new HostAddress(((IPEndPoint)member.LocalEndPoint!).Address.ToString(), ((IPEndPoint)member.LocalEndPoint!).Port))],
                Key = Key,
            },
            time));
        bed._sockets.AddRange(members);
        return bed;
    }

    /// <summary>A socket on loopback. A receive that gets nothing for half a minute fails the test.</summary>
    public static Socket NewSocket(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000, ReceiveBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    public Socket Client(IPAddress? address = null)
    {
        Socket socket = NewSocket(address);
        _sockets.Add(socket);
        return socket;
    }

    public static PeerAddress AddressOf(Socket socket) => PeerAddress.Of((IPEndPoint)socket.LocalEndPoint!);

    public static byte[] Receive(Socket socket, out IPEndPoint from)
    {
        byte[] buffer = new byte[1 << 16];
        EndPoint sender = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        int size = socket.ReceiveFrom(buffer, ref sender);
        from = (IPEndPoint)sender;
        return buffer[..size];
    }

    /// <summary>What a member gets: number, peer and payload of an authentic ingress frame.</summary>
    public (ulong Number, PeerAddress From, byte[] Payload) ReceiveIngress(Socket member)
    {
        byte[] bytes = Receive(member, out IPEndPoint from);
        Assert.Equal(Balancer.Inside, from);
        Assert.True(BalancerFrame.TryRead(bytes, _seal, out BalancerFrame frame, out _));
        Assert.Equal(FrameKind.Ingress, frame.Kind);
        return (frame.Number, frame.Peer, frame.Payload.ToArray());
    }

    public byte[] Frame(FrameKind kind, ulong number, PeerAddress peer, byte[] payload, bool isMaster = false)
    {
        byte[] bytes = new byte[payload.Length + BalancerFrame.Overhead];
        payload.CopyTo(bytes, BalancerFrame.HeaderSize);
        BalancerFrame.Complete(bytes, payload.Length, kind, isMaster, number, peer, _seal);
        return bytes;
    }

    public byte[] Hello(ulong life, ulong count, ulong term, bool isMaster) =>
        Frame(FrameKind.Hello, term, default, [.. BitConverter.GetBytes(life), .. BitConverter.GetBytes(count)], isMaster);

    /// <summary>Waits until the balancer's own counts say so; that they never will fails the test, with the counts.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="meanwhile">Done again and again until then.</param>
    public async Task UntilAsync(Func<BalancerStats, bool> condition, Action? meanwhile = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition(Balancer.Stats))
        {
            if (_running.IsCompleted)
                await _running;
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), Balancer.Stats.ToString());
            meanwhile?.Invoke();
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Balancer.Dispose();
        _seal.Dispose();
        _stop.Dispose();
        foreach (Socket socket in _sockets)
            socket.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>A running balancer on loopback, and plain sockets around it.</summary>
internal sealed class BalancerBed : IAsyncDisposable
{
    /// <summary>Keys of m1 to m20.</summary>
    public static readonly KeyRing Ring = new([.. Enumerable.Range(1, 20).Select(static number => new KeyRingEntry($"m{number}", new MemberKey([.. Enumerable.Repeat((byte)number, 32)]), null))]);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly List<Socket> _sockets = [];
    private readonly List<FrameSeal> _seals = [];
    private readonly Dictionary<Socket, FrameSeal> _sealOf = [];
    private readonly Dictionary<Socket, ulong> _hellos = [];

    private BalancerBed(UdpBalancer balancer, List<string> notices)
    {
        Balancer = balancer;
        Notices = notices;
        _running = balancer.RunAsync(_stop.Token);
    }

    /// <summary>What it said; lock it.</summary>
    public List<string> Notices { get; }

    /// <summary>The key of a member, from 1 on.</summary>
    public static MemberKey Key(int number) => Ring.Entries[number - 1].Key;

    public UdpBalancer Balancer { get; }

    public static BalancerBed Start(params Socket[] members) => Start(TimeProvider.System, IPAddress.Loopback, members);

    /// <summary>Starts one; the sockets are those of m1, m2, … and have said hello.</summary>
    public static BalancerBed Start(TimeProvider time, IPAddress listen, params Socket[] members) => Start(time, listen, static () => Ring, members);

    public static BalancerBed Start(TimeProvider time, IPAddress listen, Func<KeyRing> keys, params Socket[] members)
    {
        List<string> notices = [];
        BalancerBed bed = new(UdpBalancer.Bind(
            new BalancerOptions
            {
                Listen = new IPEndPoint(listen, 0),
                Inside = new IPEndPoint(IPAddress.Loopback, 0),
                Keys = keys,
                Notice = notice =>
                {
                    lock (notices)
                        notices.Add(notice);
                },
            },
            time), notices);
        foreach (Socket member in members)
        {
            bed._sockets.Add(member);
            member.SendTo(bed.Hello(member), bed.Balancer.Inside);
            bed.ReceiveWelcome(member);
        }
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

    /// <summary>What a member gets: number, peer and payload of an authentic ingress frame. Answers to hellos are passed over.</summary>
    public (ulong Number, PeerAddress From, byte[] Payload) ReceiveIngress(Socket member)
    {
        while (true)
        {
            BalancerFrame frame = Read(member, Receive(member, out IPEndPoint from));
            Assert.Equal(Balancer.Inside, from);
            if (frame.Kind == FrameKind.Ingress)
                return (frame.Number, frame.Peer, frame.Payload.ToArray());
            Assert.Equal(FrameKind.Welcome, frame.Kind);
        }
    }

    /// <summary>The term in an answer to a hello, and how many terms were not believed.</summary>
    public (ulong Term, long Doubts) ReceiveWelcome(Socket member)
    {
        while (true)
        {
            BalancerFrame frame = Read(member, Receive(member, out _));
            if (frame.Kind == FrameKind.Welcome)
                return (frame.Number, BitConverter.ToInt64(frame.Payload[16..]));
        }
    }

    private BalancerFrame Read(Socket member, byte[] bytes)
    {
        Assert.True(BalancerFrame.TryRead(bytes, SealOf(member), out BalancerFrame frame, out FrameFault fault), fault.ToString());
        return frame;
    }

    /// <summary>The seal of a socket's member: the next one that nobody is yet, at first.</summary>
    public FrameSeal SealOf(Socket socket)
    {
        if (_sealOf.TryGetValue(socket, out FrameSeal? seal))
            return seal;
        seal = new FrameSeal(Key(_sealOf.Values.Distinct().Count() + 1));
        _seals.Add(seal);
        return _sealOf[socket] = seal;
    }

    /// <summary>A socket uses another key from now on.</summary>
    public void Use(Socket socket, FrameSeal seal) => _sealOf[socket] = seal;

    /// <summary>A socket has the key of another one's member.</summary>
    public void Steal(Socket thief, Socket victim) => _sealOf[thief] = SealOf(victim);

    public byte[] Frame(Socket from, FrameKind kind, ulong number, PeerAddress peer, byte[] payload, bool isMaster = false)
    {
        byte[] bytes = new byte[payload.Length + BalancerFrame.Overhead];
        payload.CopyTo(bytes, BalancerFrame.HeaderSize);
        BalancerFrame.Complete(bytes, payload.Length, kind, isMaster, number, peer, SealOf(from));
        return bytes;
    }

    /// <summary>The next hello of a socket's life.</summary>
    public byte[] Hello(Socket from, ulong term = 0, bool isMaster = false, byte[]? ports = null)
    {
        ulong count = _hellos[from] = _hellos.GetValueOrDefault(from) + 1;
        return Frame(from, FrameKind.Hello, term, default, [.. BitConverter.GetBytes((ulong)((IPEndPoint)from.LocalEndPoint!).Port), .. BitConverter.GetBytes(count), .. ports ?? []], isMaster);
    }

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
        foreach (FrameSeal seal in _seals)
            seal.Dispose();
        _stop.Dispose();
        foreach (Socket socket in _sockets)
            socket.Dispose();
    }
}

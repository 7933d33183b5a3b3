using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>A member's side of the balancer: says hello every second, hands out what comes from outside, takes what is released.</summary>
/// <remarks>
/// <para>Threading: one <see cref="ReceiveAsync"/> at a time; everything else from any thread, also meanwhile.</para>
/// <para>Memory: nothing is queued here; what nobody receives waits in the kernel's buffer, which drops what is too much, as UDP does.</para>
/// </remarks>
public sealed class BalancerLink : IAsyncDisposable
{
    private const int BufferBytes = 8 << 20;
    private const int HellosBetweenLookUps = 10;
    private static readonly TimeSpan BetweenHellos = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly HostAddress _balancer;
    private readonly TimeProvider _time;
    private readonly FrameSeal _receiveSeal;
    private readonly SocketAddress _sender;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _hellos;

    // The lock guards all that sending needs.
    private readonly Lock _lock = new();
    private readonly FrameSeal _sendSeal;
    private readonly byte[] _frame = GC.AllocateUninitializedArray<byte>(BalancerFrame.MaxSize, pinned: true);
    private readonly ulong _life = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private SocketAddress? _target;
    private ulong _helloCount;
    private Term _term;
    private bool _isMaster;
    private long _sent;
    private long _sendsFailed;

    private long _received;
    private long _malformed;
    private long _forged;
    private long _wrongKind;

    private BalancerLink(Socket socket, HostAddress balancer, ClusterKey key, TimeProvider time)
    {
        _socket = socket;
        _balancer = balancer;
        _time = time;
        _receiveSeal = new FrameSeal(key);
        _sendSeal = new FrameSeal(key);
        _sender = new SocketAddress(socket.AddressFamily);
        Address = (IPEndPoint)socket.LocalEndPoint!;
        _hellos = Task.Run(KeepSayingHelloAsync, CancellationToken.None);
    }

    /// <summary>Where it is bound: the address to name with <c>--members</c>, where the member does not announce itself.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What it did until now.</summary>
    public BalancerLinkStats Stats => new(
        Volatile.Read(ref _received),
        Volatile.Read(ref _sent),
        Volatile.Read(ref _sendsFailed),
        Volatile.Read(ref _malformed),
        Volatile.Read(ref _forged),
        Volatile.Read(ref _wrongKind));

    /// <summary>Binds, and begins to say hello as a replica of term 0.</summary>
    /// <param name="listen">Where the copies come in; port 0 asks for a free one.</param>
    /// <param name="balancer">The balancer's inner address; a name is looked up again and again.</param>
    /// <param name="key">The cluster's key.</param>
    /// <param name="time">Paces the hellos.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address is in use, or not of this machine.</exception>
    public static BalancerLink Open(IPEndPoint listen, HostAddress balancer, ClusterKey key, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(time);
        Socket socket = new(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (listen.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.ReceiveBufferSize = BufferBytes;
            socket.SendBufferSize = BufferBytes;
            socket.Bind(listen);
            return new BalancerLink(socket, balancer, key, time);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new SeguroException(ErrorCode.BadValue, $"can't listen on {listen}: {error.Message}", "Choose an address of this machine and a port that nobody uses.", error);
        }
    }

    /// <summary>Says what this member is, at once and with every hello from now on.</summary>
    /// <param name="isMaster">It is master in <paramref name="term"/>: effects of lower terms are dropped from now on.</param>
    /// <param name="term">Its term, or the highest that it knows.</param>
    public void Announce(bool isMaster, Term term)
    {
        lock (_lock)
        {
            _isMaster = isMaster;
            _term = term;
            SayHello();
        }
    }

    /// <summary>Waits for the next datagram from outside; frames that are not authentic are counted and dropped.</summary>
    /// <param name="buffer">At least <see cref="BalancerFrame.MaxSize"/> bytes; the datagram's payload is a slice of it.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    /// <exception cref="ObjectDisposedException">The link was closed.</exception>
    public async ValueTask<IngressDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        if (buffer.Length < BalancerFrame.MaxSize)
            throw new ArgumentException($"{BalancerFrame.MaxSize} bytes are needed", nameof(buffer));
        while (true)
        {
            int size;
            try
            {
                size = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _sender, cancel);
            }
            catch (SocketException) when (!_stop.IsCancellationRequested)
            {
                // What a router said about a datagram sent earlier, or a shortage of memory: it passes, but must not become a busy loop.
                await Task.Delay(TimeSpan.FromMilliseconds(1), _time, cancel);
                continue;
            }
            if (Read(buffer[..size]) is { } datagram)
                return datagram;
        }
    }

    /// <summary>Hands an effect to the balancer, which sends it from the public address if no master of a higher term has shown itself.</summary>
    /// <param name="term">The term in which this member is master.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="payload">At most <see cref="BalancerFrame.MaxPayload"/> bytes.</param>
    /// <returns>False where it could not be sent, which is counted. True promises no more than UDP does.</returns>
    public bool Send(Term term, PeerAddress to, ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            if (payload.Length > BalancerFrame.MaxPayload || _stop.IsCancellationRequested)
            {
                _sendsFailed++;
                return false;
            }
            payload.CopyTo(_frame.AsSpan(BalancerFrame.HeaderSize));
            if (!Transmit(BalancerFrame.Complete(_frame, payload.Length, FrameKind.Egress, isMaster: false, term.Value, to, _sendSeal)))
                return false;
            _sent++;
            return true;
        }
    }

    /// <summary>Stops saying hello, and closes the socket. The balancer forgets this member after ten seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _socket.Dispose();
        await _hellos;
        lock (_lock)
            _sendSeal.Dispose();
        _stop.Dispose(); // The other seal may still be in use by somebody who receives; it is small, and the collector's.
    }

    private IngressDatagram? Read(ReadOnlyMemory<byte> bytes)
    {
        if (!BalancerFrame.TryRead(bytes.Span, _receiveSeal, out BalancerFrame frame, out FrameFault fault))
        {
            if (fault == FrameFault.Forged)
                _forged++;
            else
                _malformed++;
            return null;
        }
        if (frame.Kind != FrameKind.Ingress)
        {
            _wrongKind++;
            return null;
        }
        _received++;
        return new IngressDatagram(frame.Number, frame.Peer, bytes.Slice(BalancerFrame.HeaderSize, frame.Payload.Length));
    }

    private async Task KeepSayingHelloAsync()
    {
        using PeriodicTimer timer = new(BetweenHellos, _time);
        try
        {
            for (int round = 0; ; round++)
            {
                if (round % HellosBetweenLookUps == 0)
                    await LookUpAsync();
                lock (_lock)
                    SayHello();
                await timer.WaitForNextTickAsync(_stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The link was closed.
        }
    }

    private async Task LookUpAsync()
    {
        try
        {
            IPEndPoint found = await MemberTable.ResolveAsync(_balancer, _stop.Token);
            // A socket of both families speaks to IPv4 by mapped addresses.
            if (_socket.AddressFamily == AddressFamily.InterNetworkV6)
                found.Address = found.Address.MapToIPv6();
            if (found.AddressFamily != _socket.AddressFamily)
                return;
            lock (_lock)
                _target = found.Serialize();
        }
        catch (SocketException)
        {
            // The name server may be there later; until then the old address holds.
        }
    }

    private void SayHello()
    {
        if (_stop.IsCancellationRequested)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize), _life);
        BinaryPrimitives.WriteUInt64LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize + 8), ++_helloCount);
        Transmit(BalancerFrame.Complete(_frame, BalancerFrame.HelloSize, FrameKind.Hello, _isMaster, _term.Value, default, _sendSeal));
    }

    private bool Transmit(int size)
    {
        try
        {
            if (_target is not null)
            {
                _socket.SendTo(_frame.AsSpan(0, size), SocketFlags.None, _target);
                return true;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // No route, a full buffer, or the end: a datagram more that is lost.
        }
        _sendsFailed++;
        return false;
    }
}

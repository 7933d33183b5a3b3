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

    // A balancer answers each hello.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DoubtTime = TimeSpan.FromHours(1);

    private readonly Socket _socket;
    private readonly ushort _ship;
    private readonly HostAddress _balancer;
    private readonly TimeProvider _time;
    private readonly Func<MemberKey> _keys;
    private readonly Action<string>? _drop;
    private readonly SocketAddress _sender;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _hellos;

    // The lock guards all that sending needs.
    private readonly Lock _lock = new();
    private FrameSeal _sendSeal;
    private MemberKey _key;
    private readonly byte[] _frame = GC.AllocateUninitializedArray<byte>(BalancerFrame.MaxSize, pinned: true);
    private readonly ulong _life = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private SocketAddress? _target;
    private ulong _helloCount;
    private (int Udp, int Http)? _ports;
    private Term _term;
    private bool _isMaster;
    private long _sent;
    private long _sendsFailed;

    private long _received;
    private long _malformed;
    private long _forged;
    private long _unknownKey;
    private long _wrongKind;

    // The newest key's first; the one before is for what is under way. Only who receives uses them.
    private FrameSeal[] _receiveSeals;

    // What the balancer answered; guarded by the lock.
    private readonly long _opened;
    private long _answered;
    private ulong _answeredCount;
    private Term _balancerTerm;
    private long _doubts;
    private long _doubted;

    private BalancerLink(Socket socket, HostAddress balancer, Func<MemberKey> keys, TimeProvider time, Action<string>? drop, ushort ship)
    {
        _ship = ship;
        _keys = keys;
        _drop = drop;
        _key = keys();
        _opened = time.GetTimestamp();
        _socket = socket;
        _balancer = balancer;
        _time = time;
        _receiveSeals = [new FrameSeal(_key)];
        _sendSeal = new FrameSeal(_key);
        _sender = new SocketAddress(socket.AddressFamily);
        Address = (IPEndPoint)socket.LocalEndPoint!;
        _hellos = Task.Run(KeepSayingHelloAsync, CancellationToken.None);
    }

    /// <summary>Where it is bound.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Faults where no hello is said any more, so that the balancer soon forgets this member; ends with <see cref="DisposeAsync"/>.</summary>
    public Task Completion => _hellos;

    /// <summary>What it did until now.</summary>
    public BalancerLinkStats Stats => new(
        Volatile.Read(ref _received),
        Volatile.Read(ref _sent),
        Volatile.Read(ref _sendsFailed),
        Volatile.Read(ref _malformed),
        Volatile.Read(ref _forged),
        Volatile.Read(ref _unknownKey),
        Volatile.Read(ref _wrongKind));

    /// <summary>What people should know of the balancer now; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            List<string> warnings = [];
            lock (_lock)
            {
                long since = _answered == 0 ? _opened : _answered;
                if (_time.GetElapsedTime(since) > AnswerTime)
                    warnings.Add($"The balancer at {_balancer} does not answer: no datagram comes in by it, and none leaves. See that it runs, with this member's key in its ring (balancer.keys).");
                else if (_isMaster && _balancerTerm > _term)
                    warnings.Add($"The balancer at {_balancer} goes by term {_balancerTerm}, and drops what this master of term {_term} releases. Its messages say who claimed that term; what nobody backs is taken back within seconds.");
                if (_doubted != 0 && _time.GetElapsedTime(_doubted) < DoubtTime)
                    warnings.Add($"The balancer at {_balancer} did not believe what a member said of its term ({_doubts} times since it began): somebody may have that member's key. Its messages say whose; make new keys: seguro cluster keys rotate FOLDER.");
            }
            return warnings;
        }
    }

    /// <summary>Binds, and begins to say hello as a replica of term 0.</summary>
    /// <param name="listen">Where the copies come in; port 0 asks for a free one.</param>
    /// <param name="balancer">The balancer's inner address; a name is looked up again and again.</param>
    /// <param name="keys">This member's key. Asked for with each hello; another one than before is used from then on. Must not throw after the first time.</param>
    /// <param name="time">Paces the hellos.</param>
    /// <param name="drop">Hears of each frame that is dropped, and why, in few and fixed words; for counting. From the thread that receives; must not block.</param>
    /// <param name="ship">The ship's number, of a cluster of nodes; else 0.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address is in use, or not of this machine.</exception>
    public static BalancerLink Open(IPEndPoint listen, HostAddress balancer, Func<MemberKey> keys, TimeProvider time, Action<string>? drop = null, ushort ship = 0)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        Socket socket = new(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (listen.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.ReceiveBufferSize = BufferBytes;
            socket.SendBufferSize = BufferBytes;
            socket.Bind(listen);
            return new BalancerLink(socket, balancer, keys, time, drop, ship);
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

    /// <summary>Says where the ports of a ship on vere are, at once where that changed and with every hello from now on.</summary>
    /// <param name="udp">The ship's UDP port; 0 where it is not known.</param>
    /// <param name="http">Its port for HTTP; 0 while it has none.</param>
    public void Place(int udp, int http)
    {
        lock (_lock)
        {
            if (_ports == (udp, http))
                return;
            _ports = (udp, http);
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
            if (!Transmit(BalancerFrame.Complete(_frame, payload.Length, FrameKind.Egress, isMaster: false, term.Value, to, _sendSeal, _ship)))
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
        await _hellos.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            _sendSeal.Dispose();
        _stop.Dispose(); // The other seal may still be in use by somebody who receives; it is small, and the collector's.
    }

    private IngressDatagram? Read(ReadOnlyMemory<byte> bytes)
    {
        FrameSeal[] seals = Volatile.Read(ref _receiveSeals);
        bool isFrame = BalancerFrame.TryRead(bytes.Span, seals[0], out BalancerFrame frame, out FrameFault fault);
        if (fault == FrameFault.UnknownKey && seals.Length > 1)
            isFrame = BalancerFrame.TryRead(bytes.Span, seals[1], out frame, out fault);
        if (!isFrame)
        {
            if (fault == FrameFault.Forged)
                _forged++;
            else if (fault == FrameFault.UnknownKey)
                _unknownKey++;
            else
                _malformed++;
            _drop?.Invoke(fault == FrameFault.Forged ? "forged" : fault == FrameFault.UnknownKey ? "unknown key" : "malformed");
            return null;
        }
        if (frame.Ship != _ship)
        {
            _wrongKind++; // a balancer's word on another ship, played again by somebody or sent to a wrong port
            _drop?.Invoke("wrong ship");
            return null;
        }
        if (frame.Kind == FrameKind.Welcome)
        {
            TakeWelcome(frame);
            return null;
        }
        if (frame.Kind != FrameKind.Ingress)
        {
            _wrongKind++;
            _drop?.Invoke("wrong kind");
            return null;
        }
        _received++;
        return new IngressDatagram(frame.Number, frame.Peer, bytes.Slice(BalancerFrame.HeaderSize, frame.Payload.Length));
    }

    private void TakeWelcome(BalancerFrame welcome)
    {
        ulong life = BinaryPrimitives.ReadUInt64LittleEndian(welcome.Payload);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(welcome.Payload[8..]);
        long doubts = BinaryPrimitives.ReadInt64LittleEndian(welcome.Payload[BalancerFrame.HelloSize..]);
        lock (_lock)
        {
            // An answer to a hello of this life, newer than the last: a recorded one says nothing.
            if (life != _life || count <= _answeredCount || count > _helloCount)
                return;
            long now = _time.GetTimestamp();
            (_answered, _answeredCount, _balancerTerm) = (now, count, new Term(welcome.Number));
            if (doubts > _doubts)
                _doubted = now;
            _doubts = doubts;
        }
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
            IPEndPoint found = await ResolveAsync(_balancer, _stop.Token);
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

    /// <summary>The first address of a name: several would be several ways to one balancer.</summary>
    /// <exception cref="SocketException">The name is not known now, or has no address.</exception>
    private static async Task<IPEndPoint> ResolveAsync(HostAddress address, CancellationToken cancel)
    {
        if (IPAddress.TryParse(address.Host, out IPAddress? literal))
            return new IPEndPoint(literal, address.Port);
        IPAddress[] found = await Dns.GetHostAddressesAsync(address.Host, cancel);
        return found.Length > 0 ? new IPEndPoint(found[0], address.Port) : throw new SocketException((int)SocketError.NoData);
    }

    private void SayHello()
    {
        if (_stop.IsCancellationRequested)
            return;
        TakeKey();
        BinaryPrimitives.WriteUInt64LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize), _life);
        BinaryPrimitives.WriteUInt64LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize + 8), ++_helloCount);
        int size = BalancerFrame.HelloSize;
        if (_ports is { } ports)
        {
            size = BalancerFrame.PlacedHelloSize;
            BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize + 16), (ushort)ports.Udp);
            BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(BalancerFrame.HeaderSize + 18), (ushort)ports.Http);
        }
        Transmit(BalancerFrame.Complete(_frame, size, FrameKind.Hello, _isMaster, _term.Value, default, _sendSeal, _ship));
    }

    private void TakeKey()
    {
        MemberKey key = _keys();
        if (key.Equals(_key))
            return;
        _key = key;
        _sendSeal.Dispose();
        _sendSeal = new FrameSeal(key);
        Volatile.Write(ref _receiveSeals, [new FrameSeal(key), _receiveSeals[0]]);
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

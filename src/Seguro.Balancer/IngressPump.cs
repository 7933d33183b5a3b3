namespace Seguro.Balancer;

/// <summary>From the public socket to every member. One thread steps it; a step allocates nothing.</summary>
internal sealed unsafe class IngressPump : IDisposable
{
    // Enough to make a call of the kernel cheap for each datagram; the memory is Slots × 64 KiB, of which the kernel maps what was used.
    private const int Slots = 32;

    private readonly DatagramSocket _outside;
    private readonly DatagramSocket _inside;
    private readonly MemberTable _members;
    private readonly ReceiveBatch _batch = new(Slots, BalancerFrame.HeaderSize, BalancerFrame.MaxPayload, 0);
    private readonly SendQueue _queue;
    private SealRing _seals;
    private ulong _number;
    private long _datagrams;
    private long _copies;
    private long _tooLarge;
    private long _notIPv4;
    private long _withoutMember;
    private long _refused;

    /// <summary>Takes memory; owns none of the sockets.</summary>
    /// <param name="outside">The public socket.</param>
    /// <param name="inside">What the copies leave from.</param>
    /// <param name="members">Who gets copies.</param>
    /// <param name="seals">Seal the copies, each with its member's key.</param>
    /// <param name="first">The number before the first datagram's: above all that an earlier life of the balancer gave.</param>
    public IngressPump(DatagramSocket outside, DatagramSocket inside, MemberTable members, SealRing seals, ulong first)
    {
        _outside = outside;
        _inside = inside;
        _members = members;
        _seals = seals;
        _queue = new SendQueue(Slots * BalancerOptions.MaxMembers, inside.Family);
        _number = first;
    }

    public long Datagrams => Volatile.Read(ref _datagrams);

    public long Copies => Volatile.Read(ref _copies);

    public long TooLarge => Volatile.Read(ref _tooLarge);

    public long NotIPv4 => Volatile.Read(ref _notIPv4);

    public long WithoutMember => Volatile.Read(ref _withoutMember);

    public long Refused => Volatile.Read(ref _refused);

    public long SocketErrors => _batch.Errors;

    /// <summary>Other keys are in force from now on. From any thread; who is in a step goes on with the old ones, which are the collector's.</summary>
    public void SetSeals(SealRing seals) => Volatile.Write(ref _seals, seals);

    /// <summary>Waits for datagrams and gives each to every member.</summary>
    public void Step()
    {
        int count = _batch.Receive(_outside);
        MemberTarget[] members = _members.Current;
        SealRing seals = Volatile.Read(ref _seals);
        Span<byte> digest = stackalloc byte[BalancerFrame.DigestSize];
        Span<byte> end = stackalloc byte[FrameSeal.Size];
        for (int slot = 0; slot < count; slot++)
        {
            _datagrams++;
            if (_batch.IsTruncated(slot))
            {
                _tooLarge++;
                continue;
            }
            PeerAddress peer = _batch.Peer(slot);
            if (!peer.IsIPv4)
            {
                _notIPv4++; // no ship hears of it: Ames is IPv4
                continue;
            }
            if (members.Length == 0)
            {
                _withoutMember++;
                continue;
            }
            // The datagram was received where the frame's payload belongs: nothing is copied.
            int size = BalancerFrame.Begin(_batch.Room(slot), _batch.Size(slot), FrameKind.Ingress, isMaster: false, ++_number, peer, digest);
            foreach (MemberTarget member in members)
            {
                if (seals.Find(member.Key) is not { } seal)
                    continue; // its key was taken out of the ring a moment ago
                seal.Write(digest, end);
                if (!_queue.Add(_batch.Start(slot), size, member.Address, end))
                    _refused++;
            }
        }
        (int sent, int refused) = _queue.Flush(_inside);
        _copies += sent;
        _refused += refused;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batch.Dispose();
        _queue.Dispose();
        _seals.Dispose();
    }
}

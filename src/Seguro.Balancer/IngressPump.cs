namespace Seguro.Balancer;

/// <summary>From a ship's public socket to every member. One thread steps it; a step allocates nothing.</summary>
internal sealed unsafe class IngressPump
{
    private readonly DatagramSocket _outside;
    private readonly DatagramSocket _inside;
    private readonly MemberTable _members;
    private readonly IngressRoom _room;
    private readonly ushort _ship;
    private ulong _number;
    private long _datagrams;
    private long _copies;
    private long _tooLarge;
    private long _notIPv4;
    private long _withoutMember;
    private long _refused;

    /// <summary>Owns nothing.</summary>
    /// <param name="ship">The ship's number, which is in each copy.</param>
    /// <param name="outside">The public socket.</param>
    /// <param name="inside">What the copies leave from.</param>
    /// <param name="members">Who gets copies.</param>
    /// <param name="room">Of the thread that steps it.</param>
    /// <param name="first">The number before the first datagram's: above all that an earlier life of the balancer gave.</param>
    public IngressPump(ushort ship, DatagramSocket outside, DatagramSocket inside, MemberTable members, IngressRoom room, ulong first)
    {
        _outside = outside;
        _inside = inside;
        _members = members;
        _room = room;
        _ship = ship;
        _number = first;
    }

    public long Datagrams => Volatile.Read(ref _datagrams);

    public long Copies => Volatile.Read(ref _copies);

    public long TooLarge => Volatile.Read(ref _tooLarge);

    public long NotIPv4 => Volatile.Read(ref _notIPv4);

    public long WithoutMember => Volatile.Read(ref _withoutMember);

    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Gives each of the datagrams that come in to every member.</summary>
    public void Step()
    {
        ReceiveBatch batch = _room.Batch;
        int count = batch.Receive(_outside);
        MemberTarget[] members = _members.Current;
        SealRing seals = _room.Seals;
        Span<byte> digest = stackalloc byte[BalancerFrame.DigestSize];
        Span<byte> end = stackalloc byte[FrameSeal.Size];
        for (int slot = 0; slot < count; slot++)
        {
            _datagrams++;
            if (batch.IsTruncated(slot))
            {
                _tooLarge++;
                continue;
            }
            PeerAddress peer = batch.Peer(slot);
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
            int size = BalancerFrame.Begin(batch.Room(slot), batch.Size(slot), FrameKind.Ingress, isMaster: false, ++_number, peer, _ship, digest);
            foreach (MemberTarget member in members)
            {
                if (seals.Find(member.Key) is not { } seal)
                    continue; // its key was taken out of the ring a moment ago
                seal.Write(digest, end);
                if (!_room.Queue.Add(batch.Start(slot), size, member.Address, end))
                    _refused++;
            }
        }
        (int sent, int refused) = _room.Queue.Flush(_inside);
        _copies += sent;
        _refused += refused;
    }
}

using System.Buffers.Binary;

namespace Seguro.Balancer;

/// <summary>From the members to the public socket: effects of the newest master, and hellos. One thread steps it; a step allocates nothing, unless members come or go.</summary>
internal sealed unsafe class EgressPump : IDisposable
{
    private const int Slots = 32;

    private readonly DatagramSocket _inside;
    private readonly DatagramSocket _outside;
    private readonly MemberTable _members;
    private readonly FrameSeal _seal;
    // One byte more than the largest frame: what fills it is too long.
    private readonly ReceiveBatch _batch = new(Slots, 0, BalancerFrame.MaxSize + 1, 0);
    private readonly SendQueue _queue;
    private ulong _term;
    private long _released;
    private long _oldTerm;
    private long _refused;
    private long _hellos;
    private long _hellosRepeated;
    private long _hellosTooMany;
    private long _malformed;
    private long _forged;
    private long _unknownSender;
    private long _wrongKind;

    /// <summary>Takes memory; owns none of the sockets.</summary>
    public EgressPump(DatagramSocket inside, DatagramSocket outside, MemberTable members, ClusterKey key)
    {
        _inside = inside;
        _outside = outside;
        _members = members;
        _seal = new FrameSeal(key);
        _queue = new SendQueue(Slots, outside.Family);
    }

    /// <summary>The highest term that a master showed.</summary>
    public ulong Term => Volatile.Read(ref _term);

    public long Released => Volatile.Read(ref _released);

    public long OldTerm => Volatile.Read(ref _oldTerm);

    public long Refused => Volatile.Read(ref _refused);

    public long Hellos => Volatile.Read(ref _hellos);

    public long HellosRepeated => Volatile.Read(ref _hellosRepeated);

    public long HellosTooMany => Volatile.Read(ref _hellosTooMany);

    public long Malformed => Volatile.Read(ref _malformed);

    public long Forged => Volatile.Read(ref _forged);

    public long UnknownSender => Volatile.Read(ref _unknownSender);

    public long WrongKind => Volatile.Read(ref _wrongKind);

    public long SocketErrors => _batch.Errors;

    /// <summary>Waits for frames, and sends out what may be released.</summary>
    public void Step()
    {
        int count = _batch.Receive(_inside);
        for (int slot = 0; slot < count; slot++)
        {
            if (BalancerFrame.TryRead(_batch.Datagram(slot), _seal, out BalancerFrame frame, out FrameFault fault))
                Take(slot, frame);
            else if (fault == FrameFault.Forged)
                _forged++;
            else
                _malformed++;
        }
        (int sent, int refused) = _queue.Flush(_outside);
        _released += sent;
        _refused += refused;
    }

    private void Take(int slot, BalancerFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Egress when !_members.Knows(_batch.Peer(slot)):
                _unknownSender++;
                break;
            case FrameKind.Egress when frame.Number < _term:
                _oldTerm++;
                break;
            case FrameKind.Egress:
                _term = frame.Number;
                if (!_queue.Add(_batch.Start(slot) + BalancerFrame.HeaderSize, frame.Payload.Length, frame.Peer))
                    _refused++;
                break;
            case FrameKind.Hello:
                Welcome(slot, frame);
                break;
            default:
                _wrongKind++;
                break;
        }
    }

    private void Welcome(int slot, BalancerFrame hello)
    {
        ulong life = BinaryPrimitives.ReadUInt64LittleEndian(hello.Payload);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(hello.Payload[8..]);
        switch (_members.Hello(_batch.Peer(slot), life, count))
        {
            case MemberTable.Welcome.Taken:
                _hellos++;
                break;
            case MemberTable.Welcome.Repeated:
                _hellosRepeated++;
                return;
            default:
                _hellosTooMany++;
                break;
        }
        // Only who is master may raise the term: a replica may have heard of a term whose master never came to be. One that found no place is no less a master.
        if (hello.IsMaster && hello.Number > _term)
            _term = hello.Number;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batch.Dispose();
        _queue.Dispose();
        _seal.Dispose();
    }
}

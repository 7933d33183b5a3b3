using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>From a ship's members to its public socket: effects of the newest master, and hellos. One thread steps it; a step allocates nothing, unless members come or go.</summary>
internal sealed unsafe class EgressPump
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly DatagramSocket _inside;
    private readonly DatagramSocket? _outside;
    private readonly MemberTable _members;
    private readonly ShipPlaces _places;
    private readonly TermGuard _terms;
    private readonly TimeProvider _time;
    private readonly EgressRoom _room;
    private readonly ushort _ship;
    private (string? Member, PeerAddress At, ulong Term, ushort UdpPort, ushort HttpPort) _placed;
    private SealRing? _known;
    private long _looked;
    private long _released;
    private long _oldTerm;
    private long _refused;
    private long _hellos;
    private long _hellosRepeated;
    private long _hellosTooMany;
    private long _malformed;
    private long _forged;
    private long _unknownKey;
    private long _unknownSender;
    private long _wrongKind;
    private long _wrongShip;

    /// <summary>Owns nothing; of the thread that steps it is the room.</summary>
    public EgressPump(ushort ship, DatagramSocket inside, DatagramSocket? outside, MemberTable members, ShipPlaces places, EgressRoom room, TimeProvider time)
    {
        _ship = ship;
        _room = room;
        _places = places;
        _inside = inside;
        _outside = outside;
        _members = members;
        _time = time;
        _terms = new TermGuard(time);
        _looked = time.GetTimestamp();
    }

    /// <summary>The highest term in force.</summary>
    public ulong Term => _terms.Term;

    public long TermsRefused => _terms.Refused;

    public long TermsTakenBack => _terms.TakenBack;

    /// <summary>What was wrong with a term the last time; <see langword="null"/>: nothing ever was.</summary>
    public string? Trouble => _terms.Trouble;

    public long Released => Volatile.Read(ref _released);

    public long OldTerm => Volatile.Read(ref _oldTerm);

    public long Refused => Volatile.Read(ref _refused);

    public long Hellos => Volatile.Read(ref _hellos);

    public long HellosRepeated => Volatile.Read(ref _hellosRepeated);

    public long HellosTooMany => Volatile.Read(ref _hellosTooMany);

    public long Malformed => Volatile.Read(ref _malformed);

    public long Forged => Volatile.Read(ref _forged);

    public long UnknownKey => Volatile.Read(ref _unknownKey);

    public long UnknownSender => Volatile.Read(ref _unknownSender);

    public long WrongKind => Volatile.Read(ref _wrongKind);

    public long WrongShip => Volatile.Read(ref _wrongShip);

    /// <summary>Takes the frames that come in, and sends out what may be released.</summary>
    public void Step()
    {
        ReceiveBatch batch = _room.Batch;
        int count = batch.Receive(_inside);
        SealRing seals = _room.Seals;
        if (seals != _known)
            _terms.Keep(seals.Members);
        _known = seals;
        for (int slot = 0; slot < count; slot++)
        {
            if (BalancerFrame.TryRead(batch.Datagram(slot), seals, out BalancerFrame frame, out FrameFault fault))
                Take(slot, frame, seals.MemberOf(FrameSeal.IdIn(batch.Datagram(slot))), seals);
            else if (fault == FrameFault.Forged)
                _forged++;
            else if (fault == FrameFault.UnknownKey)
                _unknownKey++;
            else
                _malformed++;
        }
        if (_outside is not null)
        {
            (int sent, int refused) = _room.Queue.Flush(_outside);
            _released += sent;
            _refused += refused;
        }
        _room.Welcomes.Flush(_inside);
        if (_time.GetElapsedTime(_looked) < BetweenLooks)
            return;
        _looked = _time.GetTimestamp();
        _terms.Look();
        if (_placed.Term != _terms.Term)
            Place(default);
    }

    private void Take(int slot, BalancerFrame frame, string member, SealRing seals)
    {
        switch (frame.Kind)
        {
            case FrameKind.Egress or FrameKind.Hello when frame.Ship != _ship:
                _wrongShip++; // one of a member of another ship, perhaps played again by somebody: it has no say here
                break;
            case FrameKind.Egress when !_members.Knows(_room.Batch.Peer(slot), member):
                _unknownSender++;
                break;
            case FrameKind.Egress when !_terms.Admit(member, frame.Number):
                _oldTerm++;
                break;
            case FrameKind.Egress:
                if (_outside is null || !_room.Queue.Add(_room.Batch.Start(slot) + BalancerFrame.HeaderSize, frame.Payload.Length, frame.Peer))
                    _refused++;
                break;
            case FrameKind.Hello:
                Welcome(slot, frame, member, seals.Find(FrameSeal.IdIn(_room.Batch.Datagram(slot)))!);
                break;
            default:
                _wrongKind++;
                break;
        }
    }

    private void Welcome(int slot, BalancerFrame hello, string member, FrameSeal seal)
    {
        bool isTaken = false;
        ulong life = BinaryPrimitives.ReadUInt64LittleEndian(hello.Payload);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(hello.Payload[8..]);
        switch (_members.Hello(_room.Batch.Peer(slot), life, count, member, seal.Id))
        {
            case MemberTable.Welcome.Taken:
                _hellos++;
                isTaken = true;
                break;
            case MemberTable.Welcome.Repeated:
                _hellosRepeated++;
                return;
            default:
                _hellosTooMany++;
                break;
        }
        // Only who is master may raise the term: a replica may have heard of a term whose master never came to be. One that found no place is no less a master.
        _terms.Hear(member, hello.IsMaster, hello.Number);
        if (isTaken)
            Place(slot, hello, member);
        Span<byte> answer = _room.WelcomeAt(slot);
        hello.Payload[..BalancerFrame.HelloSize].CopyTo(answer[BalancerFrame.HeaderSize..]);
        BinaryPrimitives.WriteInt64LittleEndian(answer[(BalancerFrame.HeaderSize + BalancerFrame.HelloSize)..], _terms.Refused + _terms.TakenBack);
        int size = BalancerFrame.Complete(answer, BalancerFrame.WelcomeSize, FrameKind.Welcome, isMaster: false, _terms.Term, default, seal, _ship);
        _room.Welcomes.Add((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref answer[0]), size, _room.Batch.Peer(slot));
    }

    /// <summary>The ship is where the master of the term in force says; nowhere, as soon as that one says that it is master no longer, or another term is in force.</summary>
    private void Place(int slot, BalancerFrame hello, string member)
    {
        if (hello.Payload.Length == BalancerFrame.PlacedHelloSize && BinaryPrimitives.ReadUInt16LittleEndian(hello.Payload[BalancerFrame.HelloSize..]) is not 0 and ushort port)
            _places.Know(member, _room.Batch.Peer(slot), port);
        if (hello.IsMaster && hello.Number == _terms.Term && hello.Payload.Length == BalancerFrame.PlacedHelloSize)
        {
            ReadOnlySpan<byte> ports = hello.Payload[BalancerFrame.HelloSize..];
            Place((member, _room.Batch.Peer(slot), hello.Number, BinaryPrimitives.ReadUInt16LittleEndian(ports), BinaryPrimitives.ReadUInt16LittleEndian(ports[2..])));
        }
        else if (_placed.Member == member || _placed.Term != _terms.Term)
        {
            Place(default);
        }
    }

    private void Place((string? Member, PeerAddress At, ulong Term, ushort UdpPort, ushort HttpPort) place)
    {
        if (place == _placed)
            return;
        _placed = place;
        _places.Set(place.Member is null ? null : new ShipPlace(place.Member, place.At.ToEndPoint().Address, new Term(place.Term), place.UdpPort, place.HttpPort));
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Seguro.Nouns;

namespace Seguro.Nock.Drivers;

/// <summary>Between datagrams and a ship's nouns (vere-facts.md §7.1). IPv4 only, as Urbit's network is. Safe for several threads.</summary>
public static class AmesDriver
{
    private static readonly Noun AmesWire = NounList.Path("a", "ames");
    private static readonly Noun FineWire = NounList.Path("ames", "fine");
    private static readonly Noun MesaWire = NounList.Path("ames", "ames");
    private static readonly Noun BornCard = Cell.Of("born", 0);
    private static readonly Atom HearTag = Cord.Of("hear");
    private static readonly Atom HeerTag = Cord.Of("heer");
    private static readonly Atom IfTag = Cord.Of("if");
    private static readonly Atom SendTag = Cord.Of("send");
    private static readonly Atom PushTag = Cord.Of("push");

    /// <summary>The ovum's bytes that say that the driver has started: jam of <c>[/a/ames %born ~]</c>. A new array.</summary>
    public static byte[] Born() => Jam.ToBytes(new Cell(AmesWire, BornCard));

    /// <summary>
    /// The ovum's bytes for a datagram that was heard: jam of <c>[/a/ames %hear [%| lane] blob]</c>, with the wire <c>/ames/fine</c> for an answer to a remote scry;
    /// of <c>[/ames/ames %heer [%if ip port] blob]</c> for the newer protocol. A new array; null where the ship does not hear of it.
    /// </summary>
    /// <param name="source">Who sent it: an IPv4 address, or one that is mapped to IPv6.</param>
    /// <param name="datagram">What was sent, as it came.</param>
    /// <param name="rules">What is a packet; <see langword="null"/>: whatever is not for the runtime is heard, also text and the like, which a small kernel may know.</param>
    /// <param name="digest">The ovum's digest (<see cref="Core.Ovum.Digest"/>): the mug of <c>[wire card]</c>.</param>
    /// <param name="why">Why the ship does not hear of it.</param>
    public static byte[]? Hear(IPEndPoint source, ReadOnlySpan<byte> datagram, AmesRules? rules, out uint digest, out Unheard why)
    {
        ArgumentNullException.ThrowIfNull(source);
        why = Judge(source.Address, datagram, rules, out uint address);
        digest = 0;
        if (why is not Unheard.None)
            return null;
        Cell ovum = AmesPacket.IsMesa(datagram)
            ? Cell.Of(MesaWire, HeerTag, Cell.Of(IfTag, (ulong)address, (ulong)source.Port), Atom.Of(datagram))
            : Cell.Of(
                AmesPacket.IsClassic(datagram) && AmesPacket.IsFine(datagram) ? FineWire : AmesWire,
                HearTag, new Cell(Atom.One, Atom.Of(((ulong)source.Port << 32) | address)), Atom.Of(datagram));
        digest = (uint)ovum.Mug;
        return Jam.ToBytes(ovum);
    }

    /// <summary>As the other one, without rules.</summary>
    public static byte[]? Hear(IPEndPoint source, ReadOnlySpan<byte> datagram) => Hear(source, datagram, null, out _, out _);

    private static Unheard Judge(IPAddress source, ReadOnlySpan<byte> datagram, AmesRules? rules, out uint address)
    {
        if (!TryAddress(source, out address))
            return Unheard.Family;
        if (AmesPacket.IsMesa(datagram))
        {
            return rules is not null ? AmesPacket.JudgeMesa(datagram)
                : datagram.Length > AmesPacket.LargestMesa ? Unheard.Long : Unheard.None;
        }
        if (AmesPacket.IsStun(datagram))
            return Unheard.Runtime;
        return rules is not null ? AmesPacket.JudgeClassic(datagram, rules)
            : AmesPacket.IsClassic(datagram) && AmesPacket.IsFineQuestion(datagram) ? Unheard.Runtime : Unheard.None;
    }

    /// <summary>Reads an effect, where it is a <c>%send</c> or a <c>%push</c>: what is to be sent, to one destination or several. Destinations that vere drops are left out.</summary>
    /// <returns>False where the effect is none of Ames's; true with an empty list where nothing can be sent.</returns>
    public static bool TryReadSends(ReadOnlySpan<byte> effect, out IReadOnlyList<AmesSend> sends)
    {
        sends = [];
        Noun noun;
        try
        {
            noun = Cue.From(effect);
        }
        catch (NounException)
        {
            return false;
        }
        if (noun is not Cell { Tail: Cell { Head: Atom tag, Tail: Cell { Head: Noun lanes, Tail: Atom blob } } })
            return false;
        if (tag.Equals(SendTag))
        {
            if (TryReadLane(lanes, out IPEndPoint? destination, out byte? galaxy))
                sends = [new AmesSend(destination, galaxy, blob.Bytes.ToArray())];
            return true;
        }
        if (!tag.Equals(PushTag))
            return false;
        List<AmesSend> all = [];
        byte[] datagram = blob.Bytes.ToArray();
        for (; lanes is Cell { Head: Noun lane, Tail: Noun others }; lanes = others)
        {
            if (TryReadPushLane(lane, out IPEndPoint? destination, out byte? galaxy))
                all.Add(new AmesSend(destination, galaxy, datagram));
        }
        sends = all;
        return true;
    }

    // [%& galaxy] or [%| lane]
    private static bool TryReadLane(Noun lane, out IPEndPoint? destination, out byte? galaxy)
    {
        destination = null;
        galaxy = null;
        if (lane is not Cell { Head: Atom { IsSmall: true, Low: ulong kind }, Tail: Atom value } || !value.TryGet(out ulong where))
            return false;
        if (kind == 0)
            return TryGalaxy(where, out galaxy);
        return kind == 1 && TryEndPoint(where & uint.MaxValue, where >> 32, out destination);
    }

    // [%if ip port], or a galaxy.
    private static bool TryReadPushLane(Noun lane, out IPEndPoint? destination, out byte? galaxy)
    {
        destination = null;
        galaxy = null;
        if (lane is Atom ship)
            return ship.TryGet(out ulong number) && TryGalaxy(number, out galaxy);
        return lane is Cell { Head: Atom kind, Tail: Cell { Head: Atom ip, Tail: Atom port } } && kind.Equals(IfTag)
            && ip.TryGet(out ulong address) && port.TryGet(out ulong portNumber) && TryEndPoint(address, portNumber, out destination);
    }

    private static bool TryGalaxy(ulong number, out byte? galaxy)
    {
        galaxy = number <= byte.MaxValue ? (byte)number : null;
        return galaxy is not null;
    }

    private static bool TryEndPoint(ulong address, ulong port, out IPEndPoint? endPoint)
    {
        endPoint = null;
        if (port is 0 or > ushort.MaxValue || address > uint.MaxValue)
            return false;
        if (address == 0)
        {
            endPoint = new IPEndPoint(IPAddress.Loopback, (int)port);
            return true;
        }
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)address);
        endPoint = new IPEndPoint(new IPAddress(bytes), (int)port);
        return true;
    }

    private static bool TryAddress(IPAddress ip, out uint address)
    {
        address = 0;
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        if (ip.AddressFamily != AddressFamily.InterNetwork || !ip.TryWriteBytes(bytes, out _))
            return false;
        address = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return true;
    }
}

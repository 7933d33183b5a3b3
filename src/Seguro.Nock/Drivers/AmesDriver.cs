using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Seguro.Nouns;

namespace Seguro.Nock.Drivers;

/// <summary>Between datagrams and a ship's nouns (vere-facts.md §7.1). IPv4 only, as Urbit's network is. Safe for several threads.</summary>
public static class AmesDriver
{
    /// <summary>The largest packet of the newer protocol, in bytes; longer ones are dropped.</summary>
    public const int LargestMesa = 1472;

    private const uint MesaCookie = 0x67e0_0200;
    private const uint StunCookie = 0x2112_a442;
    private const byte NotRequest = 4;
    private const byte NotAmes = 8;
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
    /// of <c>[/ames/ames %heer [%if ip port] blob]</c> for the newer protocol. A new array.
    /// </summary>
    /// <param name="source">Who sent it: an IPv4 address, or one that is mapped to IPv6.</param>
    /// <param name="datagram">What was sent, as it came. Text and the like, which is no packet of Urbit's, is heard as well: the kernel may know it.</param>
    /// <returns>Null where a ship does not hear of it: the source has no IPv4 address, it is too long for its protocol, or it is for the runtime (STUN, requests of remote scry).</returns>
    public static byte[]? Hear(IPEndPoint source, ReadOnlySpan<byte> datagram) => MakeHear(source, datagram) is { } ovum ? Jam.ToBytes(ovum) : null;

    /// <summary>As the other one, with the ovum's digest (<see cref="Core.Ovum.Digest"/>): the mug of <c>[wire card]</c>.</summary>
    public static byte[]? Hear(IPEndPoint source, ReadOnlySpan<byte> datagram, out uint digest)
    {
        Noun? ovum = MakeHear(source, datagram);
        digest = ovum is null ? 0 : (uint)ovum.Mug;
        return ovum is null ? null : Jam.ToBytes(ovum);
    }

    private static Cell? MakeHear(IPEndPoint source, ReadOnlySpan<byte> datagram)
    {
        if (!TryAddress(source.Address, out uint address))
            return null;
        if (IsMesa(datagram))
        {
            return datagram.Length > LargestMesa ? null
                : Cell.Of(MesaWire, HeerTag, Cell.Of(IfTag, (ulong)address, (ulong)source.Port), Atom.Of(datagram));
        }
        if (IsStun(datagram))
            return null;
        Noun wire = AmesWire;
        if (IsClassic(datagram) && (datagram[0] & NotAmes) != 0)
        {
            if ((datagram[0] & NotRequest) == 0)
                return null;
            wire = FineWire;
        }
        return Cell.Of(wire, HearTag, new Cell(Atom.One, Atom.Of(((ulong)source.Port << 32) | address)), Atom.Of(datagram));
    }

    /// <summary>Is it a packet of the newer protocol (mesa)? Decided by bytes 4 to 7, as vere does.</summary>
    public static bool IsMesa(ReadOnlySpan<byte> datagram) => datagram.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(datagram[4..]) == MesaCookie;

    /// <summary>Is it a packet of the older protocol: is the checksum in its header that of the rest?</summary>
    internal static bool IsClassic(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < sizeof(uint))
            return false;
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(datagram);
        // The highest bit is 0 where the packet was relayed, and its origin follows the header.
        int before = sizeof(uint) + (header >> 31 == 0 ? 6 : 0);
        return datagram.Length > before && ((uint)MugHash.OfBytes(datagram[before..]) & 0xfffff) == ((header >> 11) & 0xfffff);
    }

    private static bool IsStun(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= 20 && datagram[0] is 0 or 1 && datagram[1] == 1 && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == StunCookie;

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

using System.Buffers.Binary;
using Seguro.Nouns;

namespace Seguro.Nock.Drivers;

/// <summary>The headers of the two protocols' packets, as vere's driver reads them (vere-facts.md §7.1). Allocates nothing.</summary>
static class AmesPacket
{
    /// <summary>The largest packet of the newer protocol, in bytes; longer ones are dropped.</summary>
    public const int LargestMesa = 1472;

    private const uint MesaCookie = 0x67e0_0200;
    private const int MesaHeader = 8;
    private const uint MesaVersion = 1;
    private const uint MesaPeek = 2;
    private const uint StunCookie = 0x2112_a442;
    private const int Header = sizeof(uint);
    private const int Origin = 6;
    private const uint MugBits = 0xfffff;
    private const uint NotRequest = 4;
    private const uint NotAmes = 8;

    /// <summary>Is it a packet of the newer protocol (mesa)? Decided by bytes 4 to 7, as vere does.</summary>
    public static bool IsMesa(ReadOnlySpan<byte> datagram) => datagram.Length >= MesaHeader && BinaryPrimitives.ReadUInt32LittleEndian(datagram[4..]) == MesaCookie;

    /// <summary>Is it a question of STUN, or an answer?</summary>
    public static bool IsStun(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= 20 && datagram[0] is 0 or 1 && datagram[1] == 1 && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == StunCookie;

    /// <summary>Is it a packet of the older protocol: is the checksum in its header that of the rest?</summary>
    public static bool IsClassic(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < Header)
            return false;
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(datagram);
        int before = BodyAt(header);
        return datagram.Length > before && ((uint)MugHash.OfBytes(datagram[before..]) & MugBits) == ((header >> 11) & MugBits);
    }

    /// <summary>An answer to a remote scry, for the kernel's other wire; of a packet of the older protocol.</summary>
    public static bool IsFine(ReadOnlySpan<byte> datagram) => (datagram[0] & NotAmes) != 0;

    /// <summary>A question of remote scry, of a packet of the older protocol.</summary>
    public static bool IsFineQuestion(ReadOnlySpan<byte> datagram) => IsFine(datagram) && (datagram[0] & NotRequest) == 0;

    /// <summary>Judges a packet of the newer protocol.</summary>
    public static Unheard JudgeMesa(ReadOnlySpan<byte> datagram)
    {
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(datagram);
        uint type = (header >> 7) & 3;
        if (datagram.Length > LargestMesa)
            return Unheard.Long;
        if (((header >> 4) & 7) != MesaVersion)
            return Unheard.Version;
        if (type == 0 || ((uint)MugHash.OfBytes(datagram[MesaHeader..]) & MugBits) != header >> 12)
            return Unheard.Checksum;
        return type == MesaPeek ? Unheard.Runtime : Unheard.None;
    }

    /// <summary>Judges what is taken for a packet of the older protocol, in vere's order: length, version, checksum, sizes, receiver.</summary>
    public static Unheard JudgeClassic(ReadOnlySpan<byte> datagram, AmesRules rules)
    {
        if (datagram.Length < Header)
            return Unheard.Short;
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(datagram);
        if (rules.Version is { } version && ((header >> 4) & 7) != version)
            return Unheard.Version;
        if (!IsClassic(datagram))
            return Unheard.Checksum;
        int sender = 2 << (int)((header >> 7) & 3);
        int receiver = 2 << (int)((header >> 9) & 3);
        int receiverAt = BodyAt(header) + 1 + sender; // the life-ticks of both, then the two
        if (datagram.Length < receiverAt + receiver)
            return Unheard.Short;
        Span<byte> ship = stackalloc byte[16];
        ship.Clear();
        datagram.Slice(receiverAt, receiver).CopyTo(ship);
        if (BinaryPrimitives.ReadUInt128LittleEndian(ship) != rules.Ship)
            return Unheard.Elsewhere;
        return IsFineQuestion(datagram) ? Unheard.Runtime : Unheard.None;
    }

    // The highest bit is 0 where the packet was relayed, and its origin follows the header.
    private static int BodyAt(uint header) => Header + (header >> 31 == 0 ? Origin : 0);
}

using System.Buffers.Binary;

namespace Seguro.Vere.Networks;

/// <summary>Datagrams as a TUN device carries them: IPv4 (RFC 791) and UDP (RFC 768), without options, whole.</summary>
/// <remarks>Pure. Addresses are numbers whose highest byte is the first of the four.</remarks>
public static class ShipPacket
{
    /// <summary>What stands before a datagram's bytes.</summary>
    public const int HeaderSize = InternetSize + UdpSize;

    /// <summary>The most bytes that a packet has.</summary>
    public const int MaxSize = ushort.MaxValue;

    private const int InternetSize = 20;
    private const int UdpSize = 8;
    private const byte Udp = 17;
    private const byte TimeToLive = 64;
    private const ushort DontFragment = 0x4000;
    private const ushort FragmentBits = 0x3FFF; // "more follow", and the offset

    /// <summary>Writes a packet.</summary>
    /// <param name="target">Room for the datagram and <see cref="HeaderSize"/>.</param>
    /// <param name="from">The sender's address and port.</param>
    /// <param name="to">The receiver's.</param>
    /// <param name="payload">The datagram.</param>
    /// <returns>How many bytes it has.</returns>
    /// <exception cref="ArgumentException">It has more than <see cref="MaxSize"/> bytes.</exception>
    public static int Write(Span<byte> target, (uint Address, ushort Port) from, (uint Address, ushort Port) to, ReadOnlySpan<byte> payload)
    {
        int size = HeaderSize + payload.Length;
        if (size > MaxSize)
            throw new ArgumentException($"{payload.Length} bytes are no datagram", nameof(payload));
        Span<byte> header = target[..InternetSize];
        header.Clear();
        header[0] = 0x45; // version 4, five words
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)size);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], DontFragment);
        header[8] = TimeToLive;
        header[9] = Udp;
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], from.Address);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], to.Address);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], Checksum(Sum(header, 0)));
        Span<byte> udp = target[InternetSize..size];
        BinaryPrimitives.WriteUInt16BigEndian(udp, from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], 0);
        payload.CopyTo(udp[UdpSize..]);
        ushort checksum = Checksum(Sum(udp, Pseudo(header, udp.Length)));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum); // 0 would say that there is none
        return size;
    }

    /// <summary>Reads a packet that the ship sent.</summary>
    /// <param name="packet">All of it.</param>
    /// <param name="port">The ship's port.</param>
    /// <param name="to">Whom it is for.</param>
    /// <param name="payload">The datagram: a slice of the packet.</param>
    /// <returns>What is wrong with it.</returns>
    public static PacketFault Read(ReadOnlySpan<byte> packet, ushort port, out (uint Address, ushort Port) to, out ReadOnlySpan<byte> payload)
    {
        to = default;
        payload = default;
        if (packet.Length > 0 && packet[0] >> 4 != 4)
            return PacketFault.NotIPv4;
        if (packet.Length < InternetSize)
            return PacketFault.Malformed;
        int headerSize = (packet[0] & 15) * 4;
        if (headerSize < InternetSize || headerSize > packet.Length || BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) != packet.Length || Checksum(Sum(packet[..headerSize], 0)) != 0)
            return PacketFault.Malformed;
        if ((BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & FragmentBits) != 0)
            return PacketFault.Fragment;
        if (packet[9] != Udp)
            return PacketFault.Protocol;
        ReadOnlySpan<byte> udp = packet[headerSize..];
        if (udp.Length < UdpSize || BinaryPrimitives.ReadUInt16BigEndian(udp[4..]) != udp.Length)
            return PacketFault.Malformed;
        if (BinaryPrimitives.ReadUInt16BigEndian(udp[6..]) != 0 && Checksum(Sum(udp, Pseudo(packet, udp.Length))) != 0)
            return PacketFault.Malformed;
        if (BinaryPrimitives.ReadUInt16BigEndian(udp) != port)
            return PacketFault.OtherPort;
        to = (BinaryPrimitives.ReadUInt32BigEndian(packet[16..]), BinaryPrimitives.ReadUInt16BigEndian(udp[2..]));
        payload = udp[UdpSize..];
        return PacketFault.None;
    }

    private static uint Pseudo(ReadOnlySpan<byte> header, int length) => Sum(header[12..InternetSize], (uint)(Udp + length));

    // At most 32,768 words: no overflow.
    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (; bytes.Length > 1; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.Length > 0 ? sum + ((uint)bytes[0] << 8) : sum;
    }

    private static ushort Checksum(uint sum)
    {
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~((sum & 0xFFFF) + (sum >> 16));
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Balancer;

/// <summary>An address and a port as frames and the kernel carry them: IPv6, or IPv4 mapped into it (<c>::ffff:a.b.c.d</c>, RFC 4291 §2.5.5.2).</summary>
/// <param name="Address">The 16 bytes of the address, read big-endian.</param>
/// <param name="Port">The port; 0 only where there is no peer.</param>
/// <remarks>There is no scope: link-local addresses of IPv6 can't be answered.</remarks>
public readonly record struct PeerAddress(UInt128 Address, ushort Port)
{
    private const uint MappedPrefix = 0xFFFF;

    /// <summary>The address is one of IPv4.</summary>
    public bool IsIPv4 => (Address >> 32) == MappedPrefix;

    /// <summary>The 32 bits of an IPv4 address, the first of the four numbers highest.</summary>
    public uint IPv4 => (uint)Address;

    /// <summary>Maps an IPv4 address.</summary>
    public static PeerAddress OfIPv4(uint address, ushort port) => new(((UInt128)MappedPrefix << 32) | address, port);

    /// <summary>Reads an end point of the class library; its scope is lost.</summary>
    public static PeerAddress Of(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Span<byte> bytes = stackalloc byte[16];
        _ = endPoint.Address.TryWriteBytes(bytes, out int count);
        return count == 4
            ? OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)endPoint.Port)
            : new PeerAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes), (ushort)endPoint.Port);
    }

    /// <summary>The end point for the class library: allocates.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Address);
        return new IPEndPoint(new IPAddress(IsIPv4 ? bytes[12..] : bytes), Port);
    }

    /// <summary>Writes it as a <c>sockaddr_in</c> or <c>sockaddr_in6</c> of Linux.</summary>
    /// <param name="target">At least 28 bytes.</param>
    /// <param name="family">The family of the socket that it is for.</param>
    /// <returns>The bytes used; 0 where a socket of IPv4 can't reach the address.</returns>
    internal int WriteSocketAddress(Span<byte> target, AddressFamily family)
    {
        target[..DatagramSocket.AddressRoom].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], Port);
        if (family == AddressFamily.InterNetwork)
        {
            if (!IsIPv4)
                return 0;
            BitConverter.TryWriteBytes(target, DatagramSocket.FamilyInet);
            BinaryPrimitives.WriteUInt32BigEndian(target[4..], IPv4);
            return 16;
        }
        BitConverter.TryWriteBytes(target, DatagramSocket.FamilyInet6);
        BinaryPrimitives.WriteUInt128BigEndian(target[8..], Address);
        return 28;
    }

    /// <summary>Reads what the kernel wrote; an address of neither family has no port.</summary>
    internal static PeerAddress ReadSocketAddress(ReadOnlySpan<byte> source)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(source[2..]);
        return BitConverter.ToUInt16(source) switch
        {
            DatagramSocket.FamilyInet => OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(source[4..]), port),
            DatagramSocket.FamilyInet6 => new PeerAddress(BinaryPrimitives.ReadUInt128BigEndian(source[8..]), port),
            _ => default,
        };
    }

    /// <summary>As people write it: <c>10.0.0.1:80</c>, <c>[fd00::1]:80</c>.</summary>
    public override string ToString() => ToEndPoint().ToString();
}

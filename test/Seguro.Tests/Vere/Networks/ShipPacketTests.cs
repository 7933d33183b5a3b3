using System.Buffers.Binary;
using System.Net;
using Seguro.Vere.Networks;

namespace Seguro.Tests.Vere.Networks;

/// <summary>Packets of a ship's own network: written as a kernel takes them, and read with suspicion.</summary>
public sealed class ShipPacketTests
{
    private const ushort Port = 31337;
    private static readonly (uint, ushort) Peer = (0xC6336409, 40000); // 198.51.100.9

    [Fact]
    public void A_packet_is_to_the_byte_what_the_standards_say()
    {
        byte[] packet = new byte[64];
        int size = ShipPacket.Write(packet, (0xC0A80001, 53), (0xC0A800C7, 1024), "hello"u8);
        // Computed by hand from RFC 791 and RFC 768.
        Assert.Equal("4500002100004000401178D0C0A80001C0A800C700350400000DB68568656C6C6F"[..20], Convert.ToHexString(packet.AsSpan(0, 10)));
        Assert.Equal(33, size);
        Assert.Equal(0xFFFF, Fold(packet.AsSpan(0, 20), 0));
        Assert.Equal(0xFFFF, Fold(packet.AsSpan(20, 13), Fold(packet.AsSpan(12, 8), 17 + 13)));
    }

    [Fact]
    public void Every_size_goes_through_and_each_changed_bit_of_the_headers_is_found_out()
    {
        byte[] packet = new byte[ShipPacket.MaxSize];
        foreach (int length in (int[])[0, 1, 2, 3, 1023, 1024, 1472, 1473, ShipPacket.MaxSize - ShipPacket.HeaderSize])
        {
            byte[] payload = new byte[length];
            new Random(length).NextBytes(payload);
            int size = ShipPacket.Write(packet, (0xC0000008, Port), Peer, payload);
            Assert.Equal(PacketFault.None, ShipPacket.Read(packet.AsSpan(0, size), Port, out (uint, ushort) to, out ReadOnlySpan<byte> read));
            Assert.Equal(Peer, to);
            Assert.Equal(payload, read);
            Assert.Equal(PacketFault.OtherPort, ShipPacket.Read(packet.AsSpan(0, size), Port + 1, out _, out _));
            Assert.Equal(PacketFault.Malformed, ShipPacket.Read(packet.AsSpan(0, size - 1), Port, out _, out _));
            for (int bit = 0; bit < (ShipPacket.HeaderSize + Math.Min(length, 4)) * 8; bit++)
            {
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
                bool isNoChecksum = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(26)) == 0;
                if (!isNoChecksum)
                    Assert.NotEqual(PacketFault.None, ShipPacket.Read(packet.AsSpan(0, size), Port, out _, out _));
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
        Assert.Throws<ArgumentException>(() => ShipPacket.Write(packet, Peer, Peer, new byte[ShipPacket.MaxSize - ShipPacket.HeaderSize + 1]));
    }

    [Theory]
    [InlineData(6, 0x20, PacketFault.Fragment)] // more follow
    [InlineData(7, 0x01, PacketFault.Fragment)] // a later part
    [InlineData(9, 6, PacketFault.Protocol)] // TCP
    [InlineData(9, 1, PacketFault.Protocol)] // ICMP
    [InlineData(0, 0x65, PacketFault.NotIPv4)]
    [InlineData(0, 0x44, PacketFault.Malformed)]
    [InlineData(25, 200, PacketFault.Malformed)] // UDP's length
    public void What_is_no_whole_datagram_is_called_so(int at, byte value, PacketFault fault)
    {
        byte[] packet = new byte[60];
        int size = ShipPacket.Write(packet, (0xC0000008, Port), Peer, "a datagram"u8);
        packet[at] = value;
        packet[10] = packet[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~Fold(packet.AsSpan(0, 20), 0));
        Assert.Equal(fault, ShipPacket.Read(packet.AsSpan(0, size), Port, out _, out _));
    }

    [Fact]
    public void Options_before_a_datagram_are_passed_over()
    {
        byte[] packet = new byte[60];
        int size = ShipPacket.Write(packet, (0xC0000008, Port), Peer, "a datagram"u8);
        byte[] longer = [.. packet[..20], 1, 1, 1, 0, .. packet[20..size]];
        longer[0] = 0x46;
        BinaryPrimitives.WriteUInt16BigEndian(longer.AsSpan(2), (ushort)longer.Length);
        longer[10] = longer[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(longer.AsSpan(10), (ushort)~Fold(longer.AsSpan(0, 24), 0));
        Assert.Equal(PacketFault.None, ShipPacket.Read(longer, Port, out _, out ReadOnlySpan<byte> read));
        Assert.Equal("a datagram"u8, read);
    }

    [Fact]
    public void No_bytes_at_all_make_it_fail()
    {
        Random random = new(7);
        byte[] packet = new byte[80];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(packet);
            packet[0] = (byte)(0x40 | (packet[0] & 15));
            _ = ShipPacket.Read(packet.AsSpan(0, random.Next(packet.Length + 1)), Port, out _, out _);
        }
    }

    [Fact]
    public void The_name_servers_are_those_of_the_machine_as_far_as_they_have_an_address()
    {
        const string Text = "# by hand\nsearch example\nnameserver 127.0.0.53\nnameserver  10.0.0.2  # near\n nameserver fd00::1\nnameserver\nnameserver 127.0.0.53\noptions edns0\nnameserver x\nnameserver 9.9.9.9\nnameserver 8.8.8.8\n";
        Assert.Equal([IPAddress.Parse("127.0.0.53"), IPAddress.Parse("10.0.0.2"), IPAddress.Parse("9.9.9.9")], NameRelay.ServersOf(Text));
    }

    private static ushort Fold(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (int at = 0; at < bytes.Length; at++)
            sum += at % 2 == 0 ? (uint)bytes[at] << 8 : bytes[at];
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }
}

using System.Buffers.Binary;
using System.Net;
using CsCheck;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Nock.Drivers;

public class AmesDriverTests
{
    private static readonly IPEndPoint Source = new(IPAddress.Parse("192.0.2.1"), 13337);

    /// <summary>210 datagrams that a real ship heard: from the address and the bytes comes the noun that vere made.</summary>
    [Fact]
    public void Hears_what_vere_heard()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        int count = 0;
        foreach (PierEvent log in pier.Read(new EventNumber(14), pier.Info.Last))
        {
            Noun ovum = Axis.Get(Cue.From(log.Payload.Span[4..]), 3);
            if (Axis.Get(ovum, 6) != "hear")
                continue;
            ulong lane = ((Atom)Axis.Get(ovum, 29)).Low;
            byte[] address = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(address, (uint)lane);
            byte[] datagram = ((Atom)Axis.Get(ovum, 15)).Bytes.ToArray();
            byte[]? ours = AmesDriver.Hear(new IPEndPoint(new IPAddress(address), (int)(lane >> 32)), datagram);
            Assert.Equal(Jam.ToBytes(ovum), ours);
            Assert.True(AmesDriver.IsClassic(datagram));
            datagram[^1] ^= 1;
            Assert.False(AmesDriver.IsClassic(datagram));
            count++;
        }
        Assert.Equal(210, count);
    }

    [Fact]
    public void A_lane_is_port_and_address()
    {
        Noun ovum = Cue.From(AmesDriver.Hear(Source, "text"u8)!);
        Assert.Equal(Cell.Of(NounList.Path("a", "ames"), "hear", Cell.Of(1, 0x3419_c000_0201UL), "text"), ovum);
        Assert.Equal(AmesDriver.Hear(Source, "text"u8), AmesDriver.Hear(new IPEndPoint(Source.Address.MapToIPv6(), Source.Port), "text"u8));
        Assert.Null(AmesDriver.Hear(new IPEndPoint(IPAddress.IPv6Loopback, 1), "text"u8));
    }

    [Fact]
    public void Packets_of_the_newer_protocol_are_told_by_their_cookie()
    {
        byte[] packet = [1, 2, 3, 4, 0x00, 0x02, 0xe0, 0x67, 9];
        Assert.Equal(Cell.Of(NounList.Path("ames", "ames"), "heer", Cell.Of("if", 0xc0000201UL, 13337), Atom.Of(packet)), Cue.From(AmesDriver.Hear(Source, packet)!));
        Assert.Null(AmesDriver.Hear(Source, [.. packet, .. new byte[AmesDriver.LargestMesa]]));
        Assert.True(AmesDriver.IsMesa(packet.AsSpan(0, 8)));
        Assert.False(AmesDriver.IsMesa(packet.AsSpan(0, 7)));
    }

    [Fact]
    public void What_is_for_the_runtime_is_not_heard()
    {
        Assert.Null(AmesDriver.Hear(Source, [0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, .. new byte[20]]));
        byte[] body = [1, 2, 3, 4, 5];
        uint mug = (uint)Atom.Of(body).Mug & 0xfffff;
        byte[] Packet(uint kind)
        {
            byte[] packet = [0, 0, 0, 0, .. body];
            BinaryPrimitives.WriteUInt32LittleEndian(packet, kind | (mug << 11) | (1u << 31));
            return packet;
        }

        Assert.Null(AmesDriver.Hear(Source, Packet(8)));
        Assert.Equal(NounList.Path("ames", "fine"), Axis.Get(Cue.From(AmesDriver.Hear(Source, Packet(12))!), 2));
        Assert.Equal(NounList.Path("a", "ames"), Axis.Get(Cue.From(AmesDriver.Hear(Source, Packet(0))!), 2));
    }

    [Theory]
    [InlineData(0x3419_c000_0201UL, "192.0.2.1:13337")]
    [InlineData(0x0001_0000_0000UL, "127.0.0.1:1")]
    [InlineData(0xffff_ffff_ffffUL, "255.255.255.255:65535")]
    [InlineData(0x0000_c000_0201UL, null)]
    [InlineData(0x1_3419_c000_0201UL, null)]
    public void Destinations_are_read_as_vere_reads_them(ulong lane, string? expected)
    {
        Assert.True(AmesDriver.TryReadSends(Send("send", Cell.Of(1, lane)), out IReadOnlyList<AmesSend> sends));
        Assert.Equal(expected, sends.SingleOrDefault().Destination?.ToString());
        Noun push = Cell.Of("if", lane & uint.MaxValue, lane >> 32);
        Assert.True(AmesDriver.TryReadSends(Send("push", NounList.Of(push, 5, 300, "other", push)), out sends));
        Assert.Equal(expected is null ? [null] : [expected, null, expected], sends.Select(send => send.Destination?.ToString()));
        Assert.Equal((byte)5, sends.Single(send => send.Destination is null).Galaxy);
    }

    [Fact]
    public void Galaxies_are_left_to_the_caller()
    {
        Assert.True(AmesDriver.TryReadSends(Send("send", Cell.Of(0, 1)), out IReadOnlyList<AmesSend> sends));
        AmesSend send = Assert.Single(sends);
        Assert.Null(send.Destination);
        Assert.Equal((byte)1, send.Galaxy);
        Assert.Equal("blob"u8.ToArray(), send.Datagram.ToArray());
        Assert.True(AmesDriver.TryReadSends(Send("send", Cell.Of(0, 256)), out sends));
        Assert.Empty(sends);
    }

    [Fact]
    public void Other_effects_and_no_nouns_are_told_apart()
    {
        Assert.False(AmesDriver.TryReadSends(Jam.ToBytes(Cell.Of(NounList.Path("behn"), "doze", 0)), out _));
        Assert.False(AmesDriver.TryReadSends(Jam.ToBytes(Cell.Of(NounList.Path("ames"), "send", 5)), out _));
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            AmesDriver.TryReadSends(bytes, out _);
            BehnDriver.TryReadDoze(bytes, out _);
        });
    }

    private static byte[] Send(string tag, Noun lane) => Jam.ToBytes(Cell.Of(NounList.Path("ames"), tag, lane, "blob"));
}

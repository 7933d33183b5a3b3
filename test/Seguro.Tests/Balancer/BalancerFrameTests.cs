using System.Net;
using System.Security.Cryptography;
using CsCheck;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Tests.Balancer;

/// <summary>The frame between balancer and members: its bytes, and what is not one.</summary>
public sealed class BalancerFrameTests : IDisposable
{
    private static readonly byte[] KeyBytes = [.. Enumerable.Range(1, 32).Select(static number => (byte)number)];
    private static readonly PeerAddress Peer = PeerAddress.Of(IPEndPoint.Parse("203.0.113.7:13337"));

    private readonly FrameSeal _seal = new(new MemberKey(KeyBytes));

    public void Dispose() => _seal.Dispose();

    [Fact]
    public void Has_the_bytes_that_the_reference_says()
    {
        byte[] frame = Make(FrameKind.Ingress, false, 0x0102030405060708, Peer, [0xAA, 0xBB]);
        string header = "53474232" + "01000000" + "0807060504030201" + "00000000000000000000FFFFCB007107" + "1934" + "0000" + "AABB";
        Assert.Equal(header, Convert.ToHexString(frame[..^20]));
        Assert.Equal(SHA256.HashData((byte[])[.. "seguro member key"u8, .. KeyBytes])[..4], frame[^20..^16]);
        Assert.Equal(HMACSHA256.HashData(KeyBytes, (byte[])[.. SHA256.HashData(frame[..^20]), .. frame[^20..^16]])[..16], frame[^16..]);
    }

    [Fact]
    public void Comes_back_as_it_was() =>
        Gen.Select(Gen.Enum<FrameKind>(), Gen.Bool, Gen.ULong, Gen.Byte.Array[16], Gen.UShort, Gen.Byte.Array[0, 2000])
            .Where(static (kind, _, _, _, _, _) => kind is not FrameKind.None)
            .Sample((kind, master, number, address, port, payload) =>
            {
                bool hello = kind == FrameKind.Hello;
                int size = kind switch { FrameKind.Hello => 16, FrameKind.Welcome => 24, _ => payload.Length };
                PeerAddress peer = kind is FrameKind.Hello or FrameKind.Welcome ? default : PeerAddress.Of(new IPEndPoint(new IPAddress(address), port));
                byte[] content = [.. payload.Concat(new byte[24]).Take(size)];
                // A seal may serve only one thread, and CsCheck uses several.
                using FrameSeal seal = new(new MemberKey(KeyBytes));
                byte[] bytes = new byte[content.Length + BalancerFrame.Overhead];
                content.CopyTo(bytes, BalancerFrame.HeaderSize);
                Assert.Equal(bytes.Length, BalancerFrame.Complete(bytes, content.Length, kind, hello && master, number, peer, seal));
                Assert.True(BalancerFrame.TryRead(bytes, seal, out BalancerFrame frame, out FrameFault fault));
                Assert.Equal(FrameFault.None, fault);
                Assert.Equal((kind, hello && master, number, peer), (frame.Kind, frame.IsMaster, frame.Number, frame.Peer));
                Assert.Equal(content, frame.Payload.ToArray());
            });

    [Fact]
    public void One_changed_bit_anywhere_makes_it_none()
    {
        byte[] good = Make(FrameKind.Egress, false, 7, Peer, new byte[40]);
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bytes = [.. good];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Reads(bytes));
        }
        for (int size = 0; size < good.Length; size++)
            Assert.False(Reads(good[..size]));
        Assert.False(Reads([.. good, 0]));
        Assert.True(Reads(good));
    }

    [Fact]
    public void Garbage_is_none_and_harms_nobody() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 4], Gen.Byte).Sample((bytes, how, kind) =>
        {
            using FrameSeal seal = new(new MemberKey(KeyBytes));
            // Ever nearer to a frame: as it comes, with the magic, with a kind, with zeros, and at last with a right MAC around a wrong inside.
            if (bytes.Length >= BalancerFrame.Overhead)
            {
                if (how > 0)
                    "SGB2"u8.CopyTo(bytes);
                if (how > 1)
                    bytes[4] = (byte)(kind % 5);
                if (how > 2)
                    bytes[5] = bytes[6] = 0;
                bytes[7] |= 1; // never zero
                if (how > 3)
                {
                    byte[] digest = new byte[32];
                    FrameSeal.Digest(bytes.AsSpan(0, bytes.Length - FrameSeal.Size), digest);
                    seal.Write(digest, bytes.AsSpan(bytes.Length - FrameSeal.Size));
                }
            }
            Assert.False(BalancerFrame.TryRead(bytes, seal, out BalancerFrame frame, out FrameFault fault));
            Assert.NotEqual(FrameFault.None, fault);
            Assert.Equal(FrameKind.None, frame.Kind);
        });

    [Fact]
    public void A_hello_has_no_peer_and_a_definite_size()
    {
        Assert.True(Reads(Make(FrameKind.Hello, true, 3, default, new byte[16])));
        Assert.False(Reads(Make(FrameKind.Hello, true, 3, Peer, new byte[16])));
        Assert.False(Reads(Make(FrameKind.Hello, true, 3, default, new byte[17])));
        Assert.False(Reads(Make(FrameKind.Hello, true, 3, default, [])));
        Assert.True(Reads(Make(FrameKind.Welcome, false, 3, default, new byte[24])));
        Assert.False(Reads(Make(FrameKind.Welcome, false, 3, default, new byte[16])));
        Assert.False(Reads(Make(FrameKind.Welcome, true, 3, default, new byte[24])));
        Assert.False(Reads(Make(FrameKind.Welcome, false, 3, Peer, new byte[24])));
    }

    [Fact]
    public void Only_a_hello_says_who_is_master()
    {
        Assert.False(Reads(Make(FrameKind.Egress, true, 3, Peer, [])));
        Assert.False(Reads(Make(FrameKind.Ingress, true, 3, Peer, [])));
    }

    [Fact]
    public void Another_key_makes_another_seal()
    {
        using FrameSeal other = new(new MemberKey(new byte[32]));
        byte[] frame = Make(FrameKind.Egress, false, 7, Peer, [1]);
        Assert.False(BalancerFrame.TryRead(frame, other, out _, out FrameFault fault));
        Assert.Equal(FrameFault.UnknownKey, fault);
        BitConverter.GetBytes(other.Id).CopyTo(frame, frame.Length - 20);
        Assert.False(BalancerFrame.TryRead(frame, other, out _, out fault));
        Assert.Equal(FrameFault.Forged, fault);
    }

    [Fact]
    public void The_largest_payload_fits_and_one_more_is_refused()
    {
        Assert.Equal(BalancerFrame.MaxSize, Make(FrameKind.Ingress, false, 1, Peer, new byte[BalancerFrame.MaxPayload]).Length);
        Assert.True(Reads(Make(FrameKind.Ingress, false, 1, Peer, new byte[BalancerFrame.MaxPayload])));
        Assert.Throws<ArgumentOutOfRangeException>(() => Make(FrameKind.Ingress, false, 1, Peer, new byte[BalancerFrame.MaxPayload + 1]));
    }

    [Theory]
    [InlineData("10.1.2.3:80", "::ffff:10.1.2.3")]
    [InlineData("[fd00::1]:80", "fd00::1")]
    [InlineData("[::ffff:10.1.2.3]:80", "::ffff:10.1.2.3")]
    public void Addresses_are_those_of_IPv6_or_mapped(string text, string same)
    {
        PeerAddress peer = PeerAddress.Of(IPEndPoint.Parse(text));
        Assert.Equal(PeerAddress.Of(new IPEndPoint(IPAddress.Parse(same), 80)), peer);
        Assert.Equal(text.Contains('.', StringComparison.Ordinal), peer.IsIPv4);
        Assert.Equal(text.Contains('.', StringComparison.Ordinal) ? "10.1.2.3:80" : "[fd00::1]:80", peer.ToString());
    }

    private bool Reads(byte[] bytes) => BalancerFrame.TryRead(bytes, _seal, out _, out _);

    private byte[] Make(FrameKind kind, bool isMaster, ulong number, PeerAddress peer, byte[] payload)
    {
        byte[] bytes = new byte[payload.Length + BalancerFrame.Overhead];
        payload.CopyTo(bytes, BalancerFrame.HeaderSize);
        BalancerFrame.Complete(bytes, payload.Length, kind, isMaster, number, peer, _seal);
        return bytes;
    }
}

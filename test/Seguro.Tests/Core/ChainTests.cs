using System.Buffers.Binary;
using System.Security.Cryptography;
using CsCheck;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Core;

public sealed class ChainTests
{
    private static readonly Gen<Chain> GenChain = Gen.Byte.Array[Chain.Size].Select(static bytes => new Chain(bytes));

    private static readonly Gen<byte[]> GenPayload = Gen.OneOf(Gen.Byte.Array[0, 64], Gen.Int[2000, 2100].Select(static n => SeededPayload.Of((ulong)n, n)), Gen.Byte.Array[0, 9000]);

    [Fact]
    public void A_link_is_the_SHA256_of_its_preimage()
    {
        Gen.Select(GenChain, Gen.ULong, GenPayload).Sample(static (previous, number, payload) =>
        {
            using ChainHasher hasher = new();
            Assert.Equal(Independent(previous, number, payload), hasher.Next(previous, new EventNumber(number), payload));
        });
    }

    [Fact]
    public void Known_links_stay_as_they_are()
    {
        // Computed with Python's hashlib: sha256(bytes(32) + (1).to_bytes(8, 'little') + (0).to_bytes(8, 'little')), and so on.
        using ChainHasher hasher = new();
        Chain one = hasher.Next(Chain.Zero, new EventNumber(1), []);
        Chain two = hasher.Next(one, new EventNumber(2), "seguro"u8);
        Assert.Equal("d7e9312aec58e7d22f7ff21ecca282c5b1cbd64763526652b5543fa0b103e765", one.ToString());
        Assert.Equal("2b7bbd65f4248343aa3ae2910ed1653f36298e703a894942275db37b0276b7b9", two.ToString());
    }

    [Fact]
    public void Pieces_make_the_link_of_the_whole()
    {
        Gen.Select(GenChain, GenPayload, Gen.Int[1, 500]).Sample(static (previous, payload, piece) =>
        {
            using ChainHasher hasher = new();
            EventNumber number = new(7);
            hasher.Begin(previous, number, payload.Length);
            for (int at = 0; at < payload.Length; at += piece)
                hasher.Add(payload.AsSpan(at, Math.Min(piece, payload.Length - at)));
            Assert.Equal(Independent(previous, 7, payload), hasher.End());
        });
    }

    [Fact]
    public void An_abandoned_link_leaves_no_trace()
    {
        using ChainHasher hasher = new();
        hasher.Begin(Chain.Zero, new EventNumber(1), 5000);
        hasher.Add(new byte[3000]);
        hasher.Begin(Chain.Zero, new EventNumber(2), 3);
        hasher.Add([1, 2, 3]);
        Assert.Equal(Independent(Chain.Zero, 2, [1, 2, 3]), hasher.End());
        hasher.Begin(Chain.Zero, new EventNumber(1), 5000);
        Assert.Equal(Independent(Chain.Zero, 2, [1, 2, 3]), hasher.Next(Chain.Zero, new EventNumber(2), [1, 2, 3]));
        Assert.Equal(Independent(Chain.Zero, 3, new byte[5000]), hasher.Next(Chain.Zero, new EventNumber(3), new byte[5000]));
    }

    [Fact]
    public void More_or_less_payload_than_announced_is_refused()
    {
        using ChainHasher hasher = new();
        Assert.Throws<InvalidOperationException>(() => hasher.Add([1]));
        Assert.Throws<InvalidOperationException>(() => hasher.End());
        hasher.Begin(Chain.Zero, new EventNumber(1), 2);
        hasher.Add([1]);
        Assert.Throws<InvalidOperationException>(() => hasher.End());
        Assert.Throws<InvalidOperationException>(() => hasher.Add([1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => hasher.Begin(Chain.Zero, new EventNumber(1), -1));
    }

    [Fact]
    public void Every_part_of_the_preimage_matters()
    {
        Gen.Select(GenChain, Gen.ULong, Gen.Byte.Array[1, 300], Gen.Int[0, 10_000]).Sample(static (previous, number, payload, at) =>
        {
            using ChainHasher hasher = new();
            Chain link = hasher.Next(previous, new EventNumber(number), payload);
            Assert.NotEqual(link, hasher.Next(previous, new EventNumber(number ^ 1), payload));
            Assert.NotEqual(link, hasher.Next(previous, new EventNumber(number), [.. payload, 0]));
            Assert.NotEqual(link, hasher.Next(previous, new EventNumber(number), payload.AsSpan(1)));
            Assert.NotEqual(link, hasher.Next(link, new EventNumber(number), payload));
            payload[at % payload.Length] ^= (byte)(1 << (at % 8));
            Assert.NotEqual(link, hasher.Next(previous, new EventNumber(number), payload));
        });
    }

    [Fact]
    public void Text_and_bytes_come_back()
    {
        Gen.Byte.Array[Chain.Size].Sample(bytes =>
        {
            Chain chain = new(bytes);
            Assert.Equal(bytes, chain.ToArray());
            Assert.Equal(Convert.ToHexStringLower(bytes), chain.ToString());
            Assert.True(Chain.TryParse(chain.ToString(), out Chain parsed));
            Assert.Equal(chain, parsed);
            Assert.Equal(chain.GetHashCode(), parsed.GetHashCode());
            bytes[^1] ^= 1;
            Assert.False(new Chain(bytes) == chain);
            Assert.True(new Chain(bytes) != chain);
        });
        Assert.Equal(new byte[Chain.Size], Chain.Zero.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("g000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000")]
    public void Text_that_is_no_chain_is_refused(string? text) => Assert.False(Chain.TryParse(text, out _));

    [Fact]
    public void Other_than_32_bytes_are_refused()
    {
        Assert.Throws<ArgumentException>(static () => new Chain(new byte[31]));
        Assert.Throws<ArgumentException>(static () => new Chain(new byte[33]));
    }

    private static Chain Independent(Chain previous, ulong number, byte[] payload)
    {
        byte[] preimage = new byte[48 + payload.Length];
        previous.ToArray().CopyTo(preimage, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(preimage.AsSpan(32), number);
        BinaryPrimitives.WriteUInt64LittleEndian(preimage.AsSpan(40), (ulong)payload.Length);
        payload.CopyTo(preimage, 48);
        return new Chain(SHA256.HashData(preimage));
    }
}

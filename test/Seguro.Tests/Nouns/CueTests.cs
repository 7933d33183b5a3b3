using CsCheck;
using Seguro.Core;
using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Nouns;

public class CueTests
{
    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("03")]
    [InlineData("0000000000000000000000000000000000")]
    [InlineData("0003000000000000")]
    [InlineData("0b")]
    [InlineData("41d54a")]
    public void Refuses_damaged_input(string hex)
    {
        NounException error = Assert.Throws<NounException>(() => Cue.From(Convert.FromHexString(hex)));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Fact]
    public void Refuses_a_reference_to_a_cell_that_is_still_being_read()
    {
        // [ref-to-0 ...: 1 0 (cell), 1 1 (reference) mat(0) = 1
        NounException error = Assert.Throws<NounException>(() => Cue.From([0b11101]));
        Assert.Contains("bit 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claimed_length_takes_no_memory()
    {
        // An atom that says it has 2^39 bits.
        byte[] hostile = new byte[20];
        hostile[5] = 0x01;
        hostile[10] = 0xff;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<NounException>(() => Cue.From(hostile));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
    }

    [Fact]
    public void Keeps_its_limits()
    {
        Noun list = NounList.Of(1, 2, 3, 4, 5, 6, 7, 8, 9);
        byte[] jam = Jam.ToBytes(list);
        Assert.Equal(list, Cue.From(jam, new CueLimits(jam.Length, 9, 19)));
        foreach (CueLimits limits in new CueLimits[] { new(jam.Length - 1, 9, 19), new(jam.Length, 8, 19), new(jam.Length, 9, 18) })
            Assert.Equal(ErrorCode.TooLarge, Assert.Throws<NounException>(() => Cue.From(jam, limits)).Code);
    }

    [Fact]
    public void Any_bytes_are_a_noun_or_a_typed_error() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        try
        {
            Noun noun = Cue.From(bytes);
            Assert.Equal(noun, Cue.From(Jam.ToBytes(noun)));
        }
        catch (NounException error)
        {
            Assert.Equal(ErrorCode.Corrupt, error.Code);
        }
    });

    [Fact]
    public void A_jam_with_flipped_bits_is_a_noun_or_a_typed_error() => Gen.Select(RandomNouns.Nouns, Gen.Int[0, 100_000].Array[1, 4]).Sample((noun, flips) =>
    {
        byte[] jam = Jam.ToBytes(noun);
        foreach (int flip in flips)
            jam[flip / 8 % jam.Length] ^= (byte)(1 << (flip % 8));
        try
        {
            Assert.NotEqual(0, Cue.From(jam).Mug);
        }
        catch (NounException error)
        {
            Assert.Equal(ErrorCode.Corrupt, error.Code);
        }
    });

    [Fact]
    public void A_cut_jam_is_refused() => RandomNouns.Nouns.Sample(noun =>
    {
        byte[] jam = Jam.ToBytes(noun);
        Assert.Throws<NounException>(() => Cue.From(jam.AsSpan(0, jam.Length - 1)));
    });
}

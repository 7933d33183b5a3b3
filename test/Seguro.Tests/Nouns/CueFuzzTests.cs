using CsCheck;
using Seguro.Nouns;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Nouns;

/// <summary>
/// A short session of what eng/fuzz.sh does for as long as it is let: inputs made from seeds by chance, but not led by coverage; and what that found.
/// </summary>
public class CueFuzzTests
{
    private static readonly Gen<Func<byte[], byte[]>> Mutations = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 1 << 20], Gen.Byte, Gen.Int[0, NounSeeds.All.Count - 1]).Select(Mutation);

    [Fact]
    public void Changed_jams_are_read_as_the_definition_says_or_refused() =>
        Gen.Select(Gen.Int[0, NounSeeds.All.Count - 1], Mutations.Array[0, 8]).Sample(
            (seed, mutations) => CueFuzz.Check(mutations.Aggregate(NounSeeds.All[seed], static (bytes, mutate) => mutate(bytes))),
            iter: 40_000);

    // Refused by a bound on open cells that was one tail too strict for each cell whose head was read.
    [Theory]
    [InlineData("99a549")]
    public void What_the_fuzzer_found_holds(string hex) => CueFuzz.Check(Convert.FromHexString(hex));

    // What takes the most memory a byte: cells that are never ended; zeros nested to the left; and to the right.
    [Theory]
    [InlineData(0x55, 0x55, false)]
    [InlineData(0x55, 0xaa, true)]
    [InlineData(0x99, 0x99, true)]
    public void Memory_is_at_most_so_much_for_each_byte(byte firstHalf, byte secondHalf, bool isNoun)
    {
        byte[] hostile = new byte[1_100_000];
        // A byte less, and zeros at the end: at least one more zero than there are cells.
        int half = (hostile.Length / 2) - 1;
        hostile.AsSpan(0, half).Fill(firstHalf);
        hostile.AsSpan(half).Fill(secondHalf);
        if (isNoun)
            hostile[^1] = 0xaa;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Noun? noun = null;
        try
        {
            noun = Cue.From(hostile);
        }
        catch (NounException)
        {
            Assert.False(isNoun);
        }
        // All that was ever taken, tables that were outgrown included.
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{(double)taken / hostile.Length:0} bytes for each");
        Assert.InRange(taken, 0, 256L * hostile.Length);
        Assert.Equal(isNoun, noun is not null);
    }

    private static Func<byte[], byte[]> Mutation(int kind, int place, byte value, int other) => bytes =>
    {
        int at = bytes.Length == 0 ? 0 : place % bytes.Length;
        byte[] changed = [.. bytes];
        switch (kind)
        {
            case 0 when bytes.Length > 0:
                changed[at] ^= (byte)(1 << (value & 7));
                return changed;
            case 1 when bytes.Length > 0:
                changed[at] = value;
                return changed;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], value, .. bytes[at..]];
            case 4 when bytes.Length > 0:
                return [.. bytes[..at], .. bytes[(at + 1)..]];
            default:
                // The beginning of this and the end of another; not longer than it may get.
                byte[] end = NounSeeds.All[other];
                return [.. bytes[..Math.Min(at, 1000)], .. end[(place % (end.Length + 1))..]];
        }
    };
}

using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Testing;

/// <summary>What must hold of <see cref="Cue"/>, whatever the bytes are. Throws where it does not.</summary>
public static class CueFuzz
{
    /// <summary>The longest input tried, in bytes. Longer ones reach no other code: what reads and writes in pieces has a target of its own.</summary>
    public const int LongestInput = 4096;

    private const int BytesForEachByte = 200; // what CueLimits says
    private const int BytesBeside = 1 << 16; // an error's text; arrays that the pool had not got yet
    private static readonly CueLimits Tight = new(LongestInput, Depth: 20, Nouns: 60);

    /// <summary>
    /// Reads the bytes. They are a noun exactly where <see cref="PlainCue"/> says so, and the same; else the error is the typed one. Memory stays
    /// within its bound (and time, which afl-fuzz watches); the noun's jam is read back as the same noun, jams to the same bytes, has the same mug, and can be printed; limits hold.
    /// </summary>
    /// <exception cref="InvalidOperationException">Something of that is not so.</exception>
    public static void Check(byte[] bytes)
    {
        Noun? noun = Read(bytes, CueLimits.Default);
        Noun? expected = PlainCue.From(bytes);
        Must((noun is null) == (expected is null), noun is null ? "a noun was refused" : "what is not a noun was accepted");
        if (noun is null || expected is null)
            return;
        Noun again = Read(bytes, CueLimits.Default)!;
        byte[] jam = Jam.ToBytes(noun);
        Noun? back = Read(jam, CueLimits.Default);
        Must(back is not null, "a jam was refused");
        Must(noun.Mug == expected.Mug && noun.Mug == back!.Mug, "the mugs of equal nouns differ");
        Must(Jam.ToBytes(expected).AsSpan().SequenceEqual(jam) && Jam.ToBytes(back!).AsSpan().SequenceEqual(jam), "equal nouns jam to different bytes");
        // Equality makes the two share their parts, so it comes after what must work without.
        Must(noun == expected && again == back!, "the noun is not the one that the bytes say");
        Must(noun != new Cell(noun, noun), "a noun is equal to a pair of itself");
        Must(NounPrinter.Print(noun, 100).Length <= 260, "the text is longer than its bound");
        Noun? limited = Read(bytes, Tight);
        Must(limited is null || limited == noun, "with limits it is another noun");
    }

    /// <summary>Reads the bytes within the bounds for memory; null where they are refused as they should be.</summary>
    private static Noun? Read(byte[] bytes, CueLimits limits)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Noun? noun = null;
        try
        {
            noun = Cue.From(bytes, limits);
        }
        catch (NounException error)
        {
            ErrorCode code = error.Code;
            Must(code == ErrorCode.Corrupt || (code == ErrorCode.TooLarge && limits == Tight), $"the error is {code}");
        }
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Must(taken <= BytesBeside + ((long)BytesForEachByte * bytes.Length), $"{bytes.Length} bytes took {taken} bytes of memory");
        return noun;
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}

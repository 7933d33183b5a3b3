using System.Numerics;
using Seguro.Nouns;

namespace Seguro.Testing;

/// <summary>Jams to begin from: each shape of noun that jam treats in a way of its own, and what is nearly a jam.</summary>
public static class NounSeeds
{
    /// <summary>The inputs, each a few bytes to a few hundred.</summary>
    public static IReadOnlyList<byte[]> All { get; } = [.. Nouns().Select(Jam.ToBytes), .. Refused()];

    private static IEnumerable<Noun> Nouns()
    {
        foreach (ulong small in (ulong[])[0, 1, 2, 42, 255, 1023, 1024, uint.MaxValue, ulong.MaxValue])
            yield return small;
        foreach (int bits in (int[])[64, 65, 127, 128, 500, 1024])
            yield return (BigInteger.One << bits) - (bits & 1);
        yield return Cell.Of(0, 0);
        yield return Cell.Of(Cell.Of(1, 2), 1, 2);
        yield return Cell.Of(Cell.Of(1, 2), Cell.Of(1, 2), 1, 2);
        yield return Cell.Of("fast", "full", "fast", "full-and-long-enough-to-be-referred-to", "full-and-long-enough-to-be-referred-to");
        yield return NounList.Path("ames", "~zod", "a path of parts");
        yield return NounList.Of([.. Enumerable.Range(0, 60).Select(static n => (Noun)n)]);
        yield return NounList.Of([.. Enumerable.Repeat<Noun>("the same item again", 20)]);
        yield return Cell.Of(Atom.Of(new UInt128(0x8000000d33f1fe80, 0)), Cell.Of(0, "arvo", 0), "verb", 0, 1);
        yield return Cord.Tape("Some text, one character an item.");
        Noun doubled = 7;
        Noun left = 1;
        for (int i = 0; i < 40; i++)
        {
            doubled = new Cell(doubled, doubled);
            left = new Cell(new Cell(left, 2), 3);
        }
        yield return doubled;
        yield return left;
    }

    private static IEnumerable<byte[]> Refused()
    {
        // Nothing; a length that never ends; a reference to what is being read, and to where nothing begins; an atom cut short.
        yield return [0];
        yield return new byte[40];
        yield return [0b11101];
        yield return [0b00110001, 0xff];
        yield return [0, 3, 0, 0, 0];
        yield return [.. Enumerable.Repeat((byte)0x55, 300)]; // cells that are never ended
    }
}

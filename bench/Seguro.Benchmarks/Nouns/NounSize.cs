using Seguro.Nouns;

namespace Seguro.Benchmarks;

/// <summary>What a noun takes in memory.</summary>
internal static class NounSize
{
    private const int ObjectBytes = 40; // header, type, mug and mark, and two words: halves, or the value and the place of more words
    private const int ArrayBytes = 24;

    // The atoms below this are there once for all.
    private const ulong Shared = 1024;

    /// <summary>The objects it is made of, and their bytes.</summary>
    public static (long Objects, long Bytes) Of(Noun noun)
    {
        HashSet<Noun> seen = new(ReferenceEqualityComparer.Instance);
        Stack<Noun> open = new([noun]);
        long bytes = 0;
        while (open.TryPop(out Noun? next))
        {
            if (!seen.Add(next))
                continue;
            if (next is Cell cell)
            {
                bytes += ObjectBytes;
                open.Push(cell.Tail);
                open.Push(cell.Head);
            }
            else if (next is Atom { IsSmall: false } large)
            {
                bytes += ObjectBytes + ArrayBytes + ((large.ByteLength + 7) / 8 * 8);
            }
            else if (!((Atom)next).TryGet(out ulong value) || value >= Shared)
            {
                bytes += ObjectBytes;
            }
        }
        return (seen.Count, bytes);
    }
}

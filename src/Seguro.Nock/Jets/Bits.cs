using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Atoms as strings of bits, the least significant first.</summary>
static class Bits
{
    /// <summary>No jet makes a larger atom, in bits: 128 MiB, well below what .NET's numbers may have.</summary>
    public const long Most = 1L << 30;

    private const long Large = 1L << 16;

    /// <summary>The atom as a .NET number.</summary>
    public static System.Numerics.BigInteger Number(Atom atom)
    {
        if (atom.BitLength > Most)
            throw new NockCrash("meme");
        Weigh(atom.BitLength);
        return atom.ToBigInteger();
    }

    /// <summary>The bits from <paramref name="from"/> on, no more than so many.</summary>
    public static Atom Part(Atom atom, long from, long count)
    {
        long length = atom.BitLength;
        if (from >= length || count == 0)
            return Atom.Zero;
        count = Math.Min(count, length - from);
        if (from == 0 && count == length)
            return atom;
        ulong[] words = new ulong[(count + 63) / 64];
        ReadOnlySpan<ulong> source = atom.AsWords;
        int word = (int)(from >> 6);
        int shift = (int)(from & 63);
        for (int i = 0; i < words.Length; i++, word++)
        {
            words[i] = source[word] >> shift;
            if (shift > 0 && word + 1 < source.Length)
                words[i] |= source[word + 1] << (64 - shift);
        }
        if ((count & 63) != 0)
            words[^1] &= (1UL << (int)(count & 63)) - 1;
        return Atom.OfOwned(words);
    }

    /// <summary>The bits with so many zeros before them.</summary>
    public static Atom ShiftLeft(Atom atom, long by)
    {
        if (atom.BitLength == 0 || by == 0)
            return atom;
        ulong[] words = Room(atom.BitLength + by);
        Put(words, by, atom, atom.BitLength);
        return Atom.OfOwned(words);
    }

    /// <summary>Words for so many bits, all 0.</summary>
    public static ulong[] Room(long bits)
    {
        if (bits > Most)
            throw new NockCrash("meme");
        Weigh(bits);
        return new ulong[(bits + 63) / 64];
    }

    // Calls are looked at now and then, and what they usually take with them.
    private static void Weigh(long bits)
    {
        if (bits > Large)
            NockMachine.Take(bits / 8);
    }

    /// <summary>Sets the bits from <paramref name="at"/> on to the first of an atom; they were 0.</summary>
    public static void Put(Span<ulong> words, long at, Atom atom, long count)
    {
        if (count < atom.BitLength)
            atom = Part(atom, 0, count);
        if (atom.BitLength == 0)
            return;
        int word = (int)(at >> 6);
        int shift = (int)(at & 63);
        foreach (ulong bits in atom.AsWords)
        {
            words[word] |= bits << shift;
            ulong over = shift > 0 ? bits >> (64 - shift) : 0;
            word++;
            if (over != 0)
                words[word] |= over;
        }
    }
}

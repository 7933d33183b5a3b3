namespace Seguro.Vere.Protocol;

/// <summary>Reads the first parts of a jammed tuple, and nothing behind them: what a message is, without the gigabytes that it may carry.</summary>
/// <remarks>Any bytes may come. Format: vere-facts.md §3.1; nothing is allocated.</remarks>
internal static class JamHead
{
    /// <summary>The most atoms that are read.</summary>
    public const int MaxAtoms = 4;

    /// <summary>Reads the leading parts of <c>[a b c …]</c> as far as they are atoms below 2⁶⁴; the last part of a tuple is none of them.</summary>
    /// <param name="jam">The jam, or only its beginning.</param>
    /// <param name="atoms">Receives the parts; at most <see cref="MaxAtoms"/>.</param>
    /// <returns>How many there are: fewer than asked for where the next part is a cell, is too large, is malformed, or is not all there.</returns>
    public static int Read(ReadOnlySpan<byte> jam, Span<ulong> atoms)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(atoms.Length, MaxAtoms);
        Span<long> places = stackalloc long[MaxAtoms];
        long at = 0;
        for (int count = 0; count < atoms.Length; count++)
        {
            if (Bit(jam, at++) != 1 || Bit(jam, at++) != 0)
                return count;
            long place = at;
            if (Bit(jam, at++) == 0)
            {
                if (!ReadMat(jam, ref at, out atoms[count]))
                    return count;
                places[count] = place;
                continue;
            }
            // Jam refers back where that is shorter: a mug may be equal to a tag.
            if (Bit(jam, at++) != 1 || !ReadMat(jam, ref at, out ulong offset) || offset > long.MaxValue)
                return count;
            int seen = places[..count].IndexOf((long)offset);
            if (seen < 0)
                return count;
            atoms[count] = atoms[seen];
            places[count] = -1;
        }
        return atoms.Length;
    }

    private static bool ReadMat(ReadOnlySpan<byte> jam, ref long at, out ulong value)
    {
        value = 0;
        int size = 0;
        while (Bit(jam, at++) is int bit and not 1)
        {
            // A length of more than 7 bits is one of more than 64.
            if (bit < 0 || ++size > 7)
                return false;
        }
        if (size == 0)
            return true;
        if (!ReadBits(jam, ref at, size - 1, out ulong length))
            return false;
        length |= 1UL << (size - 1);
        return length <= 64 && ReadBits(jam, ref at, (int)length, out value);
    }

    private static bool ReadBits(ReadOnlySpan<byte> jam, ref long at, int count, out ulong bits)
    {
        bits = 0;
        for (int i = 0; i < count; i++)
        {
            int bit = Bit(jam, at++);
            if (bit < 0)
                return false;
            bits |= (ulong)bit << i;
        }
        return true;
    }

    /// <summary>A bit, or -1 beyond the end.</summary>
    private static int Bit(ReadOnlySpan<byte> jam, long at)
    {
        long place = at >> 3;
        return place < jam.Length ? (jam[(int)place] >> (int)(at & 7)) & 1 : -1;
    }
}

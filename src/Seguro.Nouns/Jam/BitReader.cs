using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>Reads bits, the least significant first. Never reads beyond the end.</summary>
ref struct BitReader
{
    /// <summary>How many bits <see cref="Peek"/> is sure to give, as far as there are as many.</summary>
    public const int PeekSize = 57;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _lastWord;

    /// <summary>Reads these bytes from their first bit.</summary>
    public BitReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _lastWord = bytes.Length - 8;
        End = 8L * bytes.Length;
    }

    /// <summary>The bit that is read next.</summary>
    public long Position { get; set; }

    /// <summary>The number of bits there are.</summary>
    public long End { get; }

    /// <summary>The next bits (57 or more), without going on; 0 beyond the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Peek()
    {
        int at = (int)(Position >> 3);
        ulong word = at <= _lastWord
            ? Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(_bytes), at))
            : Tail(at);
        return word >> (int)(Position & 7);
    }

    /// <summary>Reads a length or a back-reference: a number of fewer than 64 bits with its length before it.</summary>
    public ulong ReadMat()
    {
        ulong length = ReadLength();
        return length > 63 ? throw Malformed("a back-reference of more than 63 bits") : ReadBits((int)length);
    }

    /// <summary>Reads an atom with its length before it.</summary>
    public Atom ReadAtom()
    {
        ulong length = ReadLength();
        if (length <= 64)
            return Atom.Of(ReadBits((int)length));
        Require(length);
        ulong[] words = new ulong[(length + 63) / 64];
        for (int i = 0; i < words.Length - 1; i++)
            words[i] = ReadBits(64);
        words[^1] = ReadBits((int)(length - (64 * ((ulong)words.Length - 1))));
        return Atom.OfOwned(words);
    }

    /// <summary>Reads the beginning of an atom and goes on behind it.</summary>
    /// <param name="most">The most bytes that are kept; of a larger atom, its first.</param>
    /// <param name="isCut">The input is only the beginning of a jam: what of the atom is not there is taken for 0.</param>
    /// <param name="bits">How many bits the atom has.</param>
    public Atom ReadStart(int most, bool isCut, out ulong bits)
    {
        bits = ReadLength();
        if (!isCut)
            Require(bits);
        ulong there = Math.Min(bits, (ulong)(End - Position));
        long end = Position + (long)there;
        ulong kept = Math.Min(there, 8UL * (ulong)most);
        ulong[] words = new ulong[(kept + 63) / 64];
        for (int i = 0; i < words.Length; i++)
            words[i] = ReadBits((int)Math.Min(64, kept - (64 * (ulong)i)));
        Position = end;
        return Atom.OfOwned(words);
    }

    /// <summary>An error in the jam at the bit that is read next.</summary>
    public readonly NounException Malformed(string what) =>
        new(ErrorCode.Corrupt, $"not a jammed noun: {what}, at bit {Position} of {End}", "The bytes are damaged, or are something else; take them from where they came again.");

    private ulong ReadLength()
    {
        ulong bits = Peek();
        int size = BitOperations.TrailingZeroCount(bits);
        if (Position + size >= End)
            throw Malformed("it ends too early");
        if (size > 40)
            throw Malformed("a length that no input can have");
        Position += size + 1;
        if (size == 0)
            return 0;
        return ReadBits(size - 1) | (1UL << (size - 1));
    }

    private ulong ReadBits(int count)
    {
        Require((ulong)count);
        ulong bits = Peek();
        if (count <= PeekSize)
        {
            Position += count;
            return bits & ((1UL << count) - 1);
        }
        bits &= (1UL << PeekSize) - 1;
        Position += PeekSize;
        int rest = count - PeekSize;
        bits |= (Peek() & ((1UL << rest) - 1)) << PeekSize;
        Position += rest;
        return bits;
    }

    private readonly void Require(ulong bits)
    {
        if (bits > (ulong)(End - Position))
            throw Malformed($"{bits} bits are missing, as it ends too early");
    }

    private readonly ulong Tail(int at)
    {
        ulong word = 0;
        for (int i = 0; at + i < _bytes.Length; i++)
            word |= (ulong)_bytes[at + i] << (8 * i);
        return word;
    }
}

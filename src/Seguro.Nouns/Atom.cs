using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Seguro.Nouns;

/// <summary>A natural number of any size: in one 64-bit word where it fits, else in as many as it takes.</summary>
public sealed class Atom : Noun, IComparable<Atom>
{
    private const int SmallCount = 1024;
    private static readonly Atom[] Small = [.. Enumerable.Range(0, SmallCount).Select(n => new Atom((ulong)n))];

    /// <summary>The value, where <see cref="Words"/> is null; else its lowest word.</summary>
    internal readonly ulong Low;

    /// <summary>Little-endian words, at least two, the highest not 0; null for a value below 2^64.</summary>
    internal readonly ulong[]? Words;

    private Atom(ulong value) => Low = value;

    private Atom(ulong[] words)
    {
        Low = words[0];
        Words = words;
    }

    /// <summary>0, which is also the end of a list, the empty unit, and "yes".</summary>
    public static Atom Zero => Small[0];

    /// <summary>1, which is also "no".</summary>
    public static Atom One => Small[1];

    /// <summary>Does the value fit in 64 bits?</summary>
    public bool IsSmall => Words is null;

    /// <summary>The number of bits up to the highest 1; 0 for 0.</summary>
    public long BitLength => Words is null
        ? 64 - BitOperations.LeadingZeroCount(Low)
        : (64L * Words.Length) - BitOperations.LeadingZeroCount(Words[^1]);

    /// <summary>The number of bytes without leading zeros; 0 for 0.</summary>
    public int ByteLength => checked((int)((BitLength + 7) / 8));

    /// <summary>The value as little-endian words; for 0 one word that is 0.</summary>
    internal ReadOnlySpan<ulong> AsWords => Words ?? MemoryMarshal.CreateReadOnlySpan(in Low, 1);

    /// <summary>The value's bytes, least significant first, without leading zeros. Valid as long as the atom is.</summary>
    /// <remarks>The runtime is little-endian wherever Seguro runs, so words are bytes already.</remarks>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(AsWords)[..ByteLength];

    /// <summary>The atom of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Atom Of(ulong value)
    {
        Atom[] small = Small;
        return value < (ulong)small.Length ? small[value] : new Atom(value);
    }

    /// <summary>The atom of a number.</summary>
    public static Atom Of(UInt128 value) => Of((ulong)value, (ulong)(value >> 64));

    /// <summary>The atom of a number that is not negative.</summary>
    public static Atom Of(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        if (value <= ulong.MaxValue)
            return Of((ulong)value);
        int count = value.GetByteCount(isUnsigned: true);
        ulong[] words = new ulong[(count + 7) / 8];
        value.TryWriteBytes(MemoryMarshal.AsBytes(words.AsSpan()), out _, isUnsigned: true);
        return OfOwned(words);
    }

    /// <summary>The atom whose bytes, least significant first, are these. They are copied.</summary>
    public static Atom Of(ReadOnlySpan<byte> littleEndian)
    {
        littleEndian = littleEndian.TrimEnd((byte)0);
        if (littleEndian.Length <= 8)
        {
            Span<byte> low = stackalloc byte[8];
            low.Clear();
            littleEndian.CopyTo(low);
            return Of(BinaryPrimitives.ReadUInt64LittleEndian(low));
        }
        ulong[] words = new ulong[(littleEndian.Length + 7) / 8];
        littleEndian.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        return new Atom(words);
    }

    /// <summary>A loobean: 0 for yes, 1 for no.</summary>
    public static Atom Flag(bool yes) => yes ? Zero : One;

    /// <summary>The atom of two words.</summary>
    internal static Atom Of(ulong low, ulong high) => high == 0 ? Of(low) : new Atom([low, high]);

    /// <summary>The atom of these words, which it keeps (or copies, where the highest are 0); nobody may write to them any more.</summary>
    internal static Atom OfOwned(ulong[] words)
    {
        int count = words.AsSpan().TrimEnd(0UL).Length;
        return count switch
        {
            0 => Zero,
            1 => Of(words[0]),
            _ => new Atom(count == words.Length ? words : words[..count]),
        };
    }

    /// <summary>The value, where it fits in 64 bits.</summary>
    public bool TryGet(out ulong value)
    {
        value = Low;
        return Words is null;
    }

    /// <summary>The value, where it fits in 128 bits.</summary>
    public bool TryGet(out UInt128 value)
    {
        value = Words is null ? Low : new UInt128(Words[1], Words[0]);
        return Words is null || Words.Length == 2;
    }

    /// <summary>The value as a .NET number.</summary>
    public BigInteger ToBigInteger() => Words is null ? Low : new BigInteger(Bytes, isUnsigned: true);

    /// <summary>This atom and 1.</summary>
    public Atom Increment()
    {
        if (Words is null)
            return Low == ulong.MaxValue ? new Atom([0, 1]) : Of(Low + 1);
        int zeros = Words.AsSpan().IndexOfAnyExcept(ulong.MaxValue);
        if (zeros < 0)
        {
            ulong[] longer = new ulong[Words.Length + 1];
            longer[^1] = 1;
            return new Atom(longer);
        }
        ulong[] words = (ulong[])Words.Clone();
        words.AsSpan(0, zeros).Clear();
        words[zeros]++;
        return new Atom(words);
    }

    /// <inheritdoc/>
    public int CompareTo(Atom? other)
    {
        if (other is null)
            return 1;
        if (Words is null && other.Words is null)
            return Low.CompareTo(other.Low);
        ReadOnlySpan<ulong> left = AsWords;
        ReadOnlySpan<ulong> right = other.AsWords;
        if (left.Length != right.Length)
            return left.Length.CompareTo(right.Length);
        for (int i = left.Length - 1; i >= 0; i--)
        {
            if (left[i] != right[i])
                return left[i].CompareTo(right[i]);
        }
        return 0;
    }

    /// <summary>The same number?</summary>
    internal bool Same(Atom other) =>
        Low == other.Low && (Words is null || other.Words is null ? Words == other.Words : Words.AsSpan().SequenceEqual(other.Words));
}

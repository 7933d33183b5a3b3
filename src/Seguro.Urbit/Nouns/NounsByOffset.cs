using System.Buffers;
using System.Numerics;

namespace Seguro.Urbit.Nouns;

/// <summary>The nouns read so far by the bit at which each began.</summary>
/// <remarks>
/// As they begin in the order of their offsets, a bitmap of the beginnings with a running count for each word of 64 bits gives a noun's index
/// at once: three bits of memory for each bit of input, and no hashing.
/// </remarks>
ref struct NounsByOffset
{
    private readonly ulong[] _starts;
    private readonly int[] _before;
    private readonly int _blocks;
    private Noun?[] _nouns;
    private int _block;

    public NounsByOffset(int inputBytes)
    {
        _blocks = (inputBytes / 8) + 1;
        _starts = ArrayPool<ulong>.Shared.Rent(_blocks);
        _before = ArrayPool<int>.Shared.Rent(_blocks);
        Array.Clear(_starts, 0, _blocks);
        _before[0] = 0;
        _nouns = ArrayPool<Noun?>.Shared.Rent(Math.Max(64, inputBytes / 2));
    }

    /// <summary>How many began.</summary>
    public int Count { get; private set; }

    /// <summary>A noun begins at this bit; says its index.</summary>
    public int Begin(long offset)
    {
        int block = (int)(offset >> 6);
        while (_block < block)
            _before[++_block] = Count;
        _starts[block] |= 1UL << (int)(offset & 63);
        if (Count == _nouns.Length)
            _nouns = Pooled.Grow(_nouns, Count);
        _nouns[Count] = null;
        return Count++;
    }

    /// <summary>The noun with this index is read.</summary>
    public readonly void Done(int index, Noun noun) => _nouns[index] = noun;

    /// <summary>The noun that began at this bit and was fully read, or null.</summary>
    public readonly Noun? Find(ulong offset)
    {
        ulong block = offset >> 6;
        if (block > (ulong)_block)
            return null;
        ulong starts = _starts[block];
        ulong bit = 1UL << (int)(offset & 63);
        return (starts & bit) == 0 ? null : _nouns[_before[block] + BitOperations.PopCount(starts & (bit - 1))];
    }

    /// <summary>Gives the memory back.</summary>
    public readonly void Release()
    {
        ArrayPool<ulong>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_before);
        Pooled.Return(_nouns, Count);
    }
}

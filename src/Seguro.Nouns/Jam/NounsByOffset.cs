using System.Buffers;
using System.Numerics;

namespace Seguro.Nouns;

/// <summary>The nouns read so far by the bit at which each began.</summary>
/// <remarks>
/// As they begin in the order of their offsets, a bitmap of the beginnings with a running count for each word of 64 bits gives a noun's index
/// at once: three bits of memory for each bit of input, and no hashing. A cell that is being read has its head here, once that is read, and a
/// bit in another bitmap that says it is no noun yet.
/// </remarks>
ref struct NounsByOffset
{
    // A large input may be one atom: the tables grow as nouns are found.
    private const int MostAtFirst = 1 << 14;

    private ulong[] _starts;
    private int[] _before;
    private Noun?[] _nouns;
    private ulong[] _open;
    private int _block;

    public NounsByOffset(int inputBytes)
    {
        _starts = ArrayPool<ulong>.Shared.Rent(Math.Clamp((inputBytes / 8) + 1, 16, MostAtFirst));
        _before = ArrayPool<int>.Shared.Rent(_starts.Length);
        _starts[0] = 0;
        _before[0] = 0;
        _nouns = ArrayPool<Noun?>.Shared.Rent(Math.Clamp(inputBytes / 2, 64, MostAtFirst));
        _open = ArrayPool<ulong>.Shared.Rent((_nouns.Length / 64) + 1);
    }

    /// <summary>How many began.</summary>
    public int Count { get; private set; }

    /// <summary>A noun begins at this bit; says its index.</summary>
    public int Begin(long offset)
    {
        int block = (int)(offset >> 6);
        if (_block < block)
            Reach(block);
        _starts[block] |= 1UL << (int)(offset & 63);
        if (Count == _nouns.Length)
            _nouns = Pooled.Grow(_nouns, Count);
        if ((Count & 63) == 0)
            Clear(Count >> 6);
        _nouns[Count] = null;
        return Count++;
    }

    /// <summary>A cell begins at this bit; says its index. Until it ends it can't be found.</summary>
    public int BeginCell(long offset)
    {
        int index = Begin(offset);
        _open[index >> 6] |= 1UL << (index & 63);
        return index;
    }

    /// <summary>What is there with this index: a noun; of a cell that is being read, the head, or null before that is read.</summary>
    public readonly Noun? At(int index) => _nouns[index];

    /// <summary>The noun with this index is read; or, where it is a cell that is being read, its head is.</summary>
    public readonly void Set(int index, Noun noun) => _nouns[index] = noun;

    /// <summary>The cell with this index is read.</summary>
    public readonly void EndCell(int index, Noun cell)
    {
        _nouns[index] = cell;
        _open[index >> 6] &= ~(1UL << (index & 63));
    }

    /// <summary>The noun that began at this bit and was fully read, or null.</summary>
    public readonly Noun? Find(ulong offset)
    {
        ulong block = offset >> 6;
        if (block > (ulong)_block)
            return null;
        ulong starts = _starts[block];
        ulong bit = 1UL << (int)(offset & 63);
        if ((starts & bit) == 0)
            return null;
        int index = _before[block] + BitOperations.PopCount(starts & (bit - 1));
        return (_open[index >> 6] >> (index & 63) & 1) == 0 ? _nouns[index] : null;
    }

    /// <summary>Gives the memory back.</summary>
    public readonly void Release()
    {
        ArrayPool<ulong>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_before);
        ArrayPool<ulong>.Shared.Return(_open);
        Pooled.Return(_nouns, Count);
    }

    private void Reach(int block)
    {
        while (_starts.Length <= block)
            _starts = Pooled.Grow(_starts, _block + 1);
        while (_before.Length <= block)
            _before = Pooled.Grow(_before, _block + 1);
        _starts.AsSpan(_block + 1, block - _block).Clear();
        _before.AsSpan(_block + 1, block - _block).Fill(Count);
        _block = block;
    }

    private void Clear(int word)
    {
        if (word == _open.Length)
            _open = Pooled.Grow(_open, word);
        _open[word] = 0;
    }
}

using System.Buffers.Binary;

namespace Seguro.Piers;

/// <summary>A branch or a leaf, copied from the file and checked: every entry lies within the page, none overlaps another, the keys ascend.</summary>
/// <remarks>Reused from page to page, so that reading a log of any length takes one buffer.</remarks>
internal sealed class LmdbPage(LmdbFile file)
{
    private const int DirtyFlag = 0x10;
    private const int LargeFlag = 1;
    private const int TableFlag = 2;
    private readonly byte[] _bytes = new byte[file.PageSize];
    private readonly ulong[] _starts = new ulong[(file.PageSize / 2 / 64) + 1];
    private int _flags;

    public ulong Number { get; private set; }

    public int Count { get; private set; }

    public bool IsLeaf => _flags == LmdbFile.LeafFlag;

    public ReadOnlyMemory<byte> Bytes => _bytes;

    public LmdbNode this[int index] => NodeAt(BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(LmdbFile.HeaderSize + (2 * index))));

    public ReadOnlySpan<byte> KeyOf(in LmdbNode node) => _bytes.AsSpan(node.Key, node.KeySize);

    public ulong NumberOf(in LmdbNode node) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(node.Key));

    public ReadOnlyMemory<byte> InlineValueOf(in LmdbNode node) => _bytes.AsMemory(node.Value, (int)node.Size);

    /// <summary>Takes another page.</summary>
    /// <param name="number">Which.</param>
    /// <param name="integerKeys">The table's keys are 8-byte numbers.</param>
    /// <param name="snapshot">The state that is read.</param>
    public void Load(ulong number, bool integerKeys, in LmdbSnapshot snapshot)
    {
        Count = 0;
        file.Read(number, 0, _bytes, snapshot);
        Number = number;
        _flags = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(10)) & ~DirtyFlag;
        int lower = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(12));
        int upper = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(14));
        if (BinaryPrimitives.ReadUInt64LittleEndian(_bytes) != number || _flags is not (LmdbFile.BranchFlag or LmdbFile.LeafFlag))
            throw file.Damage($"page {number} is not the branch or leaf that it should be");
        if (lower < LmdbFile.HeaderSize || lower > upper || upper > _bytes.Length || ((lower | upper) & 1) != 0)
            throw file.Damage($"the bounds of page {number} make no sense");
        Count = (lower - LmdbFile.HeaderSize) / 2;
        if (Count == 0)
            throw file.Damage($"page {number} is empty");
        CheckNodes(upper);
        CheckKeys(integerKeys);
    }

    /// <summary>The entries fill the used room exactly, each once.</summary>
    private void CheckNodes(int upper)
    {
        Array.Clear(_starts);
        for (int index = 0; index < Count; index++)
        {
            int start = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(LmdbFile.HeaderSize + (2 * index)));
            if (start < upper || start > _bytes.Length - LmdbNode.HeaderSize || (start & 1) != 0)
                throw file.Damage($"entry {index} of page {Number} lies outside of it");
            _starts[start / 128] |= 1UL << (start / 2 % 64);
        }
        int place = upper;
        int seen = 0;
        while (place < _bytes.Length)
        {
            if (place > _bytes.Length - LmdbNode.HeaderSize || (_starts[place / 128] & (1UL << (place / 2 % 64))) == 0)
                throw file.Damage($"the entries of page {Number} overlap or leave holes");
            LmdbNode node = NodeAt(place);
            long end = node.Value + (IsLeaf ? node.IsLarge ? sizeof(ulong) : node.Size : 0L);
            if (end > _bytes.Length)
                throw file.Damage($"an entry of page {Number} is longer than the page");
            place = (int)((end + 1) & ~1L);
            seen++;
        }
        if (seen != Count)
            throw file.Damage($"page {Number} has {Count} entries, but room for {seen}");
    }

    private void CheckKeys(bool integerKeys)
    {
        for (int index = 0; index < Count; index++)
        {
            LmdbNode node = this[index];
            bool implied = index == 0 && !IsLeaf; // a branch's first key stands for all that is lower, and may be empty
            if (integerKeys && node.KeySize != sizeof(ulong) && !(implied && node.KeySize == 0))
                throw file.Damage($"a key of page {Number} has {node.KeySize} bytes, not {sizeof(ulong)}");
            if (index == 0 || (index == 1 && !IsLeaf))
                continue;
            LmdbNode previous = this[index - 1];
            bool ascends = integerKeys ? NumberOf(previous) < NumberOf(node) : KeyOf(previous).SequenceCompareTo(KeyOf(node)) < 0;
            if (!ascends)
                throw file.Damage($"the keys of page {Number} are not in order");
        }
    }

    private LmdbNode NodeAt(int start)
    {
        ReadOnlySpan<byte> head = _bytes.AsSpan(start, LmdbNode.HeaderSize);
        uint low = BinaryPrimitives.ReadUInt32LittleEndian(head);
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(head[4..]);
        int keySize = BinaryPrimitives.ReadUInt16LittleEndian(head[6..]);
        int key = start + LmdbNode.HeaderSize;
        if (!IsLeaf)
            return new LmdbNode(key, keySize, 0, false, false, low | ((ulong)flags << 32));
        if ((flags & ~(LargeFlag | TableFlag)) != 0 || key + keySize + ((flags & LargeFlag) != 0 ? sizeof(ulong) : 0) > _bytes.Length)
            throw file.Damage($"an entry of page {Number} is of an unknown kind");
        bool isLarge = (flags & LargeFlag) != 0;
        ulong page = isLarge ? BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(key + keySize)) : 0;
        return new LmdbNode(key, keySize, low, isLarge, (flags & TableFlag) != 0, page);
    }
}

using System.Buffers;
using System.Security.Cryptography;

namespace Seguro.Nouns;

/// <summary>
/// The distinct parts of a noun, each with a number: equal parts have the same. Parts are told apart by what their halves' numbers are, never by
/// comparing trees, so its time is that of visiting each object once, whatever the noun's depth and sharing.
/// </summary>
/// <remarks>
/// A mug can't do this: the mugs of a long list of equal items run into a cycle after some ten thousand items, and unequal tails with equal mugs
/// would have to be walked down. An object knows its row by <see cref="Noun.Mark"/>, which is believed only if that row names the same object: so
/// marks need no clearing, and another thread that numbers the same noun at the same time only causes work to be done twice.
/// </remarks>
sealed class DistinctNouns
{
    private const int IsAtom = -1;
    private const int IsCopy = -2;

    // Inputs can't be made to collide without knowing this.
    private static readonly ulong Salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private Row[] _rows = ArrayPool<Row>.Shared.Rent(256);
    private int[] _table;
    private int _tableSize = 512;
    private int _distinct;

    /// <summary>Numbers the parts of a noun.</summary>
    public DistinctNouns(Noun noun)
    {
        _table = ArrayPool<int>.Shared.Rent(_tableSize);
        Array.Clear(_table, 0, _tableSize);
        Root = Visit(noun);
    }

    /// <summary>The number of the whole.</summary>
    public int Root { get; }

    /// <summary>One more than the highest number.</summary>
    public int Count { get; private set; }

    /// <summary>The atom with this number, or null where it is a cell's.</summary>
    public Atom? AtomOf(int number) => _rows[number].Head == IsAtom ? (Atom)_rows[number].Noun : null;

    /// <summary>The numbers of a cell's halves.</summary>
    public (int Head, int Tail) HalvesOf(int number) => (_rows[number].Head, _rows[number].Tail);

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        Pooled.Return(_rows, Count);
        ArrayPool<int>.Shared.Return(_table);
    }

    private int Visit(Noun at)
    {
        Frame[] stack = ArrayPool<Frame>.Shared.Rent(64);
        int depth = 0;
        int deepest = 0;
        while (true)
        {
            int number = Known(at);
            if (number < 0)
            {
                if (at is Cell cell)
                {
                    if (depth == stack.Length)
                        stack = Pooled.Grow(stack, depth);
                    // The halves are read once: a comparison in another thread may put equal ones in their place.
                    stack[depth++] = new Frame { Cell = cell, Head = -1 };
                    deepest = Math.Max(deepest, depth);
                    at = cell.HeadField;
                    continue;
                }
                number = Add(at, IsAtom, 0, HashOf((Atom)at));
            }
            while (depth > 0 && stack[depth - 1].Head >= 0)
            {
                ref Frame done = ref stack[--depth];
                ulong pair = ((ulong)(uint)done.Head << 32) | (uint)number;
                number = Add(done.Cell, done.Head, number, pair);
            }
            if (depth == 0)
            {
                Pooled.Return(stack, deepest);
                return number;
            }
            ref Frame open = ref stack[depth - 1];
            open.Head = number;
            at = open.Cell.TailField;
        }
    }

    private int Known(Noun noun)
    {
        int mark = noun.Mark;
        if ((uint)mark >= (uint)Count)
            return -1;
        ref Row row = ref _rows[mark];
        if (!ReferenceEquals(row.Noun, noun))
            return -1;
        return row.Head == IsCopy ? row.Tail : mark;
    }

    private int Add(Noun noun, int head, int tail, ulong content)
    {
        if (Count == _rows.Length)
            _rows = Pooled.Grow(_rows, Count);
        int row = Count++;
        uint mask = (uint)_tableSize - 1;
        uint i = Start(content);
        while (_table[i & mask] != 0)
        {
            int other = _table[i & mask] - 1;
            ref Row same = ref _rows[other];
            if (same.Head == head && (head == IsAtom ? ((Atom)same.Noun).Same((Atom)noun) : same.Tail == tail))
            {
                _rows[row] = new Row { Noun = noun, Head = IsCopy, Tail = other };
                noun.Mark = row;
                return other;
            }
            i++;
        }
        _table[i & mask] = row + 1;
        _rows[row] = new Row { Noun = noun, Head = head, Tail = tail };
        noun.Mark = row;
        if (++_distinct > _tableSize / 2)
            Grow();
        return row;
    }

    private void Grow()
    {
        ArrayPool<int>.Shared.Return(_table);
        _tableSize = checked(_tableSize * 4);
        _table = ArrayPool<int>.Shared.Rent(_tableSize);
        Array.Clear(_table, 0, _tableSize);
        uint mask = (uint)_tableSize - 1;
        for (int k = 0; k < Count; k++)
        {
            ref Row row = ref _rows[k];
            if (row.Head == IsCopy)
                continue;
            uint i = Start(row.Head == IsAtom ? HashOf((Atom)row.Noun) : ((ulong)(uint)row.Head << 32) | (uint)row.Tail);
            while (_table[i & mask] != 0)
                i++;
            _table[i & mask] = k + 1;
        }
    }

    private static uint Start(ulong content)
    {
        ulong high = Math.BigMul(content ^ Salt, 0x9e3779b97f4a7c15 ^ (Salt << 1), out ulong low);
        return (uint)((high ^ low) >> 16);
    }

    private static ulong HashOf(Atom atom)
    {
        if (atom.Words is null)
            return atom.Low;
        HashCode hash = default;
        hash.AddBytes(atom.Bytes);
        return (uint)hash.ToHashCode();
    }

    // Of a cell: the numbers of its halves. Of an atom: IsAtom. Of an object whose equal came before: IsCopy, and the number of that.
    private struct Row
    {
        public Noun Noun;
        public int Head;
        public int Tail;
    }

    private struct Frame
    {
        public Cell Cell;
        public int Head;
    }
}

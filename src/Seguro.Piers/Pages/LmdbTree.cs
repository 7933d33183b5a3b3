using System.Buffers.Binary;

namespace Seguro.Piers;

/// <summary>A table in one state of a file: finds leaves by key and reads values.</summary>
/// <remarks>Every search goes down from the root: two or three pages out of the system's cache, or out of the path that a reader of neighbours keeps.</remarks>
internal sealed class LmdbTree(LmdbFile file, LmdbSnapshot snapshot, LmdbTable table, LmdbPath? path = null)
{
    /// <summary>The deepest tree that LMDB itself can handle.</summary>
    private const int Deepest = 32;

    public LmdbTable Table => table;

    /// <summary>The keys are 8-byte numbers.</summary>
    public bool HasIntegerKeys => (table.Flags & LmdbTable.IntegerKey) != 0;

    /// <summary>A named table; <see langword="null"/> where there is none.</summary>
    public static LmdbTree? Open(LmdbFile file, in LmdbSnapshot snapshot, string name, LmdbPage page, LmdbPath? path = null)
    {
        LmdbTree main = new(file, snapshot, snapshot.Main);
        int index = main.FindExactly(System.Text.Encoding.ASCII.GetBytes(name), page);
        return index < 0 ? null : new LmdbTree(file, snapshot, ParseTable(file, page, page[index]), path);
    }

    /// <summary>Reads the record of a table out of the leaf that holds it.</summary>
    public static LmdbTable ParseTable(LmdbFile file, LmdbPage page, LmdbNode node)
    {
        if (!node.IsTable || node.IsLarge || node.Size != LmdbTable.Size)
            throw file.Damage($"page {page.Number} should hold the record of a table");
        return LmdbTable.Parse(page.InlineValueOf(node).Span);
    }

    /// <summary>Loads the leaf where a key is or would be. False for an empty table.</summary>
    public bool Seek(ReadOnlySpan<byte> key, LmdbPage page) => Seek(key, page, wantsBounds: false, out _, out _);

    /// <summary>As above, and tells the keys at which the branches say that this leaf begins and the next one; <see langword="null"/> for the first of all, and behind the last.</summary>
    private bool Seek(ReadOnlySpan<byte> key, LmdbPage page, out byte[]? begins, out byte[]? beyond) => Seek(key, page, wantsBounds: true, out begins, out beyond);

    private bool Seek(ReadOnlySpan<byte> key, LmdbPage page, bool wantsBounds, out byte[]? begins, out byte[]? beyond)
    {
        begins = null;
        beyond = null;
        if (table.IsEmpty)
            return false;
        if (table.Depth is < 1 or > Deepest)
            throw file.Damage($"a table says that it is {table.Depth} pages deep");
        ulong number = table.Root;
        for (int level = 1; ; level++)
        {
            bool isLeaf = level == table.Depth;
            LmdbPage here = isLeaf || path is null ? page : path.Branch(level - 1, number, HasIntegerKeys, snapshot);
            if (here == page)
                page.Load(number, HasIntegerKeys, snapshot);
            if (here.IsLeaf != isLeaf)
                throw file.Damage($"page {number} is at the wrong depth");
            if (isLeaf)
                return true;
            int low = 0;
            int high = here.Count - 1;
            while (low < high)
            {
                int middle = (low + high + 1) / 2;
                if (Compare(here, middle, key) <= 0)
                    low = middle;
                else
                    high = middle - 1;
            }
            if (wantsBounds && low > 0)
                begins = here.KeyOf(here[low]).ToArray();
            if (wantsBounds && low < here.Count - 1)
                beyond = here.KeyOf(here[low + 1]).ToArray();
            number = here[low].Page;
        }
    }

    /// <summary>Loads the leaf of a key and returns its place there; −1 where it is not in the table.</summary>
    public int FindExactly(ReadOnlySpan<byte> key, LmdbPage page)
    {
        if (!Seek(key, page))
            return -1;
        int low = 0;
        int high = page.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = Compare(page, middle, key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    /// <inheritdoc cref="FindExactly(ReadOnlySpan{byte}, LmdbPage)"/>
    public int FindExactly(ulong key, LmdbPage page)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key);
        return FindExactly(bytes, page);
    }

    /// <summary>The lowest and the highest number of a table of numbers; <see langword="null"/> where it is empty.</summary>
    public (ulong First, ulong Last)? FindEnds(LmdbPage page)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        if (!Seek(key, page))
            return null;
        ulong first = page.NumberOf(page[0]);
        key.Fill(0xFF);
        Seek(key, page);
        return (first, page.NumberOf(page[page.Count - 1]));
    }

    /// <summary>In a table of numbers: one that the leaf before that of <paramref name="number"/> would hold; <see langword="null"/> where there is none.</summary>
    public ulong? FindLeafBefore(ulong number, LmdbPage page)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, number);
        if (!Seek(key, page, out byte[]? begins, out _) || begins is null)
            return null;
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(begins);
        return first > 0 ? first - 1 : null;
    }

    /// <summary>In a table of numbers: checks the leaf where a number is or would be, with the pages of its values.</summary>
    /// <returns>Its lowest number, and where the next leaf begins; <see langword="null"/> for an empty table.</returns>
    public (ulong First, ulong? Beyond)? CheckLeaf(ulong number, LmdbPage page)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, number);
        if (!Seek(key, page, out _, out byte[]? beyond))
            return null;
        for (int index = 0; index < page.Count; index++)
            CheckValue(page, page[index]);
        return (page.NumberOf(page[0]), beyond is null ? null : BinaryPrimitives.ReadUInt64LittleEndian(beyond));
    }

    /// <summary>A value as a copy; <see langword="null"/> where it is missing. For small values: a larger one than <paramref name="limit"/> is damage.</summary>
    public byte[]? Get(ReadOnlySpan<byte> key, LmdbPage page, int limit)
    {
        int index = FindExactly(key, page);
        return index < 0 ? null : ReadSmall(page, page[index], limit);
    }

    /// <summary>The keys that begin with a prefix, in order. For small tables of names.</summary>
    public IReadOnlyList<string> FindKeys(string prefix, LmdbPage page)
    {
        List<string> keys = [];
        byte[] wanted = System.Text.Encoding.ASCII.GetBytes(prefix);
        byte[]? next = wanted;
        while (next is not null && Seek(next, page, out _, out byte[]? beyond))
        {
            for (int index = 0; index < page.Count; index++)
            {
                ReadOnlySpan<byte> key = page.KeyOf(page[index]);
                if (key.StartsWith(wanted))
                    keys.Add(System.Text.Encoding.ASCII.GetString(key));
            }
            next = beyond is not null && (beyond.AsSpan().SequenceCompareTo(wanted) < 0 || beyond.AsSpan().StartsWith(wanted)) ? beyond : null;
        }
        return keys;
    }

    /// <summary>A value as a copy.</summary>
    public byte[] ReadSmall(LmdbPage page, in LmdbNode node, int limit)
    {
        if (node.Size > limit)
            throw file.Damage($"a value of page {page.Number} has {node.Size} bytes; at most {limit} were expected");
        CheckValue(page, node);
        byte[] value = new byte[node.Size];
        ReadValue(page, node, 0, value);
        return value;
    }

    /// <summary>Checks the head of a value that has pages of its own: that they are its, and as many as its size needs.</summary>
    /// <returns>How many pages it has.</returns>
    public uint CheckValue(LmdbPage page, in LmdbNode node)
    {
        if (!node.IsLarge)
            return 0;
        Span<byte> head = stackalloc byte[LmdbFile.HeaderSize];
        file.Read(node.Page, 0, head, snapshot);
        uint pages = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        long needed = (LmdbFile.HeaderSize + (long)node.Size + file.PageSize - 1) / file.PageSize;
        bool isOverflow = BinaryPrimitives.ReadUInt16LittleEndian(head[10..]) == LmdbFile.OverflowFlag;
        if (BinaryPrimitives.ReadUInt64LittleEndian(head) != node.Page || !isOverflow || pages != needed || pages - 1UL > snapshot.LastPage - node.Page
            || ((long)node.Page * file.PageSize) + LmdbFile.HeaderSize + node.Size > file.Length)
            throw file.Damage($"a value of page {page.Number} has {node.Size} bytes, and its pages, from {node.Page}, do not say so");
        return pages;
    }

    /// <summary>Copies a part of a value. <see cref="CheckValue"/> must have been called.</summary>
    public void ReadValue(LmdbPage page, in LmdbNode node, long offset, Span<byte> into)
    {
        if (node.IsLarge)
            file.Read(node.Page, LmdbFile.HeaderSize + offset, into, snapshot);
        else
            page.InlineValueOf(node).Span.Slice((int)offset, into.Length).CopyTo(into);
    }

    private int Compare(LmdbPage page, int index, ReadOnlySpan<byte> key)
    {
        LmdbNode node = page[index];
        if (HasIntegerKeys)
            return page.NumberOf(node).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(key));
        return page.KeyOf(node).SequenceCompareTo(key);
    }
}

using System.Buffers.Binary;

namespace Seguro.Piers;

/// <summary>
/// Walks all of a file that nobody writes: every page of every table and of the free list is used once, the counts agree, the keys ascend.
/// What passes can be given to liblmdb for writing, which trusts its files; of what <see cref="PierCheck.AllButInnerLeaves"/> left out,
/// <see cref="EventReader.CheckLeaves"/> says the same.
/// </summary>
internal sealed class LmdbAudit
{
    private readonly LmdbFile _file;
    private readonly LmdbSnapshot _snapshot;
    private readonly bool _skipsInnerLeaves;
    private readonly PageSet _seen = new();
    private readonly Stack<LmdbPage> _spare = new();

    private LmdbAudit(LmdbFile file, LmdbSnapshot snapshot, PierCheck check)
    {
        _file = file;
        _snapshot = snapshot;
        _skipsInnerLeaves = check == PierCheck.AllButInnerLeaves;
    }

    private delegate void LeafVisitor(LmdbTree tree, LmdbPage page);

    /// <summary>Walks the file; hands the events of the table EVENTS to <paramref name="survey"/>: each, or the ends.</summary>
    public static void Check(LmdbFile file, in LmdbSnapshot snapshot, EventSurvey survey, PierCheck check = PierCheck.Everything)
    {
        LmdbAudit audit = new(file, snapshot, check);
        audit.Walk(snapshot.Free with { Flags = LmdbTable.IntegerKey }, audit.AddFreePages);
        audit.Walk(snapshot.Main, (tree, page) => audit.WalkTables(page, survey));
    }

    private void WalkTables(LmdbPage page, EventSurvey survey)
    {
        for (int index = 0; index < page.Count; index++)
        {
            LmdbNode node = page[index];
            if (!node.IsTable && page.KeyOf(node).StartsWith(PierMeta.OwnPrefix))
                continue;
            LmdbTable table = LmdbTree.ParseTable(_file, page, node);
            if ((table.Flags & ~LmdbTable.IntegerKey) != 0)
                throw _file.Damage($"a table has the flags {table.Flags:x}, which neither vere nor Seguro uses");
            if (page.KeyOf(node).SequenceEqual("EVENTS"u8))
                WalkEvents(table, survey);
            else
                Walk(table, static (_, _) => { });
        }
    }

    private void WalkEvents(LmdbTable table, EventSurvey survey)
    {
        if (!_skipsInnerLeaves)
        {
            Walk(table, (_, leaf) => survey.See(leaf));
            return;
        }
        ulong? first = null;
        ulong last = 0;
        Walk(table, (_, leaf) =>
        {
            first ??= leaf.NumberOf(leaf[0]);
            last = leaf.NumberOf(leaf[leaf.Count - 1]);
        });
        if (first is { } begin)
            survey.SeeEnds(begin, last, table.Entries);
    }

    private void Walk(LmdbTable table, LeafVisitor visit)
    {
        LmdbTree tree = new(_file, _snapshot, table);
        Totals totals = new();
        if (!table.IsEmpty)
        {
            if (table.Depth is < 1 or > 32)
                throw _file.Damage($"a table says that it is {table.Depth} pages deep");
            WalkPage(tree, table.Root, 1, isFirst: true, isLast: true, totals, visit);
        }
        bool isCounted = !totals.IsPart && (totals.Overflows != table.OverflowPages || totals.Entries != table.Entries);
        if (isCounted || totals.Branches != table.BranchPages || totals.Leaves != table.LeafPages)
            throw _file.Damage("a table does not have the pages and entries that its record counts");
    }

    private void WalkPage(LmdbTree tree, ulong number, int level, bool isFirst, bool isLast, Totals totals, LeafVisitor visit)
    {
        bool integerKeys = tree.HasIntegerKeys;
        LmdbPage page = _spare.Count > 0 ? _spare.Pop() : new LmdbPage(_file);
        page.Load(number, integerKeys, _snapshot);
        Claim(number);
        if (page.IsLeaf != (level == tree.Table.Depth))
            throw _file.Damage($"page {number} is at the wrong depth");
        if (!page.IsLeaf)
        {
            totals.Branches++;
            for (int index = 0; index < page.Count; index++)
            {
                if (index > 0 && totals.LastKey is { } last && Compare(integerKeys, last, page.KeyOf(page[index])) >= 0)
                    throw _file.Damage($"the keys below page {number} are not in the order that it says");
                bool isFirstBelow = isFirst && index == 0;
                bool isLastBelow = isLast && index == page.Count - 1;
                if (_skipsInnerLeaves && integerKeys && level + 1 == tree.Table.Depth && !isFirstBelow && !isLastBelow)
                    SkipLeaf(page, index, totals);
                else
                    WalkPage(tree, page[index].Page, level + 1, isFirstBelow, isLastBelow, totals, visit);
            }
            _spare.Push(page);
            return;
        }
        totals.Leaves++;
        totals.Entries += (ulong)page.Count;
        if (totals.LastKey is { } before && Compare(integerKeys, before, page.KeyOf(page[0])) >= 0)
            throw _file.Damage($"the keys of page {number} do not follow those of the page before");
        totals.LastKey = page.KeyOf(page[page.Count - 1]).ToArray();
        for (int index = 0; index < page.Count; index++)
        {
            LmdbNode node = page[index];
            uint pages = tree.CheckValue(page, node);
            totals.Overflows += pages;
            for (uint more = 0; more < pages; more++)
                Claim(node.Page + more);
        }
        visit(tree, page);
        _spare.Push(page);
    }

    /// <summary>It is in the file, and nothing else; its lowest number is not below what its branch says.</summary>
    private void SkipLeaf(LmdbPage branch, int index, Totals totals)
    {
        LmdbNode node = branch[index];
        Claim(node.Page);
        totals.IsPart = true;
        totals.Leaves++;
        if (index > 0)
            totals.LastKey = branch.KeyOf(node).ToArray();
    }

    private void AddFreePages(LmdbTree tree, LmdbPage page)
    {
        byte[] piece = new byte[4096];
        for (int index = 0; index < page.Count; index++)
        {
            LmdbNode node = page[index];
            if (node.Size < sizeof(ulong))
                throw _file.Damage("its list of free pages is cut off");
            tree.ReadValue(page, node, 0, piece.AsSpan(0, sizeof(ulong)));
            ulong count = BinaryPrimitives.ReadUInt64LittleEndian(piece);
            // LMDB may reserve more room than it fills, never less.
            if (count > (node.Size / sizeof(ulong)) - 1)
                throw _file.Damage("its list of free pages says that it is longer than it is");
            long left = (long)count * sizeof(ulong);
            for (long offset = sizeof(ulong); left > 0; offset += piece.Length)
            {
                Span<byte> some = piece.AsSpan(0, (int)Math.Min(piece.Length, left));
                tree.ReadValue(page, node, offset, some);
                for (int place = 0; place < some.Length; place += sizeof(ulong))
                    Claim(BinaryPrimitives.ReadUInt64LittleEndian(some[place..]));
                left -= some.Length;
            }
        }
    }

    private void Claim(ulong page)
    {
        if (page < 2 || page > _snapshot.LastPage)
            throw _file.Damage($"it points to page {page}, and its pages are 2 to {_snapshot.LastPage}");
        if (!_seen.Add(page))
            throw _file.Damage($"page {page} is used twice");
    }

    private static int Compare(bool integerKeys, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => integerKeys
        ? BinaryPrimitives.ReadUInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(right))
        : left.SequenceCompareTo(right);

    private sealed class Totals
    {
        public ulong Branches { get; set; }

        public ulong Leaves { get; set; }

        public ulong Overflows { get; set; }

        public ulong Entries { get; set; }

        public byte[]? LastKey { get; set; }

        /// <summary>Leaves were left out.</summary>
        public bool IsPart { get; set; }
    }
}

using System.Text;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>Reads the events of one environment, also while another process writes to it.</summary>
/// <remarks>
/// What was read is used only after the file has been asked whether it still was whole then (<see cref="LmdbFile.IsStillWhole"/>); else it is
/// read again in a newer state. Events that are committed do not change, so a large one that was begun in one state goes on in the next.
/// </remarks>
/// <param name="file">The environment's file.</param>
/// <param name="table">Which of its tables of numbers.</param>
internal sealed class EventReader(LmdbFile file, string table = PierMeta.Events)
{
    private const int Attempts = 1000;
    private const int KeptBuffer = 16 << 20;
    private readonly LmdbPage _page = new(file);
    private readonly LmdbPath _path = new(file);
    private LmdbSnapshot _snapshot;
    private LmdbTree? _tree;
    private byte[] _buffer = [];
    private bool _rows;

    /// <summary>The lowest and the highest event that are committed now; <see langword="null"/> where there are none.</summary>
    public (ulong First, ulong Last)? FindEnds()
    {
        (ulong First, ulong Last)? ends = null;
        _tree = null;
        Read(() => ends = _tree?.FindEnds(_page));
        return ends;
    }

    /// <summary>The highest event that was committed before the newest transaction, and so is durable for certain; <see langword="null"/> where there is none.</summary>
    public ulong? FindSettledLast()
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            LmdbSnapshot before = file.ReadPreviousSnapshot();
            ulong? last = null;
            try
            {
                last = LmdbTree.Open(file, before, table, _page)?.FindEnds(_page)?.Last;
            }
            catch (SeguroException damage) when (damage.Code is ErrorCode.Corrupt && !file.IsStillWhole(before))
            {
                continue;
            }
            if (file.IsStillWhole(before))
                return last;
        }
        return null;
    }

    /// <summary>Counts all events: leaf by leaf, or by what their table says.</summary>
    public void Survey(EventSurvey survey, PierCheck check)
    {
        ulong entries = 0;
        (ulong First, ulong Last)? found = null;
        _tree = null;
        Read(() => (found, entries) = (_tree?.FindEnds(_page), _tree?.Table.Entries ?? 0));
        if (found is not { } ends)
            return;
        if (check == PierCheck.AllButInnerLeaves)
        {
            survey.SeeEnds(ends.First, ends.Last, entries);
            return;
        }
        ulong next = ends.First;
        while (next <= ends.Last)
        {
            int index = Find(next);
            if (index < 0)
                throw PierFault.Gap(file.Path, new EventNumber(next), new EventNumber(next + 1));
            survey.See(_page, index);
            next = survey.Last + 1;
        }
    }

    /// <summary>The sum of the sizes of events, up to the first that is missing.</summary>
    public long SumSizes(ulong from, ulong to)
    {
        long sum = 0;
        for (ulong next = from; next <= to && Find(next) is >= 0 and int index;)
        {
            for (; index < _page.Count && next <= to && _page.NumberOf(_page[index]) == next; index++, next++)
                sum += _page[index].Size;
        }
        return sum;
    }

    /// <summary>
    /// Checks the leaves that have these numbers, with the values' pages, and those before and after, which LMDB may merge with them: what passes can be given to
    /// liblmdb for removing the numbers (<see cref="PierCheck.AllButInnerLeaves"/>).
    /// </summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    public void CheckLeaves(ulong from, ulong to)
    {
        ulong? next = null;
        _tree = null;
        Read(() => next = _tree?.FindLeafBefore(from, _page) ?? from);
        while (next is { } number)
        {
            (ulong First, ulong? Beyond) leaf = default;
            Read(() => leaf = _tree?.CheckLeaf(number, _page) ?? (to, null));
            next = leaf.First > to ? null : leaf.Beyond;
        }
    }

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/>, all of which must be there, in pieces.</summary>
    public IEnumerable<PierPiece> ReadPieces(ulong from, ulong to, int largestPiece)
    {
        ulong next = from;
        long offset = 0;
        long begun = 0;
        while (next <= to)
        {
            int index = Find(next);
            if (index < 0)
                throw PierFault.Gap(file.Path, new EventNumber(next), new EventNumber(next + 1));
            bool isWhole = true;
            for (; isWhole && index < _page.Count && next <= to; index++)
            {
                LmdbNode node = _page[index];
                if (_page.NumberOf(node) != next)
                    throw PierFault.Gap(file.Path, new EventNumber(next), new EventNumber(_page.NumberOf(node)));
                if (offset > 0 && node.Size != begun)
                    throw file.Damage($"event {next} changed its size from {begun} to {node.Size} bytes while it was read");
                begun = node.Size;
                do
                {
                    int length = (int)Math.Min(node.Size - offset, largestPiece);
                    ReadOnlyMemory<byte> bytes = default;
                    isWhole = TryRead(node, offset, length, ref bytes);
                    if (!isWhole)
                        break;
                    yield return new PierPiece(new EventNumber(next), offset, node.Size, bytes);
                    offset += length;
                }
                while (offset < node.Size);
                if (!isWhole)
                    break;
                offset = 0;
                next = next == ulong.MaxValue ? throw file.Damage("it has the highest number that there is") : next + 1;
                if (_buffer.Length > KeptBuffer)
                    _buffer = [];
            }
        }
    }

    /// <summary>The names of the environment's tables, and of records that lie beside them.</summary>
    public IReadOnlyList<string> ReadNames()
    {
        IReadOnlyList<string> names = [];
        _tree = null;
        Read(() => names = new LmdbTree(file, _snapshot, _snapshot.Main).FindKeys("", _page));
        _tree = null;
        return names;
    }

    /// <summary>Reads small values of a table by name, in one state. The callback may be called more than once.</summary>
    public void ReadTable(string name, Action<LmdbTree?, LmdbPage> read)
    {
        _tree = null;
        Read(() => read(LmdbTree.Open(file, _snapshot, name, _page), _page));
        _tree = null;
    }

    /// <summary>As <see cref="ReadTable"/>, and in the same state a small record that lies beside the tables; <see langword="null"/> where it is missing.</summary>
    public void ReadTable(string name, string beside, int limit, Action<LmdbTree?, LmdbPage, byte[]?> read)
    {
        _tree = null;
        Read(() =>
        {
            byte[]? value = new LmdbTree(file, _snapshot, _snapshot.Main).Get(Encoding.ASCII.GetBytes(beside), _page, limit);
            read(LmdbTree.Open(file, _snapshot, name, _page), _page, value);
        });
        _tree = null;
    }

    /// <summary>
    /// A small value that never changes once it is committed. Neighbours come out of the page that is at hand.
    /// </summary>
    /// <returns>False where it is missing, or has another size.</returns>
    public bool TryReadRow(ulong number, Span<byte> row)
    {
        bool isAtHand = _page.Count > 0 && _page.IsLeaf && _rows && number >= _page.NumberOf(_page[0]) && number <= _page.NumberOf(_page[_page.Count - 1]);
        ulong index = isAtHand ? number - _page.NumberOf(_page[0]) : 0;
        if (!isAtHand || index >= (ulong)_page.Count || _page.NumberOf(_page[(int)index]) != number)
        {
            int found = Find(number);
            _rows = found >= 0;
            if (!_rows)
                return false;
            index = (ulong)found;
        }
        LmdbNode node = _page[(int)index];
        if (node.IsLarge || node.Size != row.Length)
            return false;
        _page.InlineValueOf(node).Span.CopyTo(row);
        return true;
    }

    private int Find(ulong number)
    {
        int index = -1;
        Read(() => index = _tree?.FindExactly(number, _page) ?? -1);
        return index;
    }

    private bool TryRead(LmdbNode node, long offset, int length, ref ReadOnlyMemory<byte> bytes)
    {
        if (!node.IsLarge)
        {
            bytes = _page.InlineValueOf(node).Slice((int)offset, length);
            return true;
        }
        try
        {
            _tree!.CheckValue(_page, node); // before memory is taken
            if (_buffer.Length < length)
                _buffer = GC.AllocateUninitializedArray<byte>(length);
            _tree.ReadValue(_page, node, offset, _buffer.AsSpan(0, length));
        }
        catch (SeguroException damage) when (damage.Code is ErrorCode.Corrupt && !file.IsStillWhole(_snapshot))
        {
            return false;
        }
        bytes = _buffer.AsMemory(0, length);
        return file.IsStillWhole(_snapshot);
    }

    /// <summary>Reads in one state of the file; in a newer one where that state was overwritten meanwhile.</summary>
    private void Read(Action read)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                if (_tree is null)
                {
                    _snapshot = file.ReadSnapshot();
                    _path.Forget();
                    _tree = LmdbTree.Open(file, _snapshot, table, _page, _path);
                }
                read();
            }
            catch (SeguroException damage) when (damage.Code is ErrorCode.Corrupt && !file.IsStillWhole(_snapshot))
            {
                _tree = null;
                continue;
            }
            if (file.IsStillWhole(_snapshot))
                return;
            _tree = null;
        }
        throw new SeguroException(ErrorCode.Conflict, $"{file.Path} is written to faster than it can be read", "Try again, or stop the ship first.");
    }
}

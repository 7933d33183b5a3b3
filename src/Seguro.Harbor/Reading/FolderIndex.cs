using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;

namespace Seguro.Harbor.Reading;

/// <summary>What a ship's folder holds, by the names alone.</summary>
internal sealed class FolderIndex
{
    private readonly List<SegmentObject> _merged = [];
    private readonly List<SegmentObject> _segments = [];

    /// <summary>The segments in the order in which they are read: merged ones take the place of those that begin within them.</summary>
    public IReadOnlyList<SegmentObject> Path { get; private set; } = [];

    /// <summary>All segments, those that others replace included.</summary>
    public IEnumerable<SegmentObject> All => _merged.Concat(_segments);

    public List<SnapshotObject> Snapshots { get; } = [];

    /// <summary>What the log no longer had when its turn came, as it was noted then; some of it may have been closed since.</summary>
    public List<HarborGap> Gaps { get; } = [];

    /// <summary>What of that is still missing, by the names alone: from the first gap's beginning to the last one's end.</summary>
    public HarborGap? Gap
    {
        get
        {
            HarborGap[] open = [.. Gaps.Where(gap => MayLack(gap.First))];
            return open.Length == 0 ? null : new HarborGap(open.Min(static gap => gap.First), open.Max(static gap => gap.Last));
        }
    }

    public bool HasShip { get; private set; }

    /// <summary>The sum of all sizes, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many objects there are.</summary>
    public int Count { get; private set; }

    public static async Task<FolderIndex> ReadAsync(IHarborTarget target, string folder, CancellationToken cancel)
    {
        FolderIndex index = new();
        await foreach (TargetObject found in target.ListAsync(folder, cancel))
        {
            string name = found.Name[(folder.Length + 1)..];
            index.Bytes += found.Size;
            index.Count++;
            if (ObjectName.FirstOf(name) is { } first)
                index._segments.Add(new SegmentObject(name, first, null, found.Size));
            else if (ObjectName.RangeOf(name) is { } range)
                index._merged.Add(new SegmentObject(name, range.First, range.Last, found.Size));
            else if (ObjectName.SnapshotOf(name) is { } snapshot)
                index.Snapshots.Add(new SnapshotObject(name, snapshot.Event, snapshot.File, found.Size));
            else if (ObjectName.GapOf(name) is { } gap)
                index.Gaps.Add(gap);
            else
                index.HasShip |= name == ObjectName.Ship;
        }
        index.Path = index.FindPath();
        return index;
    }

    /// <summary>The segments that may hold an event, the best first: the one of the path, then those that it replaced.</summary>
    public IEnumerable<SegmentObject> Covering(EventNumber number)
    {
        foreach (SegmentObject one in _merged.Where(one => one.First <= number && one.Last >= number).OrderByDescending(static one => one.Last!.Value.Value))
            yield return one;
        int place = FindLast(_segments, number);
        if (place >= 0)
            yield return _segments[place];
    }

    /// <summary>By the names alone, an event that once was missing may still be: no segment begins with it, none was merged over it, and the folder begins before it.</summary>
    public bool MayLack(EventNumber number) => Path.Count > 0 && Path[0].First < number && !All.Any(one => one.First == number || (one.First <= number && one.Last >= number));

    /// <summary>A segment of this name is there.</summary>
    public bool Has(string name) => All.Any(one => one.Name == name);

    /// <summary>The place in <see cref="Path"/> from which an event is reached.</summary>
    public int PlaceOf(EventNumber number) => Math.Max(0, FindLast(Path, number));

    private static int FindLast(IReadOnlyList<SegmentObject> sorted, EventNumber number)
    {
        int low = 0, high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle].First <= number)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }

    private List<SegmentObject> FindPath()
    {
        List<SegmentObject> path = [];
        EventNumber covered = EventNumber.None;
        foreach (SegmentObject one in All.OrderBy(static one => one.First).ThenByDescending(static one => one.Last?.Value ?? 0))
        {
            if ((one.Last ?? one.First) <= covered)
                continue; // another has these, merged
            path.Add(one);
            covered = one.Last ?? covered;
        }
        return path;
    }
}

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

    /// <summary>The names of objects whose copies for other recipients lie aside: somebody exchanges them, or was ended while he did.</summary>
    public List<string> Aside { get; } = [];

    /// <summary>Those of them whose own place is empty: the copy stands in for it, and is read where that is asked for.</summary>
    public HashSet<string> StandIns { get; } = new(StringComparer.Ordinal);

    public bool HasShip { get; private set; }

    /// <summary>The sum of all sizes, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many objects there are.</summary>
    public int Count { get; private set; }

    public static async Task<FolderIndex> ReadAsync(IHarborTarget target, string folder, CancellationToken cancel)
    {
        FolderIndex index = new();
        HashSet<string> there = new(StringComparer.Ordinal);
        List<(string Name, long Size)> aside = [];
        await foreach (TargetObject found in target.ListAsync(folder, cancel))
        {
            string name = found.Name[(folder.Length + 1)..];
            index.Bytes += found.Size;
            index.Count++;
            if (name.StartsWith(ObjectName.Aside, StringComparison.Ordinal))
                aside.Add((name[ObjectName.Aside.Length..], found.Size));
            else if (there.Add(name))
                index.Add(name, found.Size);
        }
        foreach ((string name, long size) in aside)
        {
            index.Aside.Add(name);
            if (!there.Contains(name) && index.StandIns.Add(name))
                index.Add(name, size);
        }
        index._segments.Sort(static (one, other) => one.First.Value.CompareTo(other.First.Value));
        index.Path = index.FindPath();
        return index;
    }

    private void Add(string name, long size)
    {
        if (ObjectName.FirstOf(name) is { } first)
            _segments.Add(new SegmentObject(name, first, null, size));
        else if (ObjectName.RangeOf(name) is { } range)
            _merged.Add(new SegmentObject(name, range.First, range.Last, size));
        else if (ObjectName.SnapshotOf(name) is { } snapshot)
            Snapshots.Add(new SnapshotObject(name, snapshot.Event, snapshot.File, size));
        else if (ObjectName.GapOf(name) is { } gap)
            Gaps.Add(gap);
        else
            HasShip |= name == ObjectName.Ship;
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

    /// <summary>What of the gaps is still missing, from the first one's beginning to the last one's end.</summary>
    /// <remarks>Where a repair has begun to close one, the manifest of what it put last is read: that needs no identity.</remarks>
    /// <exception cref="SeguroException">What the target throws.</exception>
    public async Task<HarborGap?> ReadGapAsync(HarborFolder folder, NSec.Cryptography.PublicKey signer, CancellationToken cancel)
    {
        HarborGap? all = null;
        foreach (HarborGap noted in Gaps)
        {
            if (await ReadOpenAsync(noted, folder, signer, cancel) is not { } open)
                continue;
            all = all is not { } before ? open : new HarborGap(open.First < before.First ? open.First : before.First, open.Last > before.Last ? open.Last : before.Last);
        }
        return all;
    }

    /// <summary>A segment of this name is there.</summary>
    public bool Has(string name) => All.Any(one => one.Name == name);

    /// <summary>All objects that have recipients, with their sizes in bytes; 0 where it is not known.</summary>
    public IEnumerable<(string Name, long Size)> Sealed =>
        (HasShip ? [(ObjectName.Ship, 0L)] : Enumerable.Empty<(string, long)>()).Concat(Snapshots.Select(static one => (one.Name, one.Size))).Concat(All.Select(static one => (one.Name, one.Size)));

    /// <summary>The place in <see cref="Path"/> from which an event is reached.</summary>
    public int PlaceOf(EventNumber number) => Math.Max(0, FindLast(Path, number));

    /// <summary>What of a gap is still open. It is closed from its beginning on, a segment after the other, so that the newest of them tells.</summary>
    private async Task<HarborGap?> ReadOpenAsync(HarborGap gap, HarborFolder folder, NSec.Cryptography.PublicKey signer, CancellationToken cancel)
    {
        int place = FindLast(Path, gap.Last);
        if (place < 0)
            return null; // the folder begins behind it
        SegmentObject newest = Path[place];
        EventNumber reached;
        try
        {
            reached = newest.Last ?? (newest.First < gap.First ? gap.First.Previous : (await folder.ReadManifestAsync(newest.Name, signer, cancel)).Last);
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            reached = newest.First.Previous;
        }
        return reached >= gap.Last ? null : new HarborGap(reached >= gap.First ? reached.Next : gap.First, gap.Last);
    }

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

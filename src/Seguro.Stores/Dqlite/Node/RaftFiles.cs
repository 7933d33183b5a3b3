using System.Globalization;

namespace Seguro.Stores.Dqlite;

/// <summary>The files of a node's raft log, by their names: snapshots, closed segments, open segments in the order in which they are written.</summary>
/// <remarks>
/// Names, from libraft 0.15.0, <c>src/uv_snapshot.c</c> and <c>src/uv_segment.c</c>: <c>snapshot-TERM-INDEX-TIME</c> with <c>.meta</c> beside it, <c>FIRST-LAST</c>
/// of at least 16 digits each, <c>open-COUNTER</c>. A snapshot without its <c>.meta</c> does not count there, nor here.
/// </remarks>
sealed class RaftFiles
{
    private readonly string _folder;

    private RaftFiles(string folder) => _folder = folder;

    /// <summary>Where the newest snapshot ends; nothing where there is none.</summary>
    public RaftEnd? Snapshot { get; private set; }

    /// <summary>The closed segments, in order.</summary>
    public List<(ulong First, ulong Last, string Path)> Closed { get; } = [];

    /// <summary>The open segments, in order; those that were only made in advance, too.</summary>
    public List<(ulong Counter, string Path)> Open { get; } = [];

    /// <summary>Looks at the names in a folder.</summary>
    public static RaftFiles List(string folder)
    {
        RaftFiles files = new(folder);
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            string name = Path.GetFileName(path);
            string[] words = name.Split('-');
            if (words is ["snapshot", var term, var index, _] && File.Exists(path + ".meta") && Number(term) is { } ofTerm && Number(index) is { } atIndex)
                files.Snapshot = files.Snapshot is { } other && other > new RaftEnd(ofTerm, atIndex) ? other : new RaftEnd(ofTerm, atIndex);
            else if (!RaftSegment.IsSegment(name))
                continue;
            else if (words is ["open", var counter] && Number(counter) is { } count)
                files.Open.Add((count, path));
            else if (words is [var first, var last] && Number(first) is { } from && Number(last) is { } to)
                files.Closed.Add((from, to, path));
        }
        files.Closed.Sort();
        files.Open.Sort();
        return files;
    }

    /// <summary>Reads all segments, checks that none is damaged and none is missing between others, and says where the log ends.</summary>
    /// <returns><see langword="null"/> where there is no entry at all.</returns>
    /// <exception cref="Seguro.Core.SeguroException"><see cref="Seguro.Core.ErrorCode.LostDisk"/>.</exception>
    public RaftEnd? Check()
    {
        RaftEnd? end = null;
        foreach ((ulong first, ulong last, string path) in Closed)
        {
            (ulong entries, ulong term) = RaftSegment.Check(path);
            if (last < first || entries != last - first + 1)
                throw NodeFolder.Lost($"{path} has {entries} entries, other than its name says", _folder);
            end = new RaftEnd(term, last);
        }
        CheckGaps();
        ulong index = Math.Max(end?.Index ?? 0, Snapshot?.Index ?? 0);
        foreach ((_, string path) in Open)
        {
            (ulong entries, ulong term) = RaftSegment.Check(path);
            if (entries > 0)
                end = new RaftEnd(term, index += entries);
        }
        return end is { } found && (Snapshot is not { } snapshot || found > snapshot) ? found : Snapshot;
    }

    /// <summary>From the last one down, each follows the one before, until the snapshot, or the log's first entry.</summary>
    private void CheckGaps()
    {
        if (Closed.Count == 0)
            return;
        ulong needed = (Snapshot?.Index ?? 0) + 1;
        ulong first = Closed[^1].First;
        for (int i = Closed.Count - 2; i >= 0 && first > needed; i--)
        {
            if (Closed[i].Last + 1 != first)
                break;
            first = Closed[i].First;
        }
        if (first > needed)
            throw NodeFolder.Lost($"{_folder} lacks a part of the node's log: entries {needed} to {first - 1} are in no segment", _folder);
    }

    private static ulong? Number(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}

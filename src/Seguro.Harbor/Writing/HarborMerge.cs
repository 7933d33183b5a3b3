using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;

namespace Seguro.Harbor.Writing;

/// <summary>Makes one segment of many small ones (docs/harbor-format.md, "Merged segments"). It needs the identity, so it runs on the owner's machine.</summary>
/// <remarks>
/// The merged segment is made once, under a name that says its range, and read back whole; only then may those go that it replaces. Whatever ends it
/// in between leaves both, and every reader takes the merged one.
/// Memory: the records of one merged segment, and one segment; larger ones go by files.
/// </remarks>
internal static class HarborMerge
{
    /// <summary>The most bytes of records in a merged segment: what a host puts into one at most, so that a restore holds it in memory.</summary>
    private const long MostBytes = 16 << 20;

    /// <summary>What can be merged of the segments from a place in the path on. The newest stays: its writer may be about to ask where the harbor ends.</summary>
    public static List<PlannedMerge> Plan(HarborCopy copy, int from, HarborVerification verification)
    {
        List<PlannedMerge> merges = [];
        List<string> names = [];
        Manifest? first = null, last = null;
        long bytes = 0;
        for (int i = from; i + 1 < copy.Index.Path.Count; i++)
        {
            string name = copy.Index.Path[i].Name;
            if (!verification.Segments.TryGetValue((copy.Target, name), out (Manifest Manifest, long Bytes) segment))
            {
                Close();
                continue;
            }
            if (last is null || last.End != segment.Manifest.Start || bytes + segment.Bytes > MostBytes)
                Close();
            names.Add(name);
            first ??= segment.Manifest;
            last = segment.Manifest;
            bytes += segment.Bytes;
        }
        Close();
        return merges;

        void Close()
        {
            if (names.Count > 1)
                merges.Add(new PlannedMerge(first!.First, last!.Last, names, bytes));
            (names, first, last, bytes) = ([], null, null, 0);
        }
    }

    /// <summary>Makes a merged segment, and reads it back.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: what it was made of, or what came back, is not what was verified; what the target throws. Nothing was removed.</exception>
    public static async Task MakeAsync(HarborReader reader, HarborCopy copy, PlannedMerge merge, HostKey host, TimeProvider time, CancellationToken cancel)
    {
        using Stream records = Scratch.For(merge.Bytes);
        Manifest? merged = null;
        foreach (string name in merge.Objects)
        {
            using OpenedObject opened = await copy.Folder.OpenAsync(name, 0, reader.Owner, cancel);
            Manifest part = opened.Manifest;
            if (merged is not null && merged.End != part.Start)
                throw Changed(copy, name, $"it does not go on where event {merged.Last} ends");
            merged = merged is null ? part : merged with { Last = part.Last, After = part.After, Time = part.Time };
            await opened.Content.CopyToAsync(records, cancel);
        }
        if (merged is null || merged.First != merge.First || merged.Last != merge.Last)
            throw Changed(copy, merge.Objects[0], "it is not what was verified");
        string made = ObjectName.MergedSegment(merge.First, merge.Last);
        HarborWriter writer = new(copy.Folder.Target, host, reader.Ship, new BackupOptions { Time = time });
        await writer.PutMergedAsync(made, merged, records, cancel); // where it is there already, it is as good, or what follows says so
        using OpenedObject back = await copy.Folder.OpenAsync(made, 0, reader.Owner, cancel);
        if (back.Manifest.Start != merged.Start || back.Manifest.End != merged.End)
            throw Changed(copy, made, "it is another history than that of the segments that it was made of");
    }

    private static SeguroException Changed(HarborCopy copy, string name, string how) =>
        new(ErrorCode.Corrupt, $"{copy.Target}: {name}: {how}", "Nothing was removed for it. Find out what is there with `seguro harbor verify`, then prune again.");
}

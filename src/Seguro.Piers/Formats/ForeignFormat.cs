using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What newer veres, or none that Seguro knows, leave in a pier: recognized by name, and refused before anything is read as what it is not, or written (vere-facts.md §12, §2.7).</summary>
internal static class ForeignFormat
{
    /// <summary>How an event begins, behind its mug, in the encoding that goes with blobs. No cell's jam begins so.</summary>
    private static ReadOnlySpan<byte> BlobEvent => "RAM\0"u8;

    /// <summary>How much of an event's beginning tells its encoding, in bytes.</summary>
    public const int EventHead = 8;

    private static readonly string[] KnownTables = [PierMeta.Table, PierMeta.Events, PierMeta.OwnTable];
    private static readonly string[] BlobTables = ["BLOBS", "LEASES"];

    /// <summary>Refuses what can be told without opening an environment.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="images">The snapshots that lie around its log, and the one that is being saved; none where somebody else looks at them.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>.</exception>
    public static void RefuseByFiles(string pier, IReadOnlyList<LoomImage> images)
    {
        string log = PierFiles.LogOf(pier);
        foreach (string folder in Directory.EnumerateDirectories(log).Prepend(log))
        {
            foreach (string file in Directory.EnumerateFiles(folder).Where(static file => Path.GetFileName(file) != "lock.mdb"))
            {
                // A number in the machine's order, so the letters stand backwards.
                if (FileStart.Read(file, 0, 4) is { } start && (start.AsSpan().SequenceEqual("KOOB"u8) || start.AsSpan().SequenceEqual("BOOK"u8)))
                    throw Refusal(pier, "a book, an append-only log instead of LMDB", Path.GetRelativePath(pier, file));
            }
        }
        foreach ((_, string folder) in EpochFormat.FindEpochs(log))
        {
            string? format = PierEpoch.ReadFormat(folder);
            string file = Path.GetRelativePath(pier, Path.Combine(folder, "epoc.txt"));
            if (format == "3")
                throw Blobs(pier, $"{file} says format 3");
            if (ulong.TryParse(format, out ulong number) && number is < 1 or > 2)
                throw Refusal(pier, $"a log of format {number}; known are 1 (vere 3) and 2 (vere 4)", file);
        }
        string blobs = Path.Combine(pier, ".urb", "bob");
        if (Presence.IsFolder(blobs) && Directory.EnumerateFiles(blobs, "*", SearchOption.AllDirectories).FirstOrDefault() is { } blob)
            throw Blobs(pier, $"there is {Path.GetRelativePath(pier, blob)}");
        foreach (LoomImage image in images)
        {
            if (image.IsWide)
                throw Refusal(pier, "a snapshot of 64-bit words (vere 5)", image.File);
            if (image.Layout > LoomImage.NewestLayout)
                throw Refusal(pier, $"a snapshot of memory layout {image.Layout}; known are 1 to {LoomImage.NewestLayout}", image.File);
        }
    }

    /// <summary>Refuses a log whose META is of a version that is not known.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>.</exception>
    public static void RefuseByMarks(string pier, LogMarks marks)
    {
        if (marks.MetaVersion > EpochFormat.Two.MetaVersion)
            throw Refusal(pier, $"a log of version {marks.MetaVersion}; known are 1 and 3", "META of .urb/log/data.mdb");
    }

    /// <summary>Refuses an environment with tables that are not known.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>.</exception>
    /// <param name="pier">The pier.</param>
    /// <param name="epoch">One of its environments: an epoch's, or the one at the top.</param>
    public static void RefuseByTables(string pier, PierEpoch epoch)
    {
        foreach (string name in epoch.NewReader().ReadNames())
        {
            string where = $"the table {name} of {Path.GetRelativePath(pier, epoch.File.Path)}";
            if (BlobTables.Contains(name))
                throw Blobs(pier, $"there is {where}");
            if (!KnownTables.Contains(name) && !name.StartsWith(PierMeta.OwnPrefixText, StringComparison.Ordinal))
                throw Refusal(pier, "a table that no vere up to 4.6 has", where);
        }
    }

    /// <summary>Refuses an event of another encoding.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="number">The event.</param>
    /// <param name="start">Its first bytes.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>.</exception>
    public static void RefuseByEvent(string pier, EventNumber number, ReadOnlySpan<byte> start)
    {
        if (IsBlobEvent(start))
            throw Blobs(pier, $"event {number} is encoded otherwise (RAM)");
    }

    /// <summary>An event begins like one that may refer to blobs, which are not in the log.</summary>
    /// <param name="start">Its first bytes, <see cref="EventHead"/> or more where it has them.</param>
    public static bool IsBlobEvent(ReadOnlySpan<byte> start) => start.Length >= EventHead && start[4..EventHead].SequenceEqual(BlobEvent);

    private static SeguroException Blobs(string pier, string what) => Refusal(pier, "a log of format 3, which is not the whole ship: blobs lie beside it in .urb/bob", what);

    private static SeguroException Refusal(string pier, string name, string where) => new(
        ErrorCode.NewerSchema,
        $"the pier {pier} has {name} ({where})",
        "This Seguro knows the piers of vere 1.0 to 4.6, and touches no other. Use a newer Seguro; keep the ship's own backups until then.");
}

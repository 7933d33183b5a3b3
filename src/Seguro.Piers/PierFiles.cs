using Seguro.Core;

namespace Seguro.Piers;

/// <summary>The files of a pier's log, opened: finds out its generation and checks that the epochs fit together (vere-facts.md §1.3).</summary>
internal sealed class PierFiles : IDisposable
{
    private readonly List<PierEpoch> _epochs = [];

    private PierFiles(string path) => Path = path;

    public string Path { get; }

    /// <summary>META's version: 1 for a flat log, 3 with epochs.</summary>
    public int MetaVersion { get; private set; } = 3;

    public PierLayout Layout => MetaVersion == 1 ? PierLayout.Flat : Newest.Format == 1 ? PierLayout.EpochsV3 : PierLayout.EpochsV4;

    /// <summary>The epochs from the oldest to the newest.</summary>
    public IReadOnlyList<PierEpoch> Epochs => _epochs;

    public PierEpoch Newest => _epochs[^1];

    /// <summary>The first event, or the one that would be.</summary>
    public EventNumber First => (_epochs.Find(static epoch => !epoch.Info.IsEmpty) ?? Newest).Info.First;

    /// <summary>The last event.</summary>
    public EventNumber Last => Newest.Info.Last;

    public long Bytes => _epochs.Sum(static epoch => epoch.Info.Bytes);

    /// <summary>There is a newer epoch than the newest of these, or the newest is another file than it was.</summary>
    public bool IsOutdated => Layout != PierLayout.Flat
        && (!Directory.Exists(Newest.Folder) || Directory.EnumerateDirectories(LogOf(Path)).Any(folder => PierEpoch.StartOf(System.IO.Path.GetFileName(folder)) > Newest.Start && PierEpoch.IsFinished(folder)));

    /// <summary>The folder with the log of a pier.</summary>
    public static string LogOf(string path) => System.IO.Path.Combine(path, ".urb", "log");

    /// <summary>There is a pier's log at this path.</summary>
    public static bool Exists(string path) => Directory.Exists(LogOf(path));

    /// <summary>Opens the files.</summary>
    /// <param name="path">The pier's folder.</param>
    /// <param name="isLive">A vere may write to the newest epoch meanwhile.</param>
    /// <param name="smallestEvent">The least bytes of an event.</param>
    /// <param name="check">How much is looked at. <see cref="Bytes"/> needs <see cref="PierCheck.Everything"/>.</param>
    public static PierFiles Open(string path, bool isLive, int smallestEvent, PierCheck check)
    {
        if (!Directory.Exists(path))
        {
            throw File.Exists(path)
                ? PierFault.NotAPier(path, "it is a file")
                : new SeguroException(ErrorCode.NotFound, $"the pier {path} is not there", "Check the path.");
        }
        if (!Exists(path))
            throw PierFault.NotAPier(path, "it has no folder .urb/log");
        PierFiles files = new(System.IO.Path.GetFullPath(path));
        try
        {
            files.Load(isLive, smallestEvent, check);
            return files;
        }
        catch (UnauthorizedAccessException refused)
        {
            files.Dispose();
            throw new SeguroException(ErrorCode.FileAccess, $"the pier {path} can't be read: {refused.Message}", "Check its permissions.", refused);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The identity, which META at the top and in the newest epoch must agree upon.</summary>
    public PierIdentity ReadIdentity()
    {
        PierIdentity newest = PierMeta.Decode(Newest.File.Path, name => Newest.ReadMeta(name));
        string top = System.IO.Path.Combine(LogOf(Path), "data.mdb");
        if (MetaVersion == 1 || !File.Exists(top))
            return newest;
        using PierEpoch above = PierEpoch.OpenFlat(LogOf(Path));
        if (above.ReadMeta(PierMeta.Version) is null)
            return newest; // vere 3 repairs it from the epoch
        PierIdentity identity = PierMeta.Decode(top, name => above.ReadMeta(name));
        return identity == newest
            ? identity
            : throw PierFault.NotAPier(Path, $"its top META ({identity}) and that of its newest epoch ({newest}) are of different ships", "Restore the pier from a backup.");
    }

    public void Dispose()
    {
        foreach (PierEpoch epoch in _epochs)
            epoch.Dispose();
    }

    private void Load(bool isLive, int smallestEvent, PierCheck check)
    {
        string log = LogOf(Path);
        MetaVersion = ReadTopVersion(log);
        if (MetaVersion == 1)
            _epochs.Add(PierEpoch.OpenFlat(log));
        else
            OpenEpochs(log);
        foreach (PierEpoch epoch in _epochs)
            epoch.Survey(isLive && epoch == Newest, smallestEvent, check);
        CheckSequence();
        if (MetaVersion == 0 && Newest.Format != 1)
            throw PierFault.NotAPier(Path, "its META is missing in .urb/log/data.mdb", "Restore that file from a backup: vere 4 does not start without it either.");
        if (MetaVersion == 0)
            MetaVersion = 3; // vere 3 makes it anew from the epoch
    }

    /// <summary>META's version at the top: 1, 3, or 0 where there is no META.</summary>
    private int ReadTopVersion(string log)
    {
        if (!File.Exists(System.IO.Path.Combine(log, "data.mdb")))
            return 0;
        using PierEpoch top = PierEpoch.OpenFlat(log);
        bool hasMeta = false;
        top.NewReader().ReadTable(PierMeta.Table, (meta, _) => hasMeta = meta is not null);
        byte[]? value = top.ReadMeta(PierMeta.Version);
        if (value is null && top.ReadMeta(PierMeta.OldFake, 1 << 10) is not null)
            throw PierFault.NotAPier(Path, "its log is of a vere before 1.0, whose events are encoded otherwise", "Start it once with vere 1.x, which brings it up to date; then try again.");
        if (value is null && hasMeta && top.ReadMeta(PierMeta.Who) is not null)
            throw PierFault.NotAPier(Path, "its META has no version", "Restore .urb/log/data.mdb from a backup: vere can't open it like this either.");
        if (value is null)
            return 0;
        ulong? version = PierMeta.Decode(value) is { } number && number <= ulong.MaxValue ? (ulong)number : null;
        return version switch
        {
            1 => 1,
            2 => throw PierFault.NotAPier(Path, "its migration to epochs by vere 3 was not finished", "Start it once with vere 3, which finishes that; then try again."),
            3 => 3,
            0 or null => throw PierFault.NotAPier(Path, "its META has a version that never was"),
            _ => throw new SeguroException(ErrorCode.NewerSchema, $"the log of the pier {Path} is of version {version}; Seguro knows 1 and 3", "Use a newer Seguro."),
        };
    }

    private void OpenEpochs(string log)
    {
        List<(ulong Start, string Folder)> found = [];
        foreach (string folder in Directory.EnumerateDirectories(log))
        {
            if (PierEpoch.StartOf(System.IO.Path.GetFileName(folder)) is { } start)
                found.Add((start, folder));
        }
        found.Sort();
        // As vere does: a newest epoch that was never finished is passed over, once; but not one that has events.
        if (found.Count > 1 && IsVoid(found[^1].Folder))
            found.RemoveAt(found.Count - 1);
        if (found.Count == 0)
            throw PierFault.NotAPier(Path, MetaVersion == 0 ? "it has neither META nor an epoch" : "it has no epoch", "Restore .urb/log from a backup.");
        foreach ((ulong start, string folder) in found)
            _epochs.Add(PierEpoch.Open(folder, start));
    }

    private static bool IsVoid(string folder)
    {
        if (!File.Exists(System.IO.Path.Combine(folder, "data.mdb")))
            return true;
        using PierEpoch epoch = PierEpoch.OpenFlat(folder);
        if (epoch.NewReader().FindEnds() is null)
            return !PierEpoch.IsFinished(folder) || epoch.ReadMeta(PierMeta.Who) is null;
        return PierEpoch.IsFinished(folder)
            ? false
            : throw PierFault.NotAPier(folder, "it holds events, but its epoc.txt is missing: vere would delete it", "Restore epoc.txt (2 for vere 4, 1 for vere 3) or the pier from a backup before vere is started.");
    }

    /// <summary>Each epoch goes on where the one before ends; the oldest with events may begin later (chopped or trimmed).</summary>
    private void CheckSequence()
    {
        EpochInfo? before = null;
        foreach (PierEpoch epoch in _epochs)
        {
            EpochInfo info = epoch.Info;
            if (info.First <= info.Start || (before is { IsEmpty: false } && info.Start < before.Last))
                throw new SeguroException(ErrorCode.Corrupt, $"the epoch {epoch.Folder} overlaps with the one before", "Restore the pier from a backup.");
            if (before is { IsEmpty: false } && (info.Start > before.Last || info.First != info.Start.Next))
                throw PierFault.Gap(Path, before.Last.Next, info.First);
            if (before is null || !before.IsEmpty || !info.IsEmpty)
                before = info;
        }
    }
}

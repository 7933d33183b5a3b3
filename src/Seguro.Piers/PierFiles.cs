using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>The files of a pier's log, opened: finds out its generation and checks that the epochs fit together (vere-facts.md §1.3).</summary>
internal sealed class PierFiles : IDisposable
{
    private IReadOnlyList<PierEpoch> _epochs = [];
    private LogFormat _format = EpochFormat.Two;

    private PierFiles(string path) => Path = path;

    public string Path { get; }

    /// <summary>META's version: 1 for a flat log, 3 with epochs.</summary>
    public int MetaVersion => _format.MetaVersion;

    /// <summary>META is missing at the top, which vere 3 mends from the epoch.</summary>
    public bool LacksTopMeta { get; private set; }

    public PierLayout Layout => _format.Layout;

    /// <summary>The epochs from the oldest to the newest.</summary>
    public IReadOnlyList<PierEpoch> Epochs => _epochs;

    public PierEpoch Newest => _epochs[^1];

    /// <summary>The first event, or the one that would be.</summary>
    public EventNumber First => (_epochs.FirstOrDefault(static epoch => !epoch.Info.IsEmpty) ?? Newest).Info.First;

    /// <summary>The last event.</summary>
    public EventNumber Last => Newest.Info.Last;

    /// <summary>What proves that the log is not all that the ship computed.</summary>
    public IReadOnlyList<PierEvidence> Evidence { get; private set; } = [];

    /// <summary>The snapshots of vere's that lie around it.</summary>
    public IReadOnlyList<LoomImage> Images { get; private set; } = [];

    public long Bytes => _epochs.Sum(static epoch => epoch.Info.Bytes);

    /// <summary>There is a newer epoch than the newest of these, or the newest is another file than it was.</summary>
    public bool IsOutdated => Layout != PierLayout.Flat
        && (!Directory.Exists(Newest.Folder) ||
            Directory.EnumerateDirectories(LogOf(Path)).Any(folder => PierEpoch.StartOf(System.IO.Path.GetFileName(folder)) > Newest.Start && PierEpoch.IsFinished(folder)));

    /// <inheritdoc cref="Pier.IsReplaced"/>
    public bool IsReplaced
    {
        get
        {
            try
            {
                bool isSame = Layout is PierLayout.Flat
                    ? LogMarks.Read(Path).MetaVersion == (ulong)MetaVersion
                    : EpochFormat.FindOpened(LogOf(Path)).Select(static found => found.Start).SequenceEqual(_epochs.Select(static epoch => epoch.Start));
                return !isSame || !_epochs.All(static epoch => epoch.File.IsAtItsPath);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or SeguroException)
            {
                return true;
            }
        }
    }

    /// <summary>The folder with the log of a pier.</summary>
    public static string LogOf(string path) => System.IO.Path.Combine(path, ".urb", "log");

    /// <summary>There is a pier's log at this path.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: that can't be told.</exception>
    public static bool Exists(string path) => Presence.IsFolder(LogOf(path));

    /// <summary>Opens the files.</summary>
    /// <param name="path">The pier's folder.</param>
    /// <param name="isLive">A vere may write to the newest epoch meanwhile.</param>
    /// <param name="smallestEvent">The least bytes of an event.</param>
    /// <param name="check">How much is looked at. <see cref="Bytes"/> needs <see cref="PierCheck.Everything"/>.</param>
    /// <param name="despite">The evidence against the log in spite of which it is opened.</param>
    public static PierFiles Open(string path, bool isLive, int smallestEvent, PierCheck check, EvidenceKinds despite)
    {
        if (!Presence.IsFolder(path))
        {
            throw Presence.IsFile(path)
                ? PierFault.NotAPier(path, "it is a file")
                : new SeguroException(ErrorCode.NotFound, $"the pier {path} is not there", "Check the path.");
        }
        if (!Exists(path))
            throw PierFault.NotAPier(path, "it has no folder .urb/log");
        PierFiles files = new(System.IO.Path.GetFullPath(path));
        try
        {
            files.Load(isLive, smallestEvent, check);
            PierEvidence.Refuse(files.Path, files.Evidence, despite);
            return files;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            files.Dispose();
            throw FileFault.Reading($"the pier {path}", refused);
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
        string top = LmdbEnvironment.FileOf(LogOf(Path));
        if (MetaVersion == 1 || !Presence.IsFile(top))
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
        PierSurroundings around = PierSurroundings.Look(Path); // before the end of the log is looked for
        Images = around.Images;
        ForeignFormat.RefuseByFiles(Path, [.. Images, .. around.Patch is { Image: { } saved } ? [saved] : Array.Empty<LoomImage>()]);
        _format = Recognize();
        _epochs = _format.Open(LogOf(Path));
        foreach (PierEpoch epoch in _epochs)
            ForeignFormat.RefuseByTables(Path, epoch);
        if (Layout != PierLayout.Flat && !LacksTopMeta)
        {
            using PierEpoch top = PierEpoch.OpenFlat(LogOf(Path));
            ForeignFormat.RefuseByTables(Path, top);
        }
        foreach (PierEpoch epoch in _epochs)
            epoch.Survey(isLive && epoch == Newest, smallestEvent, check);
        CheckSequence();
        if (smallestEvent == EventSurvey.SmallestEvent)
            CheckEncoding();
        Evidence = [.. around.Above(Path, Last), .. LogDoubts.Of(this), .. ForensicMark.Find(Path)];
    }

    private LogFormat Recognize()
    {
        LogMarks marks = LogMarks.Read(Path);
        ForeignFormat.RefuseByMarks(Path, marks);
        LacksTopMeta = marks.MetaVersion is null;
        LogFormat? format = LogFormat.Known.FirstOrDefault(known => known.Is(marks));
        List<(ulong Start, string Folder)> found = EpochFormat.FindEpochs(LogOf(Path));
        if (found.Count == 0 && format is null)
            throw PierFault.NotAPier(Path, LacksTopMeta ? "it has neither META nor an epoch" : "it has no epoch", "Restore .urb/log from a backup.");
        if (EpochFormat.FindOpened(LogOf(Path)).Count == 0 && format is null)
            throw PierFault.NotAPier(Path, $"its epoch 0i{found[^1].Start} has lost its events: data.mdb is not there", "Restore .urb/log from a backup.");
        if (format is null)
            throw PierEpoch.BadFormat(EpochFormat.FindOpened(LogOf(Path))[^1].Folder);
        return LacksTopMeta && format == EpochFormat.Two
            ? throw PierFault.NotAPier(Path, "its META is missing in .urb/log/data.mdb", "Restore that file from a backup: vere 4 does not start without it either.")
            : format;
    }

    /// <summary>The ends of each epoch: a vere that encodes otherwise does so from some event on. What is copied is looked at event by event (<see cref="Transfer.PierCopy"/>).</summary>
    private void CheckEncoding()
    {
        foreach (PierEpoch epoch in _epochs.Where(static epoch => !epoch.Info.IsEmpty))
        {
            if (epoch.NewReader().FindEnds() is not { } ends)
                continue; // trimmed meanwhile
            foreach (ulong number in (ulong[])[ends.First, ends.Last])
            {
                foreach (PierPiece piece in epoch.NewReader().ReadPieces(number, number, ForeignFormat.EventHead).Take(1))
                    ForeignFormat.RefuseByEvent(Path, piece.Number, piece.Bytes.Span);
            }
        }
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

using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What the files of a log say against themselves: epochs that lost their events, a second log, a beginning that is missing.</summary>
internal static class LogDoubts
{
    /// <summary>Looks for all of it.</summary>
    public static IEnumerable<PierEvidence> Of(PierFiles files) => files.Layout is PierLayout.Flat
        ? [.. FindEpochsBesideFlat(files), .. FindBeginning(files)]
        : [.. FindLostEpochs(files), .. FindFlatBesideEpochs(files), .. FindBeginning(files)];

    /// <summary>
    /// Epochs that were not opened. One that a roll began and did not finish is harmless: the log ends where it would begin, and it has no <c>epoc.txt</c> or no record of a ship yet.
    /// </summary>
    private static IEnumerable<PierEvidence> FindLostEpochs(PierFiles files)
    {
        foreach ((ulong start, string folder) in EpochFormat.FindEpochs(PierFiles.LogOf(files.Path)))
        {
            if (files.Epochs.Any(epoch => epoch.Start == start))
                continue;
            string file = Path.GetRelativePath(files.Path, folder);
            bool hasLog = Presence.IsFile(LmdbEnvironment.FileOf(folder));
            if (start > files.Last.Value)
                yield return new PierEvidence(EvidenceKinds.Epoch, file, new EventNumber(start), $"the epoch {file} begins after event {start}, and the log ends at {files.Last}");
            else if (!hasLog && (start != files.Last.Value || PierEpoch.IsFinished(folder)))
                yield return new PierEvidence(EvidenceKinds.Epoch, file, null, $"the events of the epoch {file} are missing: its data.mdb is not there");
        }
    }

    private static IEnumerable<PierEvidence> FindEpochsBesideFlat(PierFiles files) => EpochFormat.FindEpochs(PierFiles.LogOf(files.Path))
        .SelectMany(epoch => FindOther(files, epoch.Folder, $"beside the flat log, which ends at event {files.Last}, there is the epoch 0i{epoch.Start}"));

    private static IEnumerable<PierEvidence> FindFlatBesideEpochs(PierFiles files) =>
        FindOther(files, PierFiles.LogOf(files.Path), $"beside the epochs, whose log ends at event {files.Last}, there is a flat log");

    private static IEnumerable<PierEvidence> FindOther(PierFiles files, string folder, string what)
    {
        string file = LmdbEnvironment.FileOf(folder);
        if (!Presence.IsFile(file))
            yield break;
        using PierEpoch other = PierEpoch.OpenFlat(folder);
        if (other.NewReader().FindEnds() is not { } ends)
            yield break;
        yield return new PierEvidence(
            EvidenceKinds.TwoLogs,
            Path.GetRelativePath(files.Path, file),
            new EventNumber(ends.Last),
            $"{what} with events {ends.First} to {ends.Last}: of two logs only one can be the ship's");
    }

    /// <summary>vere's logs begin where their folder says; only Seguro trims within one, and records it.</summary>
    private static IEnumerable<PierEvidence> FindBeginning(PierFiles files)
    {
        PierEpoch? oldest = files.Epochs.FirstOrDefault(static epoch => !epoch.Info.IsEmpty);
        if (oldest is null || oldest.Info.First.Value == oldest.Start + 1)
            yield break;
        ulong? recorded = files.Epochs.Reverse()
            .Select(static epoch => PierMeta.DecodeBase(epoch.ReadMeta(PierMeta.OwnBase, 1 << 10)))
            .FirstOrDefault(static found => found is not null);
        if (recorded >= oldest.Info.First.Value - 1)
            yield break;
        string file = Path.GetRelativePath(files.Path, oldest.File.Path);
        yield return new PierEvidence(
            EvidenceKinds.Beginning,
            file,
            new EventNumber(oldest.Start + 1),
            $"{file} should begin with event {oldest.Start + 1} and begins with {oldest.Info.First}: the events before are missing");
    }
}

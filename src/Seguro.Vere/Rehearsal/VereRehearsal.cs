using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Piers.Transfer;

namespace Seguro.Vere.Rehearsal;

/// <summary>
/// Tries a new runtime on copies of a pier, where nothing can leave: the old runtime brings the snapshot to the log's end, the new one takes the pier
/// over (vere-facts.md §1.3), computes the newest epoch's
/// events again and compares the mugs, and starts. The pier itself is only read.
/// </summary>
public static class VereRehearsal
{
    internal const string CatchUp = "catch up";
    internal const string Migrate = "migrate";
    internal const string Replay = "replay";
    internal const string Start = "start";

    private const int Attempts = 3;
    private const int Compared = 1000;

    /// <summary>Rehearses. The steps after one that failed are not tried.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotConfined"/>, <see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.DiskFull"/>: there is no room for two copies within the limit; what reading the pier throws.
    /// </exception>
    public static async Task<RehearsalVerdict> RunAsync(RehearsalOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        string digest = RehearsalVerdict.DigestOf(options.Binary);
        Confinement confinement = await Confinement.FindAsync();
        CheckRoom(options);
        if (Path.Exists(options.Folder))
            throw new SeguroException(ErrorCode.AlreadyExists, $"{options.Folder} exists already", "Another rehearsal may run there; or remove what an earlier one left.");
        string pier = Path.Combine(options.Folder, "pier");
        string second = Path.Combine(options.Folder, "replay");
        try
        {
            options.Notice($"copying {options.Pier}");
            PierInfo before = await CopyAsync(options.Pier, pier, cancel);
            List<RehearsalStep> steps = [];
            string to = "";
            if (await GoAsync(CatchUpAsync()) && await GoAsync(MigrateAsync()) && await GoAsync(ReplayAsync()))
                await GoAsync(StartAsync());
            return new RehearsalVerdict(ShipName.ToShip(before.Identity.Who), Path.GetFullPath(options.Binary), digest, before.VereVersion, to, before.Last, DateTimeOffset.UtcNow, steps);

            async Task<bool> GoAsync(Task<RehearsalStep> step)
            {
                steps.Add(await step);
                options.Notice($"{steps[^1].Name}: {steps[^1].Outcome.ToString().ToLowerInvariant()}: {steps[^1].What}");
                return steps[^1].IsGood;
            }

            async Task<RehearsalStep> CatchUpAsync()
            {
                bool isThere = before.Images.Any(image => Path.GetDirectoryName(image.File) == ".urb/chk" && image.Event == before.Last);
                if (isThere)
                    return new RehearsalStep(CatchUp, RehearsalOutcome.Skipped, $"the snapshot is of the last event, {before.Last}");
                return options.OldBinary is not { } old
                    ? new RehearsalStep(CatchUp, RehearsalOutcome.Failed, $"the snapshot is not of the last event, {before.Last}, and a new runtime takes over no other (vere {before.VereVersion} is needed: --old PATH)")
                    : await RunAsync(CatchUp, pier, [old, "play", pier], null);
            }

            async Task<RehearsalStep> MigrateAsync()
            {
                if (options.Replays && before.Layout is PierLayout.EpochsV4)
                    PierFolderCopy.Run(pier, second, cancel);
                RehearsalStep step = await RunAsync(Migrate, pier, [options.Binary, "play", pier], null);
                if (step.Outcome is not RehearsalOutcome.Ok)
                    return step;
                using Pier after = Pier.Open(pier, PierAccess.Offline);
                to = after.Info.VereVersion;
                string? wrong = Compare(options.Pier, before, after);
                return wrong is null ? step with { What = $"it takes the pier over, from {before.VereVersion} to {to}" } : step with { Outcome = RehearsalOutcome.Failed, What = wrong };
            }

            async Task<RehearsalStep> ReplayAsync()
            {
                if (!options.Replays)
                    return new RehearsalStep(Replay, RehearsalOutcome.Skipped, "it was not asked for");
                if (before.Layout is not PierLayout.EpochsV4)
                    return new RehearsalStep(Replay, RehearsalOutcome.Skipped, $"no vere computes all events of an epoch of vere {before.VereVersion} again");
                RehearsalStep step = await RunAsync(Replay, second, [options.Binary, "play", "--yolo", "--full", second], null);
                return step.Outcome is RehearsalOutcome.Ok ? step with { What = $"it computes the events {before.Epochs[^1].First} to {before.Last} again, with the same mugs" } : step;
            }

            // Its ports are its own there.
            async Task<RehearsalStep> StartAsync()
            {
                RehearsalStep step = await RunAsync(
                    Start, pier, [options.Binary, "-t", "-p", "31337", "--http-port", "8080", pier], static line => line.Contains("): live", StringComparison.Ordinal));
                return step.Outcome is RehearsalOutcome.Ok ? step with { What = "the ship comes up, and ends when it is told to" } : step;
            }

            Task<RehearsalStep> RunAsync(string name, string folder, string[] command, Func<string, bool>? isDone)
            {
                options.Notice($"{name}: {string.Join(' ', command)}");
                return confinement.RunAsync(name, folder, options.Limits, command, isDone, cancel);
            }
        }
        finally
        {
            if (Directory.Exists(options.Folder))
                Directory.Delete(options.Folder, recursive: true);
        }
    }

    private static void CheckRoom(RehearsalOptions options)
    {
        long size = PierFolderCopy.Measure(options.Pier);
        string above = Path.GetDirectoryName(Path.GetFullPath(options.Folder))!;
        long free = new DriveInfo(above).AvailableFreeSpace;
        if (size > options.Limits.Disk || (size * 3) > free)
            throw new SeguroException(ErrorCode.DiskFull, $"a rehearsal makes two copies of {size:N0} bytes, and {above} has {free:N0} free; a copy may have {options.Limits.Disk:N0}", "Name a folder with more room (--work), or raise --disk. Nothing was copied.");
    }

    /// <summary>A pier that nobody holds is copied as it is; of one that is in use, the log and the newest snapshot that belong together.</summary>
    private static async Task<PierInfo> CopyAsync(string pier, string target, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (!Pier.FindHolder(pier).IsHeld)
                    PierFolderCopy.Run(pier, target, cancel);
                else
                    await CopyLiveAsync(pier, target, cancel);
                using Pier copy = Pier.Open(target, PierAccess.Offline);
                return copy.Info;
            }
            catch (SeguroException moved) when (attempt < Attempts && moved.Code is not (ErrorCode.DiskFull or ErrorCode.FileAccess or ErrorCode.NotFound))
            {
                // Somebody wrote to it meanwhile.
                if (Directory.Exists(target))
                    Directory.Delete(target, recursive: true);
            }
        }
    }

    private static async Task CopyLiveAsync(string pier, string target, CancellationToken cancel)
    {
        string version;
        Ship ship;
        LoomImage[] images;
        using (Pier live = Pier.Follow(pier, EvidenceKinds.Patch))
            (version, ship, images) = (live.Info.VereVersion, ShipName.ToShip(live.Info.Identity.Who), [.. live.Info.Images]);
        await using LmdbStore store = await LmdbStore.OpenAsync(pier, create: false, readOnly: true, EvidenceKinds.Patch, TimeProvider.System, cancel);
        await using EventLog log = new(await store.OpenLogAsync(ship, cancel) ?? throw new SeguroException(ErrorCode.NoSuchLog, $"{pier} has no log", "Check the path."), store.Capabilities);
        await PierRestore.RunAsync(log, target, version, to: null, pier, progress: null, TimeProvider.System, cancel);
        using Pier after = Pier.Follow(pier, EvidenceKinds.Patch);
        if (!after.Info.Images.SequenceEqual(images))
            throw new SeguroException(ErrorCode.Conflict, $"a snapshot was saved in {pier} while it was copied", "Repeat the command, when no replay runs.");
    }

    /// <summary>What goes in comes out: the last events, byte for byte, and no other.</summary>
    private static string? Compare(string source, PierInfo before, Pier after)
    {
        if (after.Info.Last != before.Last)
            return $"the log ends at event {after.Info.Last} now, and ended at {before.Last}";
        using Pier original = Pier.Follow(source, EvidenceKinds.All);
        EventNumber first = before.Last.Value > Compared ? new EventNumber(before.Last.Value - Compared) : before.First;
        foreach (EventNumber least in (EventNumber[])[before.First, after.Info.First, original.Info.First])
            first = first < least ? least : first;
        if (first > before.Last)
            return null;
        foreach ((PierEvent was, PierEvent made) in original.Read(first, before.Last).Zip(after.Read(first, before.Last)))
        {
            if (!was.Payload.Span.SequenceEqual(made.Payload.Span))
                return $"event {was.Number} in the log is another one now";
        }
        return null;
    }
}

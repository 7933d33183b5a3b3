using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.LocalLogs;

/// <summary>
/// Takes away what vere saved of a member's own pier and must not start from: snapshots of events that are being cut off, and what a killed worker left of one that it was saving. It all goes into the
/// quarantine; in place of a live snapshot comes that of its epoch, as by <c>urbit play --full</c>, and vere computes the rest (vere-facts.md §1.5, §13.9).
/// </summary>
/// <remarks>Nobody else may use the pier meanwhile. Killed at any moment, it can be done again: a snapshot is moved before its log is cut, and an epoch's copy is whole under its name.</remarks>
internal static class SnapshotsAside
{
    private const string States = ".urb/roc";
    private static readonly string[] Patch = ["control.bin", "memory.bin"];
    private static readonly string[] Images = ["image.bin", "north.bin", "south.bin"];

    /// <summary>Puts aside the snapshots, live, pending and exported, of events above a log's end that is to be.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="last">The end.</param>
    /// <param name="quarantine">Where cases are kept, on the same disk.</param>
    /// <param name="now">The time, for the case's name.</param>
    /// <param name="facts">What the report says, line by line.</param>
    /// <param name="cancel">Ends it between two files.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static async Task AboveAsync(string pier, EventNumber last, string quarantine, DateTimeOffset now, IReadOnlyList<string> facts, CancellationToken cancel)
    {
        PierSurroundings around = PierSurroundings.Look(pier);
        string live = Path.Combine(pier, LoomPatch.Folder);
        bool isLiveAbove = around.Images.Any(image => Path.GetDirectoryName(image.File) == LoomPatch.Folder && image.Event > last);
        // A patch of which nothing can be told may be half applied, unless it was torn: then vere has not begun with it.
        bool isPatchAbove = around.Patch is { IsTorn: false } patch && !(patch.Event <= last);
        List<string> files = [];
        // The patch goes last: killed before that, it still shows that the image is none to begin with.
        if (isLiveAbove || isPatchAbove)
            files.AddRange([.. Images.Concat(Patch).Select(name => Path.Combine(live, name))]);
        else if (around.Patch is { IsTorn: true })
            files.AddRange(Patch.Select(name => Path.Combine(live, name)));
        files.AddRange(around.States.Where(state => state > last).Select(state => Path.Combine(pier, States, $"{state}.jam")));
        string[] moved = [.. facts, $"what vere had saved of the ship after events above {last} was moved here"];
        await MoveAsync(files, "snapshot", quarantine, now, moved, cancel);
        // Of the same names, so a case of their own.
        List<string> backups = [];
        foreach (LoomImage image in around.Images.Where(image => Path.GetDirectoryName(image.File) == ".urb/bhk" && image.Event > last))
            backups.AddRange(Images.Select(name => Path.Combine(pier, Path.GetDirectoryName(image.File)!, name)));
        await MoveAsync(backups, "snapshot-backup", quarantine, now, moved, cancel);
        // Without a live image, it was killed here the time before.
        bool isGone = Presence.IsFolder(live) && !around.Images.Any(image => Path.GetDirectoryName(image.File) == LoomPatch.Folder);
        if (isLiveAbove || isPatchAbove || isGone)
            BeginWithEpoch(pier, live);
    }

    /// <summary>Puts aside what a killed worker left of a snapshot that it was saving, where it is torn: vere would drop it, and nobody can tell of which event it is.</summary>
    /// <exception cref="SeguroException">As <see cref="AboveAsync"/>.</exception>
    public static async Task TornAsync(string pier, string quarantine, DateTimeOffset now, CancellationToken cancel)
    {
        if (!PierFiles.Exists(pier) || LoomPatch.Find(pier) is not { IsTorn: true } || PierLock.Inspect(pier).IsHeld)
            return;
        string live = Path.Combine(pier, LoomPatch.Folder);
        await MoveAsync(
            [.. Patch.Select(name => Path.Combine(live, name))], "torn-snapshot", quarantine, now, ["a snapshot that vere was saving when it was killed; it is torn, and the one before it stays"], cancel);
    }

    /// <summary>The newest epoch's own snapshot becomes the live one; the first epoch has none, and vere begins with event 1.</summary>
    private static void BeginWithEpoch(string pier, string live)
    {
        string? newest = EpochFormat.FindOpened(PierFiles.LogOf(pier)) is [.., var last] ? last.Folder : null;
        try
        {
            foreach (string name in newest is null ? [] : Images)
            {
                string from = Path.Combine(newest!, name);
                if (!Presence.IsFile(from))
                    continue;
                string to = Path.Combine(live, name);
                File.Copy(from, to + DurableFile.TemporarySuffix, overwrite: true);
                LibC.SyncFile(to + DurableFile.TemporarySuffix);
                File.Move(to + DurableFile.TemporarySuffix, to, overwrite: true);
            }
            if (Presence.IsFolder(live))
                FolderSync.Flush(live);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(live, failed);
        }
    }

    private static async Task MoveAsync(List<string> files, string name, string quarantine, DateTimeOffset now, IReadOnlyList<string> facts, CancellationToken cancel)
    {
        string[] there = [.. files.Where(Presence.IsFile)];
        if (there.Length > 0)
            await QuarantineFolder.MoveAllAsync(quarantine, now, name, facts, there, cancel);
    }
}

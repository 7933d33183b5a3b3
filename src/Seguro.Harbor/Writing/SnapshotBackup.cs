using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Piers.Transfer;

namespace Seguro.Harbor.Writing;

/// <summary>Puts vere's snapshots beside the segments, so that a restore need not compute all events.</summary>
public static class SnapshotBackup
{
    /// <summary>
    /// Puts the newest snapshot, or exported state, that is not of after what is archived. The snapshot that a running ship writes is left alone:
    /// those of its epochs and exports do not change.
    /// </summary>
    /// <param name="where">A pier, or a folder with snapshots.</param>
    /// <param name="isHeld">A vere runs on that pier.</param>
    /// <param name="vere">The runtime that is to use it, such as <c>4.6</c>.</param>
    /// <param name="last">The last event that the target has.</param>
    /// <param name="target">The target.</param>
    /// <param name="host">Encrypts and signs.</param>
    /// <param name="ship">Whose it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The snapshot's event, and whether it was there already; <see langword="null"/>: none was found.</returns>
    /// <exception cref="SeguroException">What finding, reading and the target throw.</exception>
    public static async Task<(EventNumber Event, bool IsNew)?> RunAsync(
        string where, bool isHeld, string vere, EventNumber last, IHarborTarget target, HostKey host, Ship ship, TimeProvider time, CancellationToken cancel)
    {
        RestoredSnapshot? best = RestoredSnapshot.Find(where, vere, EventNumber.None, last)
            .FirstOrDefault(one => one.Problem is null && !(isHeld && Path.GetFileName(Path.GetDirectoryName(one.Path)) == "chk"));
        if (best is null)
            return null;
        HarborWriter writer = new(target, host, ship, new BackupOptions { Time = time });
        string folder = Path.GetDirectoryName(best.Path)!;
        string[] files = best.IsState || Path.GetFileName(best.Path) == "image.bin" ? [Path.GetFileName(best.Path)] : ["north.bin", "south.bin"];
        bool isNew = false;
        foreach (string file in files)
        {
            try
            {
                await using FileStream source = new(Path.Combine(folder, file), FileMode.Open, FileAccess.Read, FileShare.Read);
                isNew |= await writer.PutFileAsync(ObjectName.Snapshot(best.Event, file), ManifestKind.Snapshot, best.Event, source, cancel);
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                throw FileFault.Reading(Path.Combine(folder, file), failed);
            }
        }
        return (best.Event, isNew);
    }
}

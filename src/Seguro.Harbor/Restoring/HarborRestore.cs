using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Harbor.Restoring;

/// <summary>Makes of a backup what it was made of: a pier, or a log in a store.</summary>
/// <remarks>Memory: as <see cref="HarborReader"/>'s, and that of a transfer. What comes out has the chain of the signed manifests, or it is not there.</remarks>
public static class HarborRestore
{
    private const string Place = "a harbor's backup: ";

    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(3);

    /// <summary>Says what a restore gets, without getting it.</summary>
    /// <param name="reader">The harbors.</param>
    /// <param name="to">The last event; <see langword="null"/>: all.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BeyondHead"/>, <see cref="ErrorCode.Trimmed"/>.</exception>
    public static RestorePlan Plan(HarborReader reader, EventNumber? to)
    {
        ArgumentNullException.ThrowIfNull(reader);
        EventNumber last = to ?? reader.Head.Number;
        if (last > reader.Head.Number || last <= reader.Base.Number)
        {
            throw new SeguroException(
                last > reader.Head.Number ? ErrorCode.BeyondHead : ErrorCode.Trimmed, $"the harbors have the events {reader.Base.Number.Next} to {reader.Head.Number} of {reader.Ship}, and not {last}", "Name one that they have.");
        }
        HarborCopy copy = reader.Useful.First();
        SegmentObject[] objects = [.. copy.Index.Path.Skip(copy.Index.PlaceOf(reader.Base.Number.Next)).Where(one => one.First <= last)];
        EventNumber[] snapshots = [.. reader.Useful.SelectMany(static one => one.Snapshots).Where(one => one <= last && one >= reader.Base.Number).Order()];
        EventNumber? snapshot = snapshots.Length > 0 ? snapshots[^1] : null;
        SnapshotObject[] files = [.. copy.Index.Snapshots.Where(one => one.Event == snapshot)];
        return new RestorePlan(
            reader.Base.Number.Next, last, reader.Head.Number, copy.Target, objects.Length + files.Length, objects.Sum(static one => one.Size) + files.Sum(static one => one.Size), snapshot);
    }

    /// <summary>Makes a pier, which appears when it is complete.</summary>
    /// <param name="reader">The harbors.</param>
    /// <param name="path">The pier's folder to be.</param>
    /// <param name="vere">The runtime that is to open it, such as <c>4.6</c>.</param>
    /// <param name="to">The last event; <see langword="null"/>: all.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it; there is nothing under <paramref name="path"/> then.</param>
    /// <exception cref="SeguroException">As <see cref="PierRestore.RunAsync"/> and reading.</exception>
    public static async Task<PierRestoreResult> ToPierAsync(
        HarborReader reader, string path, string vere, EventNumber? to, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        RestorePlan plan = Plan(reader, to);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string snapshots = $"{full}.seguro-snapshots";
        try
        {
            bool hasSnapshots = plan.Snapshot is not null && await GetSnapshotsAsync(reader, plan.Last, snapshots, cancel);
            return await PierRestore.RunAsync(HarborLog.Open(reader), full, vere, to, hasSnapshots ? snapshots : null, progress, time, cancel);
        }
        finally
        {
            if (Directory.Exists(snapshots))
                Directory.Delete(snapshots, recursive: true);
        }
    }

    /// <summary>Puts the log into a store. It can be ended at any moment and run again: it goes on after the log's head.</summary>
    /// <remarks>
    /// Until it is whole, and for ever where it has fewer events than the harbors, the log is marked (<see cref="ImportMark"/>): nobody computes its ship's next event.
    /// A whole one is in the custody of a mirror, since a backup is worth the same: the ship may have computed more, and nobody goes on with it without its owner's word.
    /// </remarks>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.OtherCustody"/>: the store has another log of the ship, or one that is in use; nothing was written. What reading and the store throw.
    /// </exception>
    public static async Task<Position> ToStoreAsync(
        HarborReader reader, IStore store, EventNumber? to, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(store);
        RestorePlan plan = Plan(reader, to);
        EventLog source = HarborLog.Open(reader);
        LogState whole = await source.ReadStateAsync(cancel);
        Position end = await source.ReadPositionAsync(plan.Last, cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(reader.Metadata, StringComparer.Ordinal)
        {
            [MetadataKey.Import] = new ImportMark(IsComplete: false, reader.Head.Number).ToBytes(),
        };
        await using EventLog log = new(await store.CreateLogAsync(reader.Ship, reader.Base, metadata, cancel), store.Capabilities);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> there = await log.Stored.ReadMetadataAsync(cancel);
        LogState state = await log.ReadStateAsync(cancel);
        if (Custody.Read(there) is { Kind: not CustodyKind.None } custody && !custody.Place.StartsWith(Place, StringComparison.Ordinal))
        {
            throw new SeguroException(
                ErrorCode.OtherCustody, $"the log of {reader.Ship} in {log.Capabilities.Engine} is {(custody.Kind is CustodyKind.Gated ? "a cluster's" : "a mirror's")}, and ends with event {state.Head.Number}",
                "Nothing was written. Restore into a store that has no log of the ship.");
        }
        if (state.Head.Number < reader.Base.Number || state.Head.Number > end.Number || (await source.ReadPositionAsync(state.Head.Number, cancel)).Chain != state.Head.Chain)
        {
            throw new SeguroException(
                ErrorCode.Diverged, $"the log of {reader.Ship} in {log.Capabilities.Engine} ends with {state.Head.Position}, which is not on the way to {end}", "Nothing was written. Restore into a store that has no log of the ship.");
        }
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "restore", LeaseDuration, time, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        ReadOnlyMemory<byte>? mark = LogMetadata.Find(there, MetadataKey.Import);
        byte[] begun = new ImportMark(IsComplete: false, reader.Head.Number).ToBytes();
        await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Import, mark, begun, both.Token);
        Position reached = await EventCopy.RunAsync(source, whole with { Head = new Head(Term.None, end.Number, end.Chain) }, log, lease.Term, state.Head.Position, progress, both.Token);
        if (!plan.IsCut)
        {
            Custody backup = new(CustodyKind.Mirrored) { Seen = end.Number, At = time.GetUtcNow(), Place = Place + string.Join(", ", reader.Useful.Select(static copy => copy.Target)) };
            await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Custody, LogMetadata.Find(there, MetadataKey.Custody), backup.ToBytes(), both.Token);
            await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Import, begun, new ImportMark(IsComplete: true, end.Number).ToBytes(), both.Token);
        }
        return reached;
    }

    /// <summary>Gets the snapshots that may help, each file from the first target that has it whole.</summary>
    private static async Task<bool> GetSnapshotsAsync(HarborReader reader, EventNumber last, string folder, CancellationToken cancel)
    {
        bool any = false;
        foreach (IGrouping<EventNumber, (HarborCopy Copy, SnapshotObject Object)> group in reader.Useful
            .SelectMany(static copy => copy.Index.Snapshots.Select(one => (Copy: copy, Object: one)))
            .Where(found => found.Object.Event <= last && found.Object.Event >= reader.Base.Number)
            .GroupBy(static found => found.Object.Event)
            .OrderByDescending(static group => group.Key)
            .Take(1))
        {
            foreach (IGrouping<string, (HarborCopy Copy, SnapshotObject Object)> file in group.GroupBy(static found => found.Object.File))
            {
                foreach ((HarborCopy copy, SnapshotObject found) in file)
                {
                    try
                    {
                        using OpenedObject opened = await Task.Run(() => copy.Folder.OpenAsync(found.Name, found.Size, reader.Owner, cancel), cancel);
                        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                        await using FileStream target = new(Path.Combine(folder, found.File), FileMode.Create, FileAccess.Write);
                        await opened.Content.CopyToAsync(target, cancel);
                        any = true;
                        break;
                    }
                    catch (SeguroException bad) when (HarborReader.IsDamage(bad))
                    {
                        reader.Found(new HarborDamage(copy.Target, found.Name, bad.Message));
                    }
                }
            }
        }
        return any;
    }
}

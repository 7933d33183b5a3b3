using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Harbor.Restoring;

/// <summary>A restore for proof: into a folder of its own, read again from there, compared with the signed manifests, removed.</summary>
public static class HarborDrill
{
    /// <summary>Runs it.</summary>
    /// <param name="reader">The harbors.</param>
    /// <param name="folder">Where there is room for the log; a folder is made in it, and removed.</param>
    /// <param name="progress">Told how far the restore is.</param>
    /// <param name="compute">Where there is a machine for it: computes the restored events, and compares the mugs that they carry; says how many those were. It throws where one differs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">What restoring and computing throw; <see cref="ErrorCode.Different"/>: what was restored is not what the manifests say.</exception>
    public static async Task<DrillReport> RunAsync(
        HarborReader reader, string folder, IProgress<TransferProgress>? progress, Func<EventLog, LogState, CancellationToken, Task<ulong>>? compute, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(time);
        DateTimeOffset began = time.GetUtcNow();
        long started = time.GetTimestamp();
        bool isPier = reader.Metadata.ContainsKey(MetadataKey.Who);
        string own = Path.Combine(Path.GetFullPath(folder), $"seguro-drill-{Path.GetRandomFileName()}");
        Directory.CreateDirectory(own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            EventNumber snapshot = EventNumber.None;
            string url = $"sqlite:{Path.Combine(own, "log.db")}";
            if (isPier)
            {
                string pier = Path.Combine(own, "pier");
                PierRestoreResult restored = await HarborRestore.ToPierAsync(
                    reader, pier, PierMetadata.ReadVere(reader.Metadata) ?? VereVersion.Newest.ToString(), null, progress, time, cancel);
                snapshot = restored.Snapshot?.Event ?? EventNumber.None;
                url = $"lmdb:{pier}";
            }
            else
            {
                await using IStore made = await StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, cancel);
                await HarborRestore.ToStoreAsync(reader, made, null, progress, time, cancel);
            }
            await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { ReadOnly = true }, cancel);
            IStoredLog stored = await store.OpenLogAsync(reader.Ship, cancel)
                ?? throw new SeguroException(ErrorCode.Different, $"what was restored has no log of {reader.Ship}", "Do not rely on this backup: run `seguro harbor verify`.");
            await using EventLog log = new(stored, store.Capabilities);
            LogState state = await log.ReadStateAsync(cancel);
            (Position head, long bytes) = await ReadAgainAsync(log, state, reader.Base, cancel);
            if (head != reader.Head)
                throw new SeguroException(ErrorCode.Different, $"what was restored of {reader.Ship} ends with {head}, and the manifests say {reader.Head}", "Do not rely on this backup: run `seguro harbor verify`.");
            ulong? mugs = compute is null ? null : await compute(log, state, cancel);
            string[] targets = [.. reader.Useful.Select(static copy => copy.Target)];
            string[] damage = [.. reader.Damage.Select(static one => one.ToString())];
            DrillReport report = new(reader.Ship, began, time.GetElapsedTime(started), targets, reader.Base.Number.Next, head, bytes, snapshot, isPier, damage);
            return report with { Mugs = mugs };
        }
        finally
        {
            Directory.Delete(own, recursive: true);
        }
    }

    /// <summary>From the disk, as whoever uses it would; the chain is computed anew from the first event.</summary>
    private static async Task<(Position Head, long Bytes)> ReadAgainAsync(EventLog log, LogState state, Position reached, CancellationToken cancel)
    {
        using ChainHasher hasher = new();
        long bytes = 0;
        await foreach (EventFragment piece in log.StreamAsync(state, state.First, state.Head.Number, cancel))
        {
            if (piece.Offset == 0)
                hasher.Begin(reached.Chain, piece.Number, piece.Size);
            hasher.Add(piece.Bytes.Span);
            bytes += piece.Bytes.Length;
            if (piece.IsLast)
                reached = new Position(piece.Number, hasher.End());
        }
        return (reached, bytes);
    }
}

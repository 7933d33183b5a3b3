using System.Collections.ObjectModel;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Piers.Transfer;

/// <summary>Brings a pier's events, byte for byte, and its <c>who</c>, <c>fake</c> and <c>life</c> into a log.</summary>
public static class PierImport
{
    /// <summary>Where a new log for this pier begins: before the pier's first event. Of a chopped pier the chain before is not known, and counts as zero.</summary>
    public static Position Origin(Pier pier)
    {
        ArgumentNullException.ThrowIfNull(pier);
        return new Position(pier.Info.Base, Chain.Zero);
    }

    /// <summary>The metadata of a new log for this pier, the mark that it is not all there yet included (<see cref="ImportMark"/>).</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Metadata(Pier pier)
    {
        ArgumentNullException.ThrowIfNull(pier);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(PierMetadata.Write(pier.Info), StringComparer.Ordinal);
        if (pier.Info.Custody is { Kind: CustodyKind.Gated, Store: not null } gated)
            metadata[MetadataKey.Custody] = gated.ToBytes();
        if (!pier.Info.IsEmpty)
            metadata[MetadataKey.Import] = new ImportMark(IsComplete: false, pier.Info.Last).ToBytes();
        return metadata;
    }

    /// <summary>
    /// Opens the log of the pier's ship; where the store has none, sees that the pier fits in, and makes it with <see cref="Origin"/> and
    /// <see cref="Metadata"/>.
    /// </summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.TooLarge"/>: nothing was made. What the store throws.</exception>
    public static ValueTask<EventLog> OpenLogAsync(Pier pier, IStore store, CancellationToken cancel) =>
        OpenLogAsync(pier, store, ReadOnlyDictionary<string, ReadOnlyMemory<byte>>.Empty, cancel);

    /// <summary>As the other; a log that is made gets <paramref name="more"/> metadata in the same step.</summary>
    /// <exception cref="SeguroException">As the other.</exception>
    public static async ValueTask<EventLog> OpenLogAsync(Pier pier, IStore store, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> more, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(store);
        Ship ship = ShipName.ToShip(pier.Info.Identity.Who);
        if (await store.OpenLogAsync(ship, cancel) is { } existing)
            return new EventLog(existing, store.Capabilities);
        await CheckRoomAsync(pier, store, pier.Info.Bytes, cancel);
        CheckSizes(pier, store.Capabilities, pier.Info.First, pier.Info.Bytes, progress: null, cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(more, StringComparer.Ordinal);
        foreach ((string key, ReadOnlyMemory<byte> value) in Metadata(pier))
            metadata.TryAdd(key, value);
        return new EventLog(await store.CreateLogAsync(ship, Origin(pier), metadata, cancel), store.Capabilities);
    }

    /// <summary>Appends the events that the pier has and the log has not.</summary>
    /// <remarks>
    /// <para>Before anything is written: ship, kind and life are compared; the events that both have must be the same (by chain); the pier must
    /// go on where the log ends; what is to come must fit in the store. With an exception of these kinds, nothing was written.</para>
    /// <para>It can be ended at any moment, by <paramref name="cancel"/> or by kill −9, and run again: it goes on after the log's head. Until then the log is marked
    /// (<see cref="ImportMark"/>), so that nobody takes it for whole; the mark is made complete after the last event, and only by an import of the same history that goes at least as far.
    /// Memory: two groups of at most 8 MiB, and two of the store's fragments for an event that is larger than a group.</para>
    /// </remarks>
    /// <param name="pier">The pier; not used by anybody else meanwhile.</param>
    /// <param name="store">The store of <paramref name="log"/>.</param>
    /// <param name="log">The log, from <see cref="OpenLogAsync"/>.</param>
    /// <param name="term">A term that the caller won by a campaign; the caller keeps its lease alive.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="time">Measures <see cref="PierImportResult.Elapsed"/>.</param>
    /// <param name="cancel">Ends the import; an append in flight may or may not get committed.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.Diverged"/> with the first event that differs, or because the import began with a longer pier, <see cref="ErrorCode.Gap"/>,
    /// <see cref="ErrorCode.TooLarge"/>: nothing was written. <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>,
    /// <see cref="ErrorCode.OutcomeUnknown"/>, what the pier throws (<see cref="Pier.Read"/>), what the store throws: what was appended before stays.
    /// </exception>
    public static async Task<PierImportResult> RunAsync(
        Pier pier, IStore store, EventLog log, Term term, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        LogState state = await log.ReadStateAsync(cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(cancel);
        PierMetadata.Compare(pier.Info, log.Ship, metadata);
        ImportMark? mark = ImportMark.Read(metadata);
        CheckSource(pier.Info, log, mark);
        CheckContiguous(pier.Info, log, state);

        PierOverlap overlap = new(pier, log, state);
        TransferMeter compared = new(progress, TransferStep.Comparing, overlap.Count, 0);
        if (await overlap.FindDifferenceAsync(compared, cancel) is { } number)
            throw Diverged(pier.Info, log, await EventComparison.DescribeAsync(pier, log, state, number, cancel));
        compared.Report();

        EventNumber next = state.Head.Number.Next;
        ulong missing = pier.Info.Last < next ? 0 : pier.Info.Last - next + 1;
        long bytes = missing == 0 ? 0 : pier.Info.Bytes - compared.Bytes - BytesBefore(pier, overlap.First, cancel);
        if (missing > 0)
        {
            await CheckRoomAsync(pier, store, bytes, cancel);
            CheckSizes(pier, store.Capabilities, next, bytes, progress, cancel);
        }
        foreach ((string key, ReadOnlyMemory<byte> value) in PierMetadata.Write(pier.Info)) // what could differ was compared; the runtime's version may move
            await LogMetadata.SetAsync(log, term, key, LogMetadata.Find(metadata, key), value, cancel);
        if (pier.Info.Custody is { Kind: CustodyKind.Gated, Store: { } elsewhere } gated && Custody.Read(metadata) is null && await store.ReadIdentityAsync(cancel) != elsewhere)
            await LogMetadata.SetAsync(log, term, MetadataKey.Custody, null, gated.ToBytes(), cancel); // the cluster of that store goes on computing
        TransferMeter copied = new(progress, TransferStep.Copying, missing, bytes);
        ReadOnlyMemory<byte>? marked = LogMetadata.Find(metadata, MetadataKey.Import);
        Position head = state.Head.Position;
        if (missing > 0)
        {
            byte[] begun = new ImportMark(IsComplete: false, pier.Info.Last).ToBytes();
            await LogMetadata.SetAsync(log, term, MetadataKey.Import, marked, begun, cancel);
            head = await CopyAsync(pier, log, term, head, copied, cancel);
            marked = begun;
        }
        // Also where an earlier run was ended between its last event and this.
        if (missing > 0 || mark is { IsComplete: false })
            await LogMetadata.SetAsync(log, term, MetadataKey.Import, marked, new ImportMark(IsComplete: true, pier.Info.Last).ToBytes(), cancel);
        ulong ahead = state.Head.Number > pier.Info.Last ? state.Head.Number - pier.Info.Last : 0;
        return new PierImportResult(copied.Events, copied.Bytes, overlap.Count, head, ahead, time.GetElapsedTime(started));
    }

    private static async ValueTask<Position> CopyAsync(
        Pier pier, EventLog log, Term term, Position head, TransferMeter meter, CancellationToken cancel)
    {
        Position reached = head;
        try
        {
            return await PierCopy.RunAsync(pier, log, term, head, pier.Info.Last, meter, position => reached = position, cancel);
        }
        catch (SeguroException cause)
        {
            throw new SeguroException(
                cause.Code,
                $"{cause.Message} (the log is complete up to event {reached.Number} at least)",
                $"{cause.NextStep} Then run the import again: it goes on where it stopped.",
                cause);
        }
    }

    private static void CheckContiguous(PierInfo pier, EventLog log, LogState state)
    {
        if (pier.First > state.Head.Number.Next)
        {
            throw new SeguroException(
                ErrorCode.Gap,
                state.IsEmpty
                    ? $"the log of {log.Ship} in {log.Capabilities.Engine} is empty and begins with event {state.First}, and the pier {pier.Path} only with event {pier.First}"
                    : $"the log of {log.Ship} in {log.Capabilities.Engine} ends with event {state.Head.Number}, and the pier {pier.Path} begins with event {pier.First}",
                "Nothing was written. Import a pier or a backup that has the events between, or import this one into a store that has no log of the ship.");
        }
        if (!pier.IsEmpty && pier.Last < state.Base.Number)
        {
            throw new SeguroException(
                ErrorCode.Gap,
                $"the pier {pier.Path} ends with event {pier.Last}, and the log of {log.Ship} in {log.Capabilities.Engine} begins with event {state.First}: there is nothing to compare",
                "Nothing was written. Use a newer copy of the pier.");
        }
    }

    private static async ValueTask CheckRoomAsync(Pier pier, IStore store, long bytes, CancellationToken cancel)
    {
        if (await store.ReadRoomAsync(cancel) is { } room && bytes > room)
        {
            throw new SeguroException(
                ErrorCode.TooLarge,
                $"{bytes:N0} bytes of events are to be imported from {pier.Info.Path}, and {store.Capabilities.Engine} has room for {room:N0}",
                "Nothing was written. Use a store with more room, such as postgres, lmdb, sqlite or rocksdb.");
        }
    }

    /// <summary>Looks for events that the store can't hold, where there can be one.</summary>
    private static void CheckSizes(Pier pier, StoreCapabilities capabilities, EventNumber from, long bytes, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        long largest = capabilities.LargestEvent;
        if (largest >= Math.Min(bytes, Array.MaxLength))
            return; // none is larger, or the pier itself refuses to hand it out
        TransferMeter meter = new(progress, TransferStep.Measuring, pier.Info.Last - from + 1, bytes);
        foreach (PierPiece piece in pier.ReadPieces(from, pier.Info.Last))
        {
            cancel.ThrowIfCancellationRequested();
            if (piece.Size > largest)
            {
                throw new SeguroException(
                    ErrorCode.TooLarge,
                    $"event {piece.Number} of the pier {pier.Info.Path} has {piece.Size:N0} bytes, and {capabilities.Engine} holds events of at most {largest:N0}",
                    "Nothing was written. Use a store with a higher limit, such as postgres, lmdb, sqlite or rocksdb.");
            }
            meter.Add(piece.IsLast ? 1UL : 0, piece.Bytes.Length);
        }
    }

    /// <summary>The bytes of the pier's events that the log has trimmed away.</summary>
    private static long BytesBefore(Pier pier, EventNumber first, CancellationToken cancel)
    {
        long bytes = 0;
        foreach (PierPiece piece in pier.ReadPieces(pier.Info.First, first.Previous))
        {
            cancel.ThrowIfCancellationRequested();
            bytes += piece.Bytes.Length;
        }
        return bytes;
    }

    /// <summary>Refuses a pier that is shorter than the one with which the import into this log began: a log of it would be called whole, and lack the rest.</summary>
    private static void CheckSource(PierInfo pier, EventLog log, ImportMark? mark)
    {
        if (mark is not { IsComplete: false, Through: var through } || pier.Last >= through)
            return;
        throw new SeguroException(
            ErrorCode.Diverged,
            $"the import into the log of {log.Ship} in {log.Capabilities.Engine} began with a pier that goes up to event {through}, and {pier.Path} ends with event {pier.Last}: it is not that pier, or an older copy",
            "Nothing was written. Import the pier with which it began, or a newer copy; where that is lost, import this one into a store that has no log of the ship.");
    }

    private static SeguroException Diverged(PierInfo pier, EventLog log, EventDifference difference) => new(
        ErrorCode.Diverged,
        $"the pier {pier.Path} and the log of {log.Ship} in {log.Capabilities.Engine} are not the same history; the first difference is {difference}",
        "Nothing was written. One of them is from another copy of the ship: find out which one ran last, and never run both.");
}

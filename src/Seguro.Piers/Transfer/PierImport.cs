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

    /// <summary>The metadata of a new log for this pier.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Metadata(Pier pier)
    {
        ArgumentNullException.ThrowIfNull(pier);
        return PierMetadata.Write(pier.Info);
    }

    /// <summary>
    /// Opens the log of the pier's ship; where the store has none, sees that the pier fits in, and makes it with <see cref="Origin"/> and
    /// <see cref="Metadata"/>.
    /// </summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.TooLarge"/>: nothing was made. What the store throws.</exception>
    public static async ValueTask<EventLog> OpenLogAsync(Pier pier, IStore store, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(store);
        Ship ship = ShipName.ToShip(pier.Info.Identity.Who);
        if (await store.OpenLogAsync(ship, cancel) is { } existing)
            return new EventLog(existing, store.Capabilities);
        await CheckRoomAsync(pier, store, pier.Info.Bytes, cancel);
        CheckSizes(pier, store.Capabilities, pier.Info.First, pier.Info.Bytes, progress: null, cancel);
        return new EventLog(await store.CreateLogAsync(ship, Origin(pier), Metadata(pier), cancel), store.Capabilities);
    }

    /// <summary>Appends the events that the pier has and the log has not.</summary>
    /// <remarks>
    /// <para>Before anything is written: ship, kind and life are compared; the events that both have must be the same (by chain); the pier must
    /// go on where the log ends; what is to come must fit in the store. With an exception of these kinds, nothing was written.</para>
    /// <para>It can be ended at any moment, by <paramref name="cancel"/> or by kill −9, and run again: it goes on after the log's head.
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
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.Diverged"/> with the first event that differs, <see cref="ErrorCode.Gap"/>,
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
        await SetMetadataAsync(log, term, metadata, pier, cancel); // what could differ was compared; the runtime's version may move
        TransferMeter copied = new(progress, TransferStep.Copying, missing, bytes);
        Position head = missing == 0 ? state.Head.Position : await CopyAsync(pier, log, term, state.Head.Position, copied, cancel);
        ulong ahead = state.Head.Number > pier.Info.Last ? state.Head.Number - pier.Info.Last : 0;
        return new PierImportResult(copied.Events, copied.Bytes, overlap.Count, head, ahead, time.GetElapsedTime(started));
    }

    private static async ValueTask<Position> CopyAsync(
        Pier pier, EventLog log, Term term, Position head, TransferMeter meter, CancellationToken cancel)
    {
        await using GroupAppender appender = new(log, term, head, meter);
        try
        {
            meter.Report();
            EventNumber next = head.Number.Next;
            using IEnumerator<PierPiece> pieces = pier.ReadPieces(next, pier.Info.Last, appender.LargestInGroup).GetEnumerator();
            while (pieces.MoveNext())
            {
                cancel.ThrowIfCancellationRequested();
                PierPiece read = pieces.Current;
                if (read.Number != next)
                    throw new SeguroException(ErrorCode.Gap, $"event {next} is missing in the pier {pier.Info.Path}: after {next.Previous} comes {read.Number}", "Repair the pier from a backup.");
                if (read.IsLast)
                    await appender.AddAsync(read.Bytes, cancel);
                else
                    await appender.AddAsync(read.Size, RestOf(pieces), cancel);
                next = next.Next;
            }
            await appender.FlushAsync(cancel);
            if (appender.Reached.Number != pier.Info.Last)
                throw new SeguroException(ErrorCode.Gap, $"the pier {pier.Info.Path} ends at event {appender.Reached.Number}, not at {pier.Info.Last} as it said", "Repair the pier from a backup.");
            meter.Report();
            return appender.Reached;
        }
        catch (SeguroException cause)
        {
            throw new SeguroException(
                cause.Code,
                $"{cause.Message} (the log is complete up to event {appender.Reached.Number} at least)",
                $"{cause.NextStep} Then run the import again: it goes on where it stopped.",
                cause);
        }
    }

    /// <summary>The pieces of the event that the reader stands on, the current one first.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> RestOf(IEnumerator<PierPiece> pieces)
    {
        yield return pieces.Current.Bytes;
        while (!pieces.Current.IsLast && pieces.MoveNext())
            yield return pieces.Current.Bytes;
        await Task.CompletedTask; // The pier is read synchronously.
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

    private static async ValueTask SetMetadataAsync(
        EventLog log, Term term, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> present, Pier pier, CancellationToken cancel)
    {
        foreach ((string key, ReadOnlyMemory<byte> value) in Metadata(pier))
        {
            ReadOnlyMemory<byte>? expected = present.TryGetValue(key, out ReadOnlyMemory<byte> now) ? now : (ReadOnlyMemory<byte>?)null; // a bare null would be an empty value
            if (expected is not null && now.Span.SequenceEqual(value.Span))
                continue;
            WriteOutcome outcome = await log.Stored.SetMetadataAsync(term, key, expected, value, cancel);
            for (int attempt = 1; attempt < EventLog.Attempts && outcome is WriteOutcome.Unknown; attempt++)
                outcome = await log.Stored.SetMetadataAsync(term, key, expected, value, cancel);
            if (outcome is WriteOutcome.Committed)
                continue;
            throw outcome switch
            {
                WriteOutcome.Fenced fenced => new SeguroException(
                    ErrorCode.Fenced, $"term {term} is not the current one: {fenced.Current} writes the log of {log.Ship}", "Find out who does; then run the import again."),
                WriteOutcome.Unknown unknown => new SeguroException(
                    ErrorCode.OutcomeUnknown, $"{log.Capabilities.Engine} did not say whether it committed the metadata '{key}': {unknown.Cause}", "See that the database is well; then run the import again."),
                _ => new SeguroException(
                    ErrorCode.Conflict, $"somebody else set the metadata '{key}' of {log.Ship} meanwhile", "Find out who does; then run the import again."),
            };
        }
    }

    private static SeguroException Diverged(PierInfo pier, EventLog log, EventDifference difference) => new(
        ErrorCode.Diverged,
        $"the pier {pier.Path} and the log of {log.Ship} in {log.Capabilities.Engine} are not the same history; the first difference is {difference}",
        "Nothing was written. One of them is from another copy of the ship: find out which one ran last, and never run both.");
}

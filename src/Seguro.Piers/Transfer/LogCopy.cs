using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Copies a ship's log from one store into another, byte for byte; run again, it goes on, and takes along what the source got since.</summary>
public static class LogCopy
{
    /// <summary>Opens the copy's log; where the target has none, makes it: it begins where the source begins, and is marked as not whole yet (<see cref="ImportMark"/>).</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.TooLarge"/>: the target has not the room, nothing was made; what the stores throw.</exception>
    public static async ValueTask<EventLog> OpenAsync(EventLog source, IStore target, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (await target.OpenLogAsync(source.Ship, cancel) is { } existing)
            return new EventLog(existing, target.Capabilities);
        LogState state = await source.ReadStateAsync(cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await source.Stored.ReadMetadataAsync(cancel);
        ImportMark.Require(source.Ship, metadata);
        await RequireRoomAsync(source, target, state.Bytes, cancel);
        Dictionary<string, ReadOnlyMemory<byte>> own = metadata
            .Where(static pair => pair.Key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life or PierMetadata.Vere)
            .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
        if (Carried(metadata) is { } custody)
            own[MetadataKey.Custody] = custody;
        own[MetadataKey.Import] = new ImportMark(IsComplete: false, state.Head.Number).ToBytes();
        return new EventLog(await target.CreateLogAsync(source.Ship, state.Base, own, cancel), target.Capabilities);
    }

    /// <summary>Appends what the source has and the copy has not.</summary>
    /// <remarks>
    /// Before anything is written the two are compared: ship, kind, life, and the chain at the copy's end, which stands for every event before it. Ended at any moment, it can be run again.
    /// What is copied is history for whoever takes the copy over: no effect of it leaves a second time. Memory: two groups of at most 8 MiB, and one event.
    /// </remarks>
    /// <param name="source">What is copied; may be written to meanwhile: its end is looked at once.</param>
    /// <param name="target">The store of the copy.</param>
    /// <param name="copy">The copy, from <see cref="OpenAsync"/>.</param>
    /// <param name="term">A term of the copy that the caller won by a campaign; the caller keeps its lease alive.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="time">Measures <see cref="LogCopyResult.Elapsed"/>.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.Gap"/>, <see cref="ErrorCode.TooLarge"/>, <see cref="ErrorCode.OtherCustody"/>: nothing was written.
    /// <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>, <see cref="ErrorCode.OutcomeUnknown"/>, what the stores throw: what was appended before stays.
    /// </exception>
    public static async Task<LogCopyResult> RunAsync(EventLog source, IStore target, EventLog copy, Term term, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(copy);
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> from = await source.Stored.ReadMetadataAsync(cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> to = await copy.Stored.ReadMetadataAsync(cancel);
        ImportMark.Require(source.Ship, from);
        RequireSameShip(source.Ship, from, to);
        RequireNoCluster(copy, from, to);
        LogState state = await source.ReadStateAsync(cancel);
        LogState reached = await copy.ReadStateAsync(cancel);
        await RequireBeginningAsync(source, state, copy, reached, cancel);
        ulong missing = state.Head.Number - reached.Head.Number;
        ReadOnlyMemory<byte>? marked = LogMetadata.Find(to, MetadataKey.Import);
        if (missing == 0 && ImportMark.Read(to) is not { IsComplete: false })
            return new LogCopyResult(0, 0, reached.First, reached.Head.Position, time.GetElapsedTime(started));
        long rest = Math.Max(0, state.Bytes - reached.Bytes);
        await RequireRoomAsync(source, target, rest, cancel);
        byte[] begun = new ImportMark(IsComplete: false, state.Head.Number).ToBytes();
        await LogMetadata.SetAsync(copy, term, MetadataKey.Import, marked, begun, cancel);
        if (Carried(from) is { } custody)
            await LogMetadata.SetAsync(copy, term, MetadataKey.Custody, LogMetadata.Find(to, MetadataKey.Custody), custody, cancel);
        TransferMeter meter = new(progress, TransferStep.Copying, missing, rest);
        if (missing > 0)
            await EventCopy.RunAsync(source, state, copy, term, reached.Head.Position, meter, cancel);
        await LogMetadata.SetAsync(copy, term, MetadataKey.Import, begun, new ImportMark(IsComplete: true, state.Head.Number).ToBytes(), cancel);
        return new LogCopyResult(meter.Events, meter.Bytes, reached.First, state.Head.Position, time.GetElapsedTime(started));
    }

    /// <summary>The copy must be a beginning of the source, and the source must have what follows it.</summary>
    private static async Task RequireBeginningAsync(EventLog source, LogState state, EventLog copy, LogState reached, CancellationToken cancel)
    {
        Position end = reached.Head.Position;
        if (end.Number > state.Head.Number)
            throw new SeguroException(ErrorCode.Diverged, $"the copy ends at event {end.Number}, and its source at {state.Head.Number}", "Nothing was written. Look which of the two the ship goes on with; perhaps they are to be exchanged.");
        if (end.Number < state.Base.Number)
            throw new SeguroException(ErrorCode.Gap, $"the copy ends at event {end.Number}, and its source begins with event {state.First}", "Nothing was written. Copy from a store, or from a member's own log (lmdb:FOLDER/pier), that has the events between.");
        Chain chain = end.Number == state.Base.Number ? state.Base.Chain : (await source.ReadPositionAsync(end.Number, cancel)).Chain;
        if (chain != end.Chain)
            throw new SeguroException(ErrorCode.Diverged, $"the logs of {copy.Ship} differ at or before event {end.Number}: they are two histories", "Nothing was written. Use a store that has no log of the ship.");
    }

    private static void RequireSameShip(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> from, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> to)
    {
        if (PierMetadata.Read(ship, from) != PierMetadata.Read(ship, to))
            throw new SeguroException(ErrorCode.ForeignShip, $"the two logs of {ship} are of different kinds or lives of it", "Nothing was written. Use a store that has no log of the ship.");
    }

    /// <summary>
    /// Who computes the ship goes along, so that no cluster begins with the copy unasked: a vere, the cluster of another store, a pier that the ship
    /// was given back to. A member's own log says nothing, for it is
    /// what a cluster is moved from.
    /// </summary>
    private static ReadOnlyMemory<byte>? Carried(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> from) =>
        Custody.Read(from) is not { Kind: CustodyKind.Gated, Store: null } ? LogMetadata.Find(from, MetadataKey.Custody) : (ReadOnlyMemory<byte>?)null;

    /// <summary>A log that a cluster computes has a writer of its own: what is appended beside it would be between its events. One that only says whose copy it is has none.</summary>
    private static void RequireNoCluster(EventLog copy, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> from, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> to)
    {
        Custody? custody = Custody.Read(to);
        bool isCopy = custody is not null && Custody.Read(from) is { } source && source.Kind == custody.Kind && source.Store == custody.Store && source.Place == custody.Place;
        if (to.ContainsKey(MetadataKey.History) || (!isCopy && custody is { Kind: CustodyKind.Gated or CustodyKind.Mirrored }))
            throw new SeguroException(ErrorCode.OtherCustody, $"the log of {copy.Ship} in {copy.Capabilities.Engine} is a cluster's or a mirror's own", "Nothing was written. Copy into a store that has no log of the ship.");
    }

    private static async ValueTask RequireRoomAsync(EventLog source, IStore target, long bytes, CancellationToken cancel)
    {
        if (await target.ReadRoomAsync(cancel) is { } room && bytes > room)
            throw new SeguroException(
                ErrorCode.TooLarge, $"{bytes:N0} bytes of events of {source.Ship} are to be copied, and {target.Capabilities.Engine} has room for {room:N0}",
                "Nothing was written. Use a store with more room, such as postgres, lmdb, sqlite or rocksdb.");
    }
}

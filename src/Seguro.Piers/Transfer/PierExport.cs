using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Writes a log as a pier that stock vere accepts.</summary>
public static class PierExport
{
    /// <summary>A mug of 4 bytes and the shortest jam, of 1 (vere-facts.md §2.3).</summary>
    private const int SmallestEvent = 5;

    /// <inheritdoc cref="RunAsync(EventLog, LogState, string, string, Action{PierWriter}, IProgress{TransferProgress}, TimeProvider, CancellationToken)"/>
    public static Task<PierExportResult> RunAsync(
        EventLog log, LogState state, string path, string vereVersion, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel) =>
        RunAsync(log, state, path, vereVersion, beside: null, progress, time, cancel);

    /// <summary>Writes all events that the log holds, verified, and renames the pier in when the head's chain has matched.</summary>
    /// <remarks>Memory does not grow with the log nor with its events. Ended early in whatever way, there is nothing under <paramref name="path"/>.</remarks>
    /// <param name="log">The log.</param>
    /// <param name="state">Its state as it is to be exported.</param>
    /// <param name="path">The pier's folder to be; must not exist.</param>
    /// <param name="vereVersion">The runtime that is to open it, such as <c>4.6</c>.</param>
    /// <param name="beside">Puts files beside the log before the pier appears; <see langword="null"/> for none.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="time">Measures <see cref="PierExportResult.Elapsed"/>.</param>
    /// <param name="cancel">Ends the export.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>: the log does not say whose pier it is; <see cref="ErrorCode.BeyondHead"/>: it is empty;
    /// <see cref="ErrorCode.BadEvent"/>: an event can't be one of vere's; <see cref="ErrorCode.NewerSchema"/>: an event may refer to blobs;
    /// <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.Trimmed"/>; what
    /// <see cref="PierWriter"/> throws.
    /// </exception>
    public static async Task<PierExportResult> RunAsync(
        EventLog log,
        LogState state,
        string path,
        string vereVersion,
        Action<PierWriter>? beside,
        IProgress<TransferProgress>? progress,
        TimeProvider time,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(cancel);
        PierIdentity identity = PierMetadata.Read(log.Ship, metadata);
        if (state.IsEmpty)
            throw new SeguroException(ErrorCode.BeyondHead, $"the log of {log.Ship} in {log.Capabilities.Engine} is empty", "Nothing was written. Import a pier first.");

        TransferMeter meter = new(progress, TransferStep.Copying, state.Count, state.Bytes);
        meter.Report();
        Position reached = state.Base;
        using PierWriter writer = PierWriter.Create(path, identity, state.Base.Number, vereVersion);
        await foreach (EventFragment piece in ReadAhead.Of(log.StreamAsync(state, state.First, state.Head.Number, cancel), cancel))
        {
            if (piece.Offset == 0)
            {
                if (piece.Size < SmallestEvent)
                    throw TooShort(log.Ship, piece);
                if (ForeignFormat.IsBlobEvent(piece.Bytes.Span))
                    throw NotWhole(log, piece.Number);
                writer.Begin(piece.Number, piece.Size);
            }
            writer.Add(piece.Bytes.Span);
            if (piece.IsLast)
                reached = new Position(piece.Number, piece.Chain);
            meter.Add(piece.IsLast ? 1UL : 0, piece.Bytes.Length);
        }
        cancel.ThrowIfCancellationRequested();
        if (reached != state.Head.Position)
        {
            throw new SeguroException(
                ErrorCode.Corrupt, $"the log of {log.Ship} came out with {reached}, not with its head's {state.Head.Position}", "Nothing was kept. Run `seguro log verify`.");
        }
        beside?.Invoke(writer);
        if (Custody.Read(metadata) is { Kind: CustodyKind.Gated, Store: not null } gated)
            writer.AddFile(CustodyMark.File, new MemoryStream(CustodyMark.ToBytes(gated)));
        writer.Complete();
        meter.Report();
        return new PierExportResult(Path.GetFullPath(path), state.Base.Number, meter.Events, meter.Bytes, reached, time.GetElapsedTime(started));
    }

    private static SeguroException NotWhole(EventLog log, EventNumber number) => new(
        ErrorCode.NewerSchema,
        $"event {number} of {log.Ship} in {log.Capabilities.Engine} is encoded otherwise (RAM): it may refer to blobs, which lie beside a ship's log in .urb/bob and not in it",
        "Nothing was written. No vere up to 4.6 reads such an event, and a pier of it would lack a part of the ship: use a newer Seguro, with the pier that the log came from.");

    private static SeguroException TooShort(Ship ship, EventFragment piece) => new(
        ErrorCode.BadEvent,
        $"event {piece.Number} of {ship} has {piece.Size} bytes, and an event of vere at least {SmallestEvent}",
        "Nothing was written. This log was not made by vere and can't become a pier; `seguro log read --out` writes its events as files.");
}

using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Compares a pier with a log. Writes nothing.</summary>
public static class PierVerify
{
    /// <summary>Reads every byte that both have, on both sides; the log's are also held against its chain.</summary>
    /// <remarks>In memory that does not grow with the logs nor with their events.</remarks>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.Diverged"/> (another <c>life</c>); <see cref="ErrorCode.Corrupt"/>: one of them is not
    /// what was written; what the pier or the store throws. A difference of events is a result, not an error.
    /// </exception>
    public static async Task<PierVerifyResult> RunAsync(
        Pier pier, EventLog log, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        LogState state = await log.ReadStateAsync(cancel);
        PierMetadata.Compare(pier.Info, log.Ship, await log.Stored.ReadMetadataAsync(cancel));

        PierOverlap overlap = new(pier, log, state);
        TransferMeter meter = new(progress, TransferStep.Comparing, overlap.Count, overlap.Count == state.Count ? state.Bytes : 0);
        meter.Report();
        EventDifference? difference = null;
        if (!overlap.IsEmpty && await EventComparison.FindFirstAsync(pier, log, state, overlap.First, overlap.Last, meter, cancel) is { } number)
            difference = await EventComparison.DescribeAsync(pier, log, state, number, cancel);
        meter.Report();
        return new PierVerifyResult(
            overlap.First,
            overlap.Last,
            difference,
            pier.Info.First,
            pier.Info.Last,
            state.First,
            state.Head.Position,
            meter.Bytes,
            time.GetElapsedTime(started));
    }
}

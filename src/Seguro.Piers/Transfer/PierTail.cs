using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Compares the newest events that a pier and a log both have.</summary>
/// <remarks>
/// Each event has the mug of the whole state after it, and nearly each the time: histories that parted anywhere differ in their newest events, too. So this finds a pier of another history at the
/// cost of a few events, where <see cref="PierVerify"/> reads all.
/// </remarks>
public static class PierTail
{
    /// <summary>The first event that differs; <see langword="null"/> where the newest <paramref name="most"/> common events are the same, or there is no common one.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="log">The log.</param>
    /// <param name="state">The log's state.</param>
    /// <param name="most">How many events are compared at the most. Where they differ, all are, to name the first.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">What the pier and the store throw.</exception>
    public static async ValueTask<EventDifference?> FindDifferenceAsync(Pier pier, EventLog log, LogState state, ulong most, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(log);
        TransferMeter uncounted = new(progress: null, TransferStep.Comparing, 0, 0);
        if (await new PierOverlap(pier, log, state, most).FindDifferenceAsync(uncounted, cancel) is not { } inTail)
            return null;
        EventNumber first = await new PierOverlap(pier, log, state).FindDifferenceAsync(uncounted, cancel) ?? inTail;
        return await EventComparison.DescribeAsync(pier, log, state, first, cancel);
    }
}

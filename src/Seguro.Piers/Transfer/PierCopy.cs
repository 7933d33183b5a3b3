using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>
/// Appends a pier's events to a log, byte for byte, after the log's head: what an import and a mirror have in common. What makes the two belong
/// together is for the caller to have looked at.
/// </summary>
public static class PierCopy
{
    /// <summary>Appends the events after <paramref name="head"/>, up to <paramref name="to"/>.</summary>
    /// <remarks>Memory: two groups of at most 8 MiB, and two of the store's fragments for an event that is larger than a group. Each group is committed whole or not at all.</remarks>
    /// <param name="pier">The pier; not used by another thread meanwhile.</param>
    /// <param name="log">The log.</param>
    /// <param name="term">The caller's term; the caller keeps its lease alive.</param>
    /// <param name="head">Where the log ends.</param>
    /// <param name="to">The last event that the pier has, or an earlier one.</param>
    /// <param name="reached">Told how far the log is certainly committed, also where this ends with an exception.</param>
    /// <param name="cancel">Ends it; an append in flight may or may not get committed.</param>
    /// <returns>Where the log ends now.</returns>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Gap"/>, what the pier throws (<see cref="Pier.Read"/>); <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>, <see cref="ErrorCode.OutcomeUnknown"/>,
    /// what the store throws. What was committed before stays.
    /// </exception>
    public static ValueTask<Position> RunAsync(
        Pier pier, EventLog log, Term term, Position head, EventNumber to, Action<Position> reached, CancellationToken cancel) =>
        RunAsync(pier, log, term, head, to, new TransferMeter(progress: null, TransferStep.Copying, 0, 0), reached, cancel);

    internal static async ValueTask<Position> RunAsync(
        Pier pier, EventLog log, Term term, Position head, EventNumber to, TransferMeter meter, Action<Position> reached, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(reached);
        await using GroupAppender appender = new(log, term, head, meter);
        try
        {
            meter.Report();
            EventNumber next = head.Number.Next;
            using IEnumerator<PierPiece> pieces = pier.ReadPieces(next, to, appender.LargestInGroup).GetEnumerator();
            while (pieces.MoveNext())
            {
                cancel.ThrowIfCancellationRequested();
                PierPiece read = pieces.Current;
                if (read.Number != next)
                    throw new SeguroException(ErrorCode.Gap, $"event {next} is missing in the pier {pier.Info.Path}: after {next.Previous} comes {read.Number}", "Repair the pier from a backup.");
                ForeignFormat.RefuseByEvent(pier.Info.Path, read.Number, read.Bytes.Span);
                if (read.IsLast)
                    await appender.AddAsync(read.Bytes, cancel);
                else
                    await appender.AddAsync(read.Size, RestOf(pieces), cancel);
                next = next.Next;
            }
            await appender.FlushAsync(cancel);
            if (appender.Reached.Number != to)
                throw new SeguroException(ErrorCode.Gap, $"the pier {pier.Info.Path} ends at event {appender.Reached.Number}, not at {to} as it said", "Repair the pier from a backup.");
            meter.Report();
            return appender.Reached;
        }
        finally
        {
            reached(appender.Reached);
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
}

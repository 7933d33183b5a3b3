using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Appends the events of one log to another, byte for byte, after its head.</summary>
public static class EventCopy
{
    /// <summary>Appends the events after <paramref name="head"/>, up to <paramref name="state"/>'s head, verified as they are read.</summary>
    /// <remarks>Memory: as <see cref="PierCopy"/>'s. It can be ended at any moment and run again.</remarks>
    /// <param name="from">The log that is read.</param>
    /// <param name="state">Its state, as far as it is to be copied.</param>
    /// <param name="to">The log that is written.</param>
    /// <param name="term">The caller's term; the caller keeps its lease alive.</param>
    /// <param name="head">Where <paramref name="to"/> ends: a place that <paramref name="from"/> has, too.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancel">Ends it; an append in flight may or may not get committed.</param>
    /// <returns>Where the log ends now.</returns>
    /// <exception cref="SeguroException">
    /// What reading throws; <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>, <see cref="ErrorCode.OutcomeUnknown"/>, what the store
    /// throws. What was committed before stays.
    /// </exception>
    public static Task<Position> RunAsync(
        EventLog from, LogState state, EventLog to, Term term, Position head, IProgress<TransferProgress>? progress, CancellationToken cancel) =>
        RunAsync(from, state, to, term, head, new TransferMeter(progress, TransferStep.Copying, state.Head.Number - head.Number, state.Bytes), cancel);

    internal static async Task<Position> RunAsync(EventLog from, LogState state, EventLog to, Term term, Position head, TransferMeter meter, CancellationToken cancel)
    {
        await using GroupAppender appender = new(to, term, head, meter);
        meter.Report();
        await using IAsyncEnumerator<EventFragment> pieces = ReadAhead.Of(from.StreamAsync(state, head.Number.Next, state.Head.Number, cancel), cancel).GetAsyncEnumerator(cancel);
        while (await pieces.MoveNextAsync())
        {
            EventFragment read = pieces.Current;
            if (read.IsLast && read.Bytes.Length <= appender.LargestInGroup)
                await appender.AddAsync(read.Bytes, cancel);
            else
                await appender.AddAsync(read.Size, RestOf(pieces), cancel);
        }
        await appender.FlushAsync(cancel);
        meter.Report();
        return appender.Reached == state.Head.Position
            ? appender.Reached
            : throw new SeguroException(ErrorCode.Corrupt, $"the log of {to.Ship} came out with {appender.Reached}, not with {state.Head.Position}", "Run `seguro log verify` on both.");
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> RestOf(IAsyncEnumerator<EventFragment> pieces)
    {
        yield return pieces.Current.Bytes;
        while (!pieces.Current.IsLast && await pieces.MoveNextAsync())
            yield return pieces.Current.Bytes;
    }
}

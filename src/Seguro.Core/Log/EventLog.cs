namespace Seguro.Core;

/// <summary>
/// A ship's log as whole events: cuts large payloads into fragments and puts them together again, keeps the chain, and verifies
/// what it reads. The one place where fragmentation happens, for all stores.
/// </summary>
/// <remarks>
/// Threading: reads may overlap with each other and with a write; there is one writer at a time.
/// Disposing of it disposes of the stored log.
/// </remarks>
/// <param name="log">The log by fragments.</param>
/// <param name="capabilities">What its store can do.</param>
public sealed partial class EventLog(IStoredLog log, StoreCapabilities capabilities) : IAsyncDisposable
{
    /// <summary>How often a write of unknown outcome is repeated before the caller is told.</summary>
    public const int Attempts = 5;

    /// <summary>The log by fragments: for leases, metadata and trimming.</summary>
    public IStoredLog Stored { get; } = log;

    /// <summary>What the store can do.</summary>
    public StoreCapabilities Capabilities { get; } = capabilities;

    /// <summary>Whose log this is.</summary>
    public Ship Ship => Stored.Ship;

    /// <summary>The state of the log, by a linearizable read.</summary>
    public ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => Stored.ReadStateAsync(cancel);

    /// <summary>Appends payloads after <paramref name="previous"/>, in order, under <paramref name="term"/>.</summary>
    /// <remarks>
    /// What fits in one transaction of the store is atomic. A larger batch is committed group by group, from its start: the result says how
    /// far it came. An event larger than a transaction is staged first and becomes visible at once. Before the first byte is
    /// written, every event is checked against the store's limit. Unknown outcomes are resolved by repeating, <see cref="Attempts"/> times at the most.
    /// The payloads are read until the task ends; their owner may not change them before.
    /// </remarks>
    /// <exception cref="SeguroException">
    /// An event is too large (nothing of the batch was written), or the store failed without writing the group that it was given: of a batch of
    /// several groups those before may be in, which <see cref="ReadStateAsync"/> tells.
    /// </exception>
    public ValueTask<AppendResult> AppendAsync(
        Term term, Position previous, IReadOnlyList<ReadOnlyMemory<byte>> payloads, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        foreach (ReadOnlyMemory<byte> payload in payloads)
            FragmentPlan.For(payload.Length, Capabilities);
        return AppendEventsAsync(term, previous, Link(previous, payloads), cancel);
    }

    /// <summary>Appends events that follow <paramref name="previous"/> and whose chains the caller has computed, while an earlier append was under way for instance.</summary>
    /// <remarks>As the other: <see cref="AppendAsync(Term, Position, IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>. A wrong chain is found by whoever reads.</remarks>
    /// <exception cref="SeguroException">As the other.</exception>
    public async ValueTask<AppendResult> AppendEventsAsync(Term term, Position previous, IReadOnlyList<Event> events, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(events);
        foreach (Event added in events)
            FragmentPlan.For(added.Payload.Length, Capabilities);
        Position reached = previous;
        Position last = previous;
        List<NewEvent> group = new(Math.Min(events.Count, Capabilities.LargestGroup));
        long groupBytes = 0;
        foreach (Event added in events)
        {
            FragmentPlan plan = FragmentPlan.For(added.Payload.Length, Capabilities);
            int inline = plan.Length(0);
            bool full = group.Count == Capabilities.LargestGroup || groupBytes + inline > Capabilities.LargestTransaction;
            if (group.Count > 0 && (full || plan.Count > 1))
            {
                WriteOutcome flushed = await AppendGroupAsync(new Append(term, reached, group), cancel);
                if (flushed is not WriteOutcome.Committed)
                    return new AppendResult(flushed, reached);
                reached = last;
                group = [];
                groupBytes = 0;
            }
            if (plan.Count > 1)
            {
                WriteOutcome staged = await StageAllAsync(term, added.Number, added.Payload, plan, cancel);
                // A conflict says that the head is past this event; whether an earlier attempt of the same append brought it there, only the append can tell.
                if (staged is not (WriteOutcome.Committed or WriteOutcome.Conflict))
                    return new AppendResult(staged, reached);
            }
            last = new Position(added.Number, added.Chain);
            group.Add(new NewEvent(added.Number, added.Payload.Length, added.Chain, plan.Cut(added.Payload, 0)));
            groupBytes += inline;
        }
        if (group.Count == 0)
            return new AppendResult(WriteOutcome.Committed.Instance, reached);
        WriteOutcome outcome = await AppendGroupAsync(new Append(term, reached, group), cancel);
        return new AppendResult(outcome, outcome is WriteOutcome.Committed ? last : reached);
    }

    /// <summary>The position at <paramref name="number"/>, from the stored chain or by computing it from the log's base.</summary>
    /// <exception cref="SeguroException">The event is trimmed away or does not exist, or the log is corrupt.</exception>
    public async ValueTask<Position> ReadPositionAsync(EventNumber number, CancellationToken cancel)
    {
        if (number == EventNumber.None)
            return Position.Origin;
        if (await Stored.ReadChainAsync(number, cancel) is { } chain)
            return new Position(number, chain);
        LogState state = await ReadStateAsync(cancel);
        CheckRange(state, number, number);
        Position position = state.Base;
        await foreach (EventFragment piece in StreamAsync(state, state.First, number, cancel))
        {
            if (piece.IsLast)
                position = new Position(piece.Number, piece.Chain);
        }
        return position;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Stored.DisposeAsync();

    private static Event[] Link(Position previous, IReadOnlyList<ReadOnlyMemory<byte>> payloads)
    {
        Event[] events = new Event[payloads.Count];
        using ChainHasher hasher = new();
        for (int i = 0; i < events.Length; i++)
        {
            EventNumber number = previous.Number.Next;
            previous = new Position(number, hasher.Next(previous.Chain, number, payloads[i].Span));
            events[i] = new Event(number, payloads[i], previous.Chain);
        }
        return events;
    }

    private async ValueTask<WriteOutcome> AppendGroupAsync(Append append, CancellationToken cancel)
    {
        WriteOutcome outcome = await Stored.AppendAsync(append, cancel);
        return outcome is WriteOutcome.Unknown ? await FindOutAsync(append, outcome, cancel) : outcome;
    }

    private ValueTask<WriteOutcome> FindOutAsync(Append append, WriteOutcome unknown, CancellationToken cancel) =>
        RepeatAsync(token => Stored.AppendAsync(append, token), unknown, cancel);

    private async ValueTask<WriteOutcome> StageAllAsync(
        Term term, EventNumber number, ReadOnlyMemory<byte> payload, FragmentPlan plan, CancellationToken cancel)
    {
        List<ReadOnlyMemory<byte>> fragments = [];
        long bytes = 0;
        int first = 1;
        for (int index = 1; index < plan.Count; index++)
        {
            fragments.Add(plan.Cut(payload, index));
            bytes += plan.Length(index);
            bool last = index == plan.Count - 1;
            if (!last && bytes + plan.FragmentSize <= Capabilities.LargestTransaction)
                continue;
            Stage stage = new(term, number, first, fragments) { Size = payload.Length };
            WriteOutcome outcome = await RepeatAsync(token => Stored.StageAsync(stage, token), cancel);
            if (outcome is not WriteOutcome.Committed)
                return outcome;
            first = index + 1;
            fragments = [];
            bytes = 0;
        }
        return WriteOutcome.Committed.Instance;
    }

    private static async ValueTask<WriteOutcome> RepeatAsync(Func<CancellationToken, ValueTask<WriteOutcome>> write, CancellationToken cancel) =>
        await RepeatAsync(write, await write(cancel), cancel);

    private static async ValueTask<WriteOutcome> RepeatAsync(
        Func<CancellationToken, ValueTask<WriteOutcome>> write, WriteOutcome outcome, CancellationToken cancel)
    {
        for (int attempt = 1; attempt < Attempts && outcome is WriteOutcome.Unknown; attempt++)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                outcome = await write(cancel);
            }
            catch (SeguroException e)
            {
                // This attempt wrote nothing, but the one before may have: the outcome stays unknown.
                outcome = new WriteOutcome.Unknown(e.Message);
            }
        }
        return outcome;
    }
}

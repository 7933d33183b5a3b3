using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>What a member reads of the cluster's log: its state, the place where the local log parts from it, and events.</summary>
sealed class SharedLogReader(MemberHostOptions options, LocalLog local, StoreTrouble trouble)
{
    private readonly EventLog _log = options.Store;
    private readonly Backoff _reading = new(options.Time);
    private LogState? _known;

    public async Task<MemberInput> ReadStateAsync(CancellationToken cancel)
    {
        try
        {
            LogState state = await _log.ReadStateAsync(cancel);
            ClusterSettings settings = ClusterSettingsCodec.Read(await _log.Stored.ReadMetadataAsync(cancel));
            if (await FindCommonAsync(state, cancel) is { } common)
            {
                _known = state;
                trouble.Clear();
                return new MemberInput.StateRead(state, settings, common);
            }
            trouble.Note("compare the local log", new SeguroException(
                ErrorCode.Trimmed, $"the store has forgotten the events below {state.First}, and no other member can be asked about them", "Start another member."));
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed) && failed is not SeguroException { Code: ErrorCode.Diverged })
        {
            trouble.Note("read the store's state", failed);
        }
        return new MemberInput.StateRead(null, default, local.Head);
    }

    public async Task<MemberInput> ReadAsync(MemberOutput.Read ask, CancellationToken cancel)
    {
        MemberInput.EventsRead? answer = null;
        try
        {
            answer = await ReadSparinglyAsync(ask, cancel) ?? await ReadStoreAsync(ask, cancel) ?? new MemberInput.EventsRead(ask.After, await ReadPeersAsync(ask, null, cancel));
            trouble.Clear();
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            _known = null;
            trouble.Note("read events", failed);
            // The master does not push to who is far behind; what it and the others have is committed, whether or not the store can be asked.
            if (!cancel.IsCancellationRequested)
                answer = new MemberInput.EventsRead(ask.After, await ReadPeersAsync(ask, null, cancel));
        }
        if (answer is { Events.Count: > 0 } or { Diverged: true })
            _reading.Reset();
        else
            await _reading.WaitAsync(cancel);
        return answer ?? new MemberInput.EventsRead(ask.After, []);
    }

    /// <summary>The last position that the local log shares with the cluster's; <see langword="null"/> where only another member could tell, and none does.</summary>
    private async Task<Position?> FindCommonAsync(LogState state, CancellationToken cancel)
    {
        EventNumber upper = Min(local.Head.Number, state.Head.Number);
        EventNumber lower = Max(local.Base.Number, state.Base.Number);
        if (state.Head.Number < local.Base.Number)
            throw Diverged($"the store's log ends at event {state.Head.Number}, before the first of the local log, {local.Base.Number.Next}");
        if (upper >= lower)
        {
            if (await LogFork.FindAsync(lower, upper, IsInStoreAsync, cancel) is { } common)
                return new Position(common, await LocalChainAsync(common, cancel));
            if (lower == local.Base.Number)
                throw Diverged($"the local log begins after event {lower}, and there already it has another chain than the store");
        }
        // The logs part below what the store still has, or the local log ends there.
        EventNumber forgotten = Min(local.Head.Number, state.Base.Number);
        if (forgotten == EventNumber.None)
            return Position.Origin;
        if (await LogFork.FindAsync(local.Base.Number, forgotten, IsWithPeersAsync, cancel) is not { } shared)
            return null;
        // A member that went away meanwhile looks like one that has another log.
        return shared == forgotten || await IsWithPeersAsync(local.Base.Number, cancel) ? new Position(shared, await LocalChainAsync(shared, cancel)) : null;
    }

    private async ValueTask<bool> IsInStoreAsync(EventNumber number, CancellationToken cancel)
    {
        Chain there = await _log.Stored.ReadChainAsync(number, cancel)
            ?? throw new SeguroException(ErrorCode.StoreUnavailable, $"the store shows no event {number}, which it said it has", "Nothing: it is asked again.");
        return there == await LocalChainAsync(number, cancel);
    }

    /// <summary>A member that has a committed event after a position has that position.</summary>
    private async ValueTask<bool> IsWithPeersAsync(EventNumber number, CancellationToken cancel) =>
        (await options.ReadPeers(new Position(number, await LocalChainAsync(number, cancel)), number.Next, null, cancel)).Count > 0;

    private async ValueTask<Chain> LocalChainAsync(EventNumber number, CancellationToken cancel) =>
        await local.ReadChainAsync(number, cancel)
            ?? throw Diverged($"the local log has no chain at event {number}");

    /// <summary>
    /// Reads from replicas, where the master and the store are to be left alone, and lets the store say by one chain whether they are the cluster's; <see langword="null"/> where
    /// that is not asked for, or no replica has them.
    /// </summary>
    private async Task<MemberInput.EventsRead?> ReadSparinglyAsync(MemberOutput.Read ask, CancellationToken cancel)
    {
        if (ask.Sparing is not { } master)
            return null;
        IReadOnlyList<Event> events = await ReadPeersAsync(ask, master, cancel);
        if (events.Count == 0)
            return null;
        // A store that has forgotten that event can't contradict; who has it no more is asked in the same way then.
        Event last = events[^1];
        return await _log.Stored.ReadChainAsync(last.Number, cancel) is { } there && there != last.Chain ? null : new MemberInput.EventsRead(ask.After, events);
    }

    /// <summary>Reads from the store; <see langword="null"/> where it has those events no more.</summary>
    private async Task<MemberInput.EventsRead?> ReadStoreAsync(MemberOutput.Read ask, CancellationToken cancel)
    {
        LogState state = _known ??= await _log.ReadStateAsync(cancel);
        if (ask.After.Number < state.Base.Number)
            return null;
        Chain? there = await _log.Stored.ReadChainAsync(ask.After.Number, cancel);
        if (there is null)
        {
            state = (_known = await _log.ReadStateAsync(cancel)).Value;
            if (ask.After.Number < state.Base.Number)
                return null;
            return new MemberInput.EventsRead(ask.After, []);
        }
        if (there != ask.After.Chain)
            return new MemberInput.EventsRead(ask.After, [], Diverged: true);
        EventNumber end = Min(ask.Last, ask.After.Number + (ulong)options.Member.MaxGroup);
        if (end <= ask.After.Number)
            return new MemberInput.EventsRead(ask.After, []);
        // The member knows that these events are committed: a state read anew would cost a commit for each group, and each event is verified by its chain.
        LogState open = end <= state.Head.Number ? state : state with { Head = state.Head with { Number = new EventNumber(ulong.MaxValue) } };
        List<Event> events = [];
        long bytes = 0;
        try
        {
            await foreach (Event read in _log.ReadAsync(open, ask.After.Number.Next, end, cancel))
            {
                bytes += read.Payload.Length;
                if (events.Count > 0 && bytes > options.Member.MaxGroupBytes)
                    break;
                events.Add(read with { Payload = read.Payload.ToArray() });
            }
        }
        catch (SeguroException trimmed) when (trimmed.Code is ErrorCode.Trimmed && events.Count == 0)
        {
            _known = null;
            return null;
        }
        catch (SeguroException) when (events.Count > 0)
        {
            // What came is verified; the rest is asked for again, and fails again where it is not a matter of time.
        }
        return new MemberInput.EventsRead(ask.After, events);
    }

    /// <summary>Reads from other members; what does not follow is cut off.</summary>
    private async Task<IReadOnlyList<Event>> ReadPeersAsync(MemberOutput.Read ask, string? sparing, CancellationToken cancel)
    {
        IReadOnlyList<Event> events = await options.ReadPeers(ask.After, ask.Last, sparing, cancel);
        using ChainHasher hasher = new();
        Position position = ask.After;
        for (int i = 0; i < events.Count; i++)
        {
            EventNumber next = position.Number.Next;
            Chain chain = hasher.Next(position.Chain, next, events[i].Payload.Span);
            if (events[i].Number != next || events[i].Chain != chain)
                return [.. events.Take(i)];
            position = new Position(next, chain);
        }
        return events;
    }

    private SeguroException Diverged(string what) => new(
        ErrorCode.Diverged,
        $"the local log {options.Pier} is not the cluster's: {what}",
        "Move the pier away (keep it as evidence) and start the member again: it makes a new one from the cluster.");

    private static EventNumber Min(EventNumber left, EventNumber right) => left < right ? left : right;

    private static EventNumber Max(EventNumber left, EventNumber right) => left > right ? left : right;
}

using Seguro.Core;
using Seguro.Piers.Store;
using Seguro.Piers.Transfer;

namespace Seguro.Piers.LocalLogs;

/// <summary>A member's own log: a pier of vere's layout that this process holds for as long as the object lives.</summary>
/// <remarks>
/// <para>Threading: one write at a time (<see cref="AppendAsync"/>, <see cref="QuarantineAsync"/>); reads may overlap with it and with each other, from any thread.</para>
/// <para>Durability: an fsync for each group before <see cref="AppendAsync"/> returns.</para>
/// <para>The term that the pier records has no meaning for the cluster: each opening takes the next one of the pier's own, so that whoever held the pier before can't write any more.</para>
/// <para>Errors: everything that fails is a <see cref="SeguroException"/>; a member whose own disk fails ends.</para>
/// </remarks>
public sealed partial class LocalLog : IAsyncDisposable
{
    private const long MostKeptInMemory = 256L << 20;
    private readonly TimeProvider _time;
    private readonly string _path;
    private readonly string _owner;
    private LmdbStore _store;
    private EventLog _log;
    private Lease _lease;
    private volatile StrongState _state;

    private LocalLog(string path, string owner, (LmdbStore Store, EventLog Log, Lease Lease, LogState State) held, TimeProvider time)
    {
        _path = path;
        _owner = owner;
        (_store, _log, _lease, LogState state) = held;
        _state = new StrongState(state);
        _time = time;
        QuarantinePath = QuarantineOf(path);
    }

    /// <summary>Where events are kept aside: <c>quarantine</c>, beside the pier.</summary>
    public string QuarantinePath { get; }

    /// <summary>The position before the first event.</summary>
    public Position Base => _state.Value.Base;

    /// <summary>The end, on disk.</summary>
    public Position Head => _state.Value.Head.Position;

    /// <summary>Opens a member's pier, or makes an empty one that begins before event 1.</summary>
    /// <param name="pier">The pier's folder.</param>
    /// <param name="ship">Whose it must be.</param>
    /// <param name="identity">Asked for the metadata (who, fake, life, and which vere is to open it) only where the pier is to be made.</param>
    /// <param name="owner">The member's name in one life of the process, for the pier's own record of its writer.</param>
    /// <param name="time">The clock, for the names of quarantined cases.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.PierLocked"/>, <see cref="ErrorCode.DiskFull"/>, …
    /// </exception>
    /// <exception cref="DamagedLogException">It is damaged.</exception>
    public static async Task<LocalLog> OpenAsync(
        string pier,
        Ship ship,
        Func<CancellationToken, ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>> identity,
        string owner,
        TimeProvider time,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(identity);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(pier));
        LmdbStore? store = null;
        try
        {
            await SnapshotsAside.TornAsync(path, QuarantineOf(path), time.GetUtcNow(), cancel);
            store = await LmdbStore.OpenAsync(path, create: true, time, cancel);
            IStoredLog stored;
            if ((await store.ListLogsAsync(cancel)).Count > 0)
            {
                stored = await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel);
            }
            else
            {
                IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await identity(cancel);
                Dictionary<string, ReadOnlyMemory<byte>> own = metadata
                    .Where(static pair => pair.Key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life or PierMetadata.Vere)
                    .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
                stored = await store.CreateLogAsync(ship, Position.Origin, own, cancel);
            }
            return new LocalLog(path, owner, await HoldAsync(store, stored, path, owner, cancel), time);
        }
        catch (Exception failed)
        {
            if (store is not null)
                await store.DisposeAsync();
            if (failed is SeguroException error && DamagedLogException.IsAtOpening(error))
                throw new DamagedLogException(error);
            throw;
        }
    }

    private static string QuarantineOf(string pier) => Path.Combine(Path.GetDirectoryName(pier) ?? pier, "quarantine");

    private static async Task<(LmdbStore Store, EventLog Log, Lease Lease, LogState State)> HoldAsync(LmdbStore store, IStoredLog stored, string path, string owner, CancellationToken cancel)
    {
        EventLog log = new(stored, store.Capabilities);
        LogState before = await log.ReadStateAsync(cancel);
        return await stored.CampaignAsync(before.Lease, owner, TimeSpan.FromSeconds(1), cancel) is LeaseOutcome.Done won
            ? (store, log, won.Lease, await log.ReadStateAsync(cancel))
            : throw new SeguroException(ErrorCode.PierLocked, $"another member of this process writes to the pier {path}", "Give each member a pier of its own.");
    }

    /// <summary>Appends events that follow <see cref="Head"/>, durably. Waits while the pier is lent.</summary>
    /// <param name="events">The events with their chains, which the caller computed or verified. Their bytes are read until the task ends.</param>
    /// <param name="cancel">Ends the wait; what was sent may still happen.</param>
    /// <returns>The new end.</returns>
    public async ValueTask<Position> AppendAsync(IReadOnlyList<Event> events, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
            return Head;
        using Turn turn = await WriteAsync(cancel);
        int written = 0;
        if (_writer is { } writer)
        {
            if (await writer(events))
            {
                Append followed = AppendOf(events, 0);
                LogState state = LogRules.After(_state.Value, followed);
                _followed!.Add(state, events);
                _state = new StrongState(state);
                return followed.Last;
            }
            written = await TakeOverAsync(events);
            if (written == events.Count)
                return Head;
        }
        Append append = AppendOf(events, written);
        WriteOutcome outcome = await Guard(_log.Stored.AppendAsync(append, cancel));
        if (outcome is WriteOutcome.Unknown)
            outcome = await Guard(_log.Stored.AppendAsync(append, cancel));
        if (outcome is not WriteOutcome.Committed)
            throw Failed($"events {append.Events[0].Number} to {append.Events[^1].Number} could not be appended", outcome);
        _state = new StrongState(LogRules.After(_state.Value, append));
        return append.Last;
    }

    private Append AppendOf(IReadOnlyList<Event> events, int from)
    {
        NewEvent[] added = new NewEvent[events.Count - from];
        for (int i = 0; i < added.Length; i++)
            added[i] = new NewEvent(events[from + i].Number, events[from + i].Payload.Length, events[from + i].Chain, events[from + i].Payload);
        return new Append(_lease.Term, Head, added);
    }

    /// <summary>Reads events that follow <paramref name="after"/>, verified, as many as make a group.</summary>
    /// <param name="after">The position before the first.</param>
    /// <param name="last">No event above it.</param>
    /// <param name="mostEvents">No more events than this.</param>
    /// <param name="mostBytes">No more payload bytes than this, but always one event.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="DamagedLogException">They are not what was written.</exception>
    /// <returns>The events, in memory of their own; none where the log ends there; <see langword="null"/> where it has another chain at <paramref name="after"/>, or begins above.</returns>
    public async ValueTask<IReadOnlyList<Event>?> ReadAsync(Position after, EventNumber last, int mostEvents, long mostBytes, CancellationToken cancel)
    {
        using Turn turn = await ReadAsync(cancel);
        LogState state = _state.Value;
        if (after.Number > state.Head.Number)
            return [];
        if (await FindChainAsync(after.Number, cancel) != after.Chain)
            return null;
        EventNumber end = last < state.Head.Number ? last : state.Head.Number;
        if (end <= after.Number)
            return [];
        if (end - after.Number > (ulong)mostEvents)
            end = after.Number + (ulong)mostEvents;
        List<Event> events = [];
        long bytes = 0;
        try
        {
            await foreach (Event read in _log.ReadAsync(state, after.Number.Next, end, cancel))
            {
                bytes += read.Payload.Length;
                if (events.Count > 0 && bytes > mostBytes)
                    break;
                events.Add(read with { Payload = read.Payload.ToArray() });
            }
        }
        catch (SeguroException error) when (DamagedLogException.IsWhileReading(error))
        {
            throw new DamagedLogException(error);
        }
        return events;
    }

    /// <summary>The chain at a number, the base's included; <see langword="null"/> where the log does not reach there.</summary>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel)
    {
        using Turn turn = await ReadAsync(cancel);
        return await FindChainAsync(number, cancel);
    }

    private async ValueTask<Chain?> FindChainAsync(EventNumber number, CancellationToken cancel)
    {
        LogState state = _state.Value;
        if (number == state.Base.Number)
            return state.Base.Chain;
        if (number == state.Head.Number)
            return state.Head.Chain;
        return number < state.Base.Number || number > state.Head.Number ? null : await Guard(_log.Stored.ReadChainAsync(number, cancel));
    }

    /// <summary>Moves the events above <paramref name="last"/> aside, and what vere saved of them: first a durable copy with a report, then they are removed.</summary>
    /// <param name="last">The new end, which must be in the log.</param>
    /// <param name="facts">What the report shall say.</param>
    /// <param name="cancel">Ends it before the events are removed.</param>
    /// <returns>The events that were moved; none where they are too many to be kept in memory (above 256 MiB).</returns>
    public async ValueTask<IReadOnlyList<Event>> QuarantineAsync(Position last, IReadOnlyList<string> facts, CancellationToken cancel)
    {
        using Turn turn = await WriteAsync(cancel);
        return await MoveAsideAsync(last, facts, cancel);
    }

    private async ValueTask<IReadOnlyList<Event>> MoveAsideAsync(Position last, IReadOnlyList<string> facts, CancellationToken cancel)
    {
        LogState state = _state.Value;
        if (state.Head.Position == last)
            return [];
        if (await FindChainAsync(last.Number, cancel) != last.Chain)
            throw Failed($"it can't be cut back to {last}", new WriteOutcome.Conflict(state));
        List<Event>? moved = [];
        long bytes = 0;
        await QuarantineFolder.WriteAsync(QuarantinePath, _time.GetUtcNow(), facts, Above(), cancel);
        // Before the events go: a log below its own snapshot is one that nobody opens.
        await SnapshotsAside.AboveAsync(_path, last.Number, QuarantinePath, _time.GetUtcNow(), facts, cancel);
        WriteOutcome outcome = await Guard(_store.CutBackAsync(_log.Ship, _lease.Term, last, CancellationToken.None));
        if (outcome is WriteOutcome.Unknown)
            outcome = await Guard(_store.CutBackAsync(_log.Ship, _lease.Term, last, CancellationToken.None));
        if (outcome is not WriteOutcome.Committed)
            throw Failed($"it could not be cut back to {last}", outcome);
        _state = new StrongState(await _log.ReadStateAsync(CancellationToken.None));
        return moved ?? [];

        async IAsyncEnumerable<Event> Above()
        {
            await foreach (Event read in _log.ReadAsync(state, last.Number.Next, state.Head.Number, cancel))
            {
                bytes += read.Payload.Length;
                if (bytes > MostKeptInMemory)
                    moved = null;
                moved?.Add(read with { Payload = read.Payload.ToArray() });
                yield return read;
            }
        }
    }

    /// <summary>Lets the log begin at an event, durably. What lies before it is unseen from then on, and stays until vere chops it.</summary>
    /// <param name="first">The event, at most the one after <see cref="Head"/>. Nothing where the log begins there or later already.</param>
    /// <param name="cancel">Ends the wait for the log's turn.</param>
    /// <exception cref="SeguroException">As <see cref="AppendAsync"/>.</exception>
    public async ValueTask BeginAtAsync(EventNumber first, CancellationToken cancel)
    {
        using Turn turn = await WriteAsync(cancel);
        if (_writer is not null)
            throw new InvalidOperationException("Another writes for this log: it is to be taken back first.");
        if (first <= Base.Number.Next)
            return;
        WriteOutcome outcome = await Guard(_store.BeginAtAsync(_log.Ship, _lease.Term, first, CancellationToken.None));
        if (outcome is WriteOutcome.Unknown)
            outcome = await Guard(_store.BeginAtAsync(_log.Ship, _lease.Term, first, CancellationToken.None));
        if (outcome is not WriteOutcome.Committed)
            throw Failed($"it can't begin at event {first}", outcome);
        _state = new StrongState(await _log.ReadStateAsync(CancellationToken.None));
    }

    /// <summary>Lets go of the pier.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _log.Stored.ResignAsync(_lease, CancellationToken.None);
        }
        catch (Exception gone) when (gone is SeguroException or ObjectDisposedException)
        {
            // The next opening takes the term over in any case.
        }
        await _log.DisposeAsync();
        await _store.DisposeAsync();
        _writing.Dispose();
        _reading.Dispose();
    }

    /// <summary>What the log says of itself in this member's own words.</summary>
    private static async ValueTask<T> Guard<T>(ValueTask<T> work)
    {
        try
        {
            return await work;
        }
        catch (SeguroException error) when (DamagedLogException.IsWhileReading(error))
        {
            throw new DamagedLogException(error);
        }
    }

    private SeguroException Failed(string what, WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Fenced fenced => new SeguroException(
            ErrorCode.Fenced, $"the local log of {_log.Ship} was taken over ({fenced.Current}): {what}", "Let only one member use a pier."),
        WriteOutcome.Unknown unknown => new SeguroException(
            ErrorCode.OutcomeUnknown, $"the local log of {_log.Ship}: {what}: {unknown.Cause}", "Look at the disk (dmesg), then start the member again."),
        WriteOutcome.Conflict conflict => new SeguroException(
            ErrorCode.Diverged, $"the local log of {_log.Ship} ends at {conflict.Current.Head.Position}: {what}", "This is a bug to report; start the member again."),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    /// <summary>A state that can be read while another takes its place.</summary>
    private sealed record StrongState(LogState Value);
}

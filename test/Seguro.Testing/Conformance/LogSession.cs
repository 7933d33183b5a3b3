using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>A test's own log in a store: a fresh ship, its mastership, and what was appended so far.</summary>
/// <remarks>Not safe for use by two threads at a time.</remarks>
public sealed class LogSession : IAsyncDisposable
{
    /// <summary>The duration of the leases that tests take: nobody waits for it.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(10);

    private readonly StoreHarness _harness;
    private readonly List<IAsyncDisposable> _opened = [];
    private int _candidates;

    private LogSession(StoreHarness harness, IStore store, EventLog log)
    {
        _harness = harness;
        Store = store;
        Log = log;
    }

    /// <summary>The client.</summary>
    public IStore Store { get; private set; }

    /// <summary>The log.</summary>
    public EventLog Log { get; private set; }

    /// <summary>The log by fragments.</summary>
    public IStoredLog Stored => Log.Stored;

    /// <summary>The ship.</summary>
    public Ship Ship => Log.Ship;

    /// <summary>The lease that is held.</summary>
    public Lease Lease { get; private set; }

    /// <summary>The term that is held.</summary>
    public Term Term => Lease.Term;

    /// <summary>Where the log ends, as far as this session knows.</summary>
    public Position Head { get; set; }

    /// <summary>The payloads that the log should hold, from its first event.</summary>
    public List<byte[]> Payloads { get; } = [];

    /// <summary>Opens a client, makes a log for a fresh ship and becomes its master.</summary>
    public static async Task<LogSession> BeginAsync(StoreHarness harness, CancellationToken cancel, Position origin = default)
    {
        IStore store = await harness.OpenAsync(cancel);
        Ship ship = ShipNames.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"{ship} (SEGURO_TEST_SEED={ShipNames.Seed})");
        IStoredLog stored = await store.CreateLogAsync(ship, origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel);
        LogSession session = new(harness, store, new EventLog(stored, store.Capabilities)) { Head = origin };
        session.Lease = await session.CampaignAsync(Lease.None, cancel);
        return session;
    }

    /// <summary>Becomes master in the next term, as a candidate of a new name.</summary>
    public async Task<Lease> CampaignAsync(Lease expected, CancellationToken cancel)
    {
        string candidate = $"member {++_candidates} of {Ship}";
        LeaseOutcome outcome = await Stored.CampaignAsync(expected, candidate, LeaseDuration, cancel);
        for (int i = 0; i < EventLog.Attempts && outcome is LeaseOutcome.Unknown; i++)
            outcome = await Stored.CampaignAsync(expected, candidate, LeaseDuration, cancel);
        return Assert.IsType<LeaseOutcome.Done>(outcome).Lease;
    }

    /// <summary>Another takes the mastership; this session's lease is the old one until <see cref="Follow"/>.</summary>
    public Task<Lease> DeposeAsync(CancellationToken cancel) => CampaignAsync(Lease, cancel);

    /// <summary>Goes on under another lease.</summary>
    public void Follow(Lease lease) => Lease = lease;

    /// <summary>Appends, which must succeed.</summary>
    public async Task AppendAsync(IReadOnlyList<byte[]> payloads, CancellationToken cancel)
    {
        AppendResult result = await Log.AppendAsync(Term, Head, [.. payloads.Select(static p => (ReadOnlyMemory<byte>)p)], cancel);
        Assert.IsType<WriteOutcome.Committed>(result.Outcome);
        Assert.Equal(After(Head, payloads), result.Reached);
        Head = result.Reached;
        Payloads.AddRange(payloads);
    }

    /// <summary>Appends <paramref name="count"/> small payloads, which must succeed.</summary>
    public Task AppendAsync(int count, CancellationToken cancel) =>
        AppendAsync([.. Enumerable.Range(1, count).Select(i => SeededPayload.Of(Head.Number.Value + (ulong)i, 20 + (i % 50)))], cancel);

    /// <summary>An append of small payloads, each one fragment, after <paramref name="previous"/>.</summary>
    public static Append Build(Term term, Position previous, params IReadOnlyList<byte[]> payloads)
    {
        using ChainHasher hasher = new();
        List<NewEvent> events = [];
        foreach (byte[] payload in payloads)
        {
            EventNumber number = previous.Number + (ulong)events.Count + 1;
            events.Add(new NewEvent(number, payload.Length, hasher.Next(events.Count == 0 ? previous.Chain : events[^1].Chain, number, payload), payload));
        }
        return new Append(term, previous, events);
    }

    /// <summary>The position after payloads of any size.</summary>
    public static Position After(Position previous, IEnumerable<byte[]> payloads)
    {
        using ChainHasher hasher = new();
        foreach (byte[] payload in payloads)
            previous = new Position(previous.Number.Next, hasher.Next(previous.Chain, previous.Number.Next, payload));
        return previous;
    }

    /// <summary>The log through another client where the store allows one, else through this one again.</summary>
    public async Task<EventLog> OpenSecondAsync(CancellationToken cancel)
    {
        IStore store = Store;
        if (_harness.AllowsManyClients)
            _opened.Add(store = await _harness.OpenAsync(cancel));
        IStoredLog? stored = await store.OpenLogAsync(Ship, cancel);
        Assert.NotNull(stored);
        EventLog log = new(stored, store.Capabilities);
        _opened.Add(log);
        return log;
    }

    /// <summary>Closes everything and opens the log again.</summary>
    public async Task ReopenAsync(CancellationToken cancel)
    {
        Ship ship = Ship;
        await CloseAsync();
        Store = await _harness.OpenAsync(cancel);
        IStoredLog? stored = await Store.OpenLogAsync(ship, cancel);
        Assert.NotNull(stored);
        Log = new EventLog(stored, Store.Capabilities);
    }

    /// <summary>The log holds what was appended: state, bytes, chains, through this client and through another.</summary>
    public async Task CheckAsync(CancellationToken cancel)
    {
        await CheckAsync(Log, cancel);
        await CheckAsync(await OpenSecondAsync(cancel), cancel);
    }

    /// <summary>The log, as another client sees it, holds what was appended.</summary>
    public async Task CheckAsync(EventLog log, CancellationToken cancel)
    {
        LogState state = await log.ReadStateAsync(cancel);
        Assert.Equal(Head, state.Head.Position);
        Assert.Equal(Payloads.Count, (long)state.Count);
        Assert.Equal(Payloads.Sum(static p => (long)p.Length), state.Bytes);
        Chain chain = state.Base.Chain;
        int read = 0;
        using ChainHasher hasher = new();
        await foreach (Event seen in log.ReadAsync(state, state.First, state.Head.Number, cancel))
        {
            Assert.Equal(state.First + (ulong)read, seen.Number);
            Assert.True(seen.Payload.Span.SequenceEqual(Payloads[read]), $"event {seen.Number} has other bytes than were appended");
            chain = hasher.Next(chain, seen.Number, Payloads[read]);
            Assert.Equal(chain, seen.Chain);
            read++;
        }
        Assert.Equal(Payloads.Count, read);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => CloseAsync();

    private async ValueTask CloseAsync()
    {
        for (int i = _opened.Count - 1; i >= 0; i--)
            await _opened[i].DisposeAsync();
        _opened.Clear();
        await Log.DisposeAsync();
        await Store.DisposeAsync();
    }
}

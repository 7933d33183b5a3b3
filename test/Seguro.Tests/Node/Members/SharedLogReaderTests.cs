using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Piers.LocalLogs;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Piers.LocalLogs;
using Xunit;

namespace Seguro.Tests.Node.Members;

/// <summary>Where a member's own log parts from the cluster's, and how it gets what it lacks; the store has forgotten the events up to 20 of 30.</summary>
public sealed class SharedLogReaderTests : IAsyncLifetime
{
    private const ulong Base = 20;
    private static readonly Ship Zod = Ship.Parse("~zod");
    private static readonly List<Event> Log = EventChain.After(Position.Origin, 30);
    private readonly TemporaryFolder _folder = new("reader");
    private IStore _store = null!;
    private EventLog _shared = null!;
    private int _asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(30, 0, 30, false)] // the same as the store's
    [InlineData(25, 0, 25, false)] // behind
    [InlineData(30, 3, 30, false)] // ahead
    [InlineData(25, 3, 25, false)] // forked within what the store has
    [InlineData(20, 5, 20, false)] // forked where it begins
    [InlineData(17, 5, 17, true)] // forked below
    [InlineData(17, 20, 17, true)] // forked below, and longer than the store's
    [InlineData(12, 0, 12, true)] // ends below
    [InlineData(12, 4, 12, true)] // forked below, and ends there
    [InlineData(0, 25, 0, true)] // nothing in common
    [InlineData(0, 0, 0, false)] // empty
    public async Task Finds_what_a_local_log_shares_with_the_clusters(int same, int others, ulong expected, bool asksPeers)
    {
        await using LocalLog local = await OpenAsync("own");
        await using LocalLog peer = await OpenAsync("peer");
        await local.AppendAsync(Log[..same], Cancel);
        await local.AppendAsync(EventChain.After(local.Head, others, "other"), Cancel);
        await peer.AppendAsync(Log, Cancel);

        MemberInput.StateRead read = Assert.IsType<MemberInput.StateRead>(await Reader(local, peer).ReadStateAsync(Cancel));

        Assert.Equal(expected == 0 ? Position.Origin : EventChain.At(Log, expected), read.Common);
        Assert.Equal(EventChain.At(Log, 30), read.State?.Head.Position);
        Assert.Equal(asksPeers, _asked > 0);
    }

    [Theory]
    [InlineData(12, 0)]
    [InlineData(12, 12)]
    public async Task Says_nothing_where_nobody_can_tell(int same, int others)
    {
        await using LocalLog local = await OpenAsync("own");
        await local.AppendAsync(Log[..same], Cancel);
        await local.AppendAsync(EventChain.After(local.Head, others, "other"), Cancel);
        Assert.Null(Assert.IsType<MemberInput.StateRead>(await Reader(local, null).ReadStateAsync(Cancel)).State);
    }

    [Fact]
    public async Task Reads_from_other_members_what_the_store_has_forgotten_and_the_rest_from_the_store()
    {
        await using LocalLog local = await OpenAsync("own");
        await using LocalLog peer = await OpenAsync("peer");
        await peer.AppendAsync(Log[..22], Cancel);
        SharedLogReader reader = Reader(local, peer);
        List<Event> got = [];
        while (got.Count < 30)
        {
            Position after = got.Count == 0 ? Position.Origin : EventChain.At(got, (ulong)got.Count);
            MemberInput.EventsRead read = Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(new MemberOutput.Read(after, new(30)), Cancel));
            Assert.Equal((after, false), (read.After, read.Diverged));
            got.AddRange(read.Events);
        }
        Assert.Equal(Log.Select(Text), got.Select(Text));
        Assert.True(_asked > 0);
    }

    [Fact]
    public async Task Leaves_the_store_and_the_master_alone_where_a_replica_has_the_events()
    {
        await using LocalLog local = await OpenAsync("own");
        List<string?> spared = [];
        List<Event> others = [.. Log[..24], .. EventChain.After(EventChain.At(Log, 24), 6, "other")];
        List<Event> served = Log;
        SharedLogReader reader = new(Options((after, last, sparing, _) =>
        {
            spared.Add(sparing);
            return ValueTask.FromResult<IReadOnlyList<Event>>([.. served.Where(one => one.Number > after.Number && one.Number <= last).Take(6)]);
        }), local, new StoreTrouble(TimeProvider.System, NullLogger.Instance));
        MemberOutput.Read ask = new(EventChain.At(Log, 22), new(30), "peer");

        Assert.Equal(6, Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(ask, Cancel)).Events.Count);
        Assert.Equal(["peer"], spared);

        // What a replica gives is held against the store, which also has what no replica gives.
        served = others;
        Assert.Equal(Log[22..30].Select(Text), Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(ask, Cancel)).Events.Select(Text));
        served = [];
        Assert.Equal(Log[22..30].Select(Text), Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(ask, Cancel)).Events.Select(Text));
        Assert.Equal(["peer", "peer", "peer"], spared);
        await reader.ReadAsync(ask with { Sparing = null }, Cancel);
        Assert.Equal(3, spared.Count);
    }

    [Fact]
    public async Task Passes_nothing_on_that_does_not_follow()
    {
        await using LocalLog local = await OpenAsync("own");
        List<Event> forged = [.. Log[..20]];
        forged[7] = forged[7] with { Payload = "forged"u8.ToArray() };
        SharedLogReader reader = new(Options((_, _, _, _) => ValueTask.FromResult<IReadOnlyList<Event>>(forged)), local, new StoreTrouble(TimeProvider.System, NullLogger.Instance));
        MemberInput.EventsRead read = Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(new MemberOutput.Read(Position.Origin, new(30)), Cancel));
        Assert.Equal(7, read.Events.Count);
        Position strange = new(new(25), EventChain.At(Log, 24).Chain);
        Assert.True(Assert.IsType<MemberInput.EventsRead>(await reader.ReadAsync(new MemberOutput.Read(strange, new(30)), Cancel)).Diverged);
    }

    public async ValueTask InitializeAsync()
    {
        _store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        _shared = new EventLog(await _store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), _store.Capabilities);
        Term term = Assert.IsType<LeaseOutcome.Done>(await _shared.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromSeconds(1), Cancel)).Lease.Term;
        Assert.True((await _shared.AppendAsync(term, Position.Origin, [.. Log.Select(static one => one.Payload)], Cancel)).IsCommitted);
        Assert.IsType<WriteOutcome.Committed>(await _shared.Stored.TrimAsync(term, new(Base + 1), Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await _shared.DisposeAsync();
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    private static string Text(Event one) => $"{one.Number} {one.Chain} {Encoding.ASCII.GetString(one.Payload.Span)}";

    private static ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> NoMetadata(CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(new Dictionary<string, ReadOnlyMemory<byte>>());

    private Task<LocalLog> OpenAsync(string name) => LocalLog.OpenAsync(_folder[$"{name}/pier"], Zod, NoMetadata, $"{name}@1", TimeProvider.System, Cancel);

    private SharedLogReader Reader(LocalLog local, LocalLog? peer) => new(
        Options(async (after, last, sparing, cancel) =>
        {
            _asked++;
            return peer is null ? [] : await peer.ReadAsync(after, last, 6, long.MaxValue, cancel) ?? [];
        }),
        local,
        new StoreTrouble(TimeProvider.System, NullLogger.Instance));

    private MemberHostOptions Options(Func<Position, EventNumber, string?, CancellationToken, ValueTask<IReadOnlyList<Event>>> readPeers) => new()
    {
        Member = new MemberOptions { Name = "own", Candidate = "own@1", Members = ["own", "peer"] },
        Store = _shared,
        Pier = _folder["own/pier"],
        Ship = new OpaqueShip(_folder["ship"]),
        Send = static (_, _) => { },
        ReadPeers = readPeers,
        Release = static (_, _, _, _) => ValueTask.CompletedTask,
    };
}

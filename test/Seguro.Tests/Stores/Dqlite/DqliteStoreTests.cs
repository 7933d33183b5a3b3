using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>What the conformance suite does not ask of every store: dqlite's own limits and traps, with real nodes.</summary>
[Collection("dqlite")] // with those that depose leaders: nodes that write half a gigabyte keep others from their elections
public sealed class DqliteStoreTests
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holds_256_MiB_in_a_window_of_512_and_refuses_a_third_before_its_first_fragment()
    {
        // One node: that three get what is large, the conformance suite shows, with less of it.
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster);
        Assert.Equal(256L << 20, store.Capabilities.LargestEvent);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        byte[] large = SeededPayload.Of(1, 256 << 20);
        Position first = await AppendAsync(Position.Origin, large);
        Position second = await AppendAsync(first, large.AsMemory(0, large.Length - 100));
        Assert.Equal(100, await store.ReadRoomAsync(Cancel));

        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(
            async () => await log.AppendAsync(term, second, [large.AsMemory(0, 5_000_000)], Cancel));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.Contains($"{512 << 20:N0}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0L, await AskAsync(cluster, "SELECT count(*) FROM fragment WHERE event > (SELECT max(key) FROM event)"));
        LogState state = await log.ReadStateAsync(Cancel);
        Assert.Equal(second, state.Head.Position);
        await AppendAsync(second, large.AsMemory(0, 100));

        long bytes = 0;
        await foreach (EventFragment piece in log.StreamAsync(state, new EventNumber(1), new EventNumber(2), Cancel))
        {
            Assert.True(piece.Bytes.Span.SequenceEqual(large.AsSpan((int)piece.Offset, piece.Bytes.Length)));
            bytes += piece.Bytes.Length;
        }
        Assert.Equal((512L << 20) - 100, bytes);
        Assert.Equal(WriteOutcome.Committed.Instance, await log.Stored.TrimAsync(term, new EventNumber(3), Cancel));
        Assert.Equal((512L << 20) - 100, await store.ReadRoomAsync(Cancel));
        Assert.Equal(0L, await AskAsync(cluster, "SELECT count(*) FROM fragment"));

        // Where the disk takes longer than a store may stay silent, a caller repeats what it asked for.
        async Task<Position> AppendAsync(Position after, ReadOnlyMemory<byte> payload)
        {
            AppendResult result = await log.AppendAsync(term, after, [payload], Cancel);
            for (int i = 1; i < 10 && result.Outcome is WriteOutcome.Unknown; i++)
                result = await log.AppendAsync(term, after, [payload], Cancel);
            Assert.Equal(WriteOutcome.Committed.Instance, result.Outcome);
            return result.Reached;
        }
    }

    [Fact]
    public async Task The_window_counts_all_ships_and_what_is_staged_and_keeps_its_first_size()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster, window: 4 << 20);
        await using EventLog zod = await CreateAsync(store, Zod);
        await using EventLog nec = await CreateAsync(store, Ship.Parse("~nec"));
        (Term zodTerm, Term necTerm) = (await CampaignAsync(zod), await CampaignAsync(nec));
        Assert.True((await zod.AppendAsync(zodTerm, Position.Origin, [new byte[2 << 20]], Cancel)).IsCommitted);
        Stage staged = new(necTerm, new EventNumber(1), 1, [new byte[400_000]]);
        Assert.IsType<WriteOutcome.Committed>(await nec.Stored.StageAsync(staged, Cancel));
        Assert.Equal((2 << 20) - 400_000, await store.ReadRoomAsync(Cancel));
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(
            async () => await nec.Stored.StageAsync(new Stage(necTerm, new EventNumber(1), 2, [new byte[1000]]) { Size = (2 << 20) + 1 }, Cancel));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.True((await nec.AppendAsync(necTerm, Position.Origin, [new byte[300_000]], Cancel)).IsCommitted);

        await using DqliteStore other = await OpenAsync(cluster, window: 8 << 20);
        Assert.Equal(4 << 20, other.Capabilities.Window);
        Assert.Contains(other.Capabilities.Warnings, static warning => warning.Contains("4,194,304", StringComparison.Ordinal));
        Assert.Equal(1, other.Capabilities.DurableCopies);
        Assert.Contains(other.Capabilities.Warnings, static warning => warning.Contains("1 voting node", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_window_also_bounds_events_without_bytes()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster, window: 1 << 20);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        ReadOnlyMemory<byte>[] many = new ReadOnlyMemory<byte>[16_384];
        AppendResult filled = await log.AppendAsync(term, Position.Origin, many, Cancel);
        Assert.True(filled.IsCommitted);
        Assert.Equal(0, await store.ReadRoomAsync(Cancel));
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(async () => await log.AppendAsync(term, filled.Reached, [default], Cancel));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
    }

    [Fact]
    public async Task An_append_demands_that_all_its_fragments_are_there_and_its_own()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        byte[] payload = SeededPayload.Of(3, 300);
        using ChainHasher hasher = new();
        EventNumber one = new(1);
        Append append = new(term, Position.Origin, [new NewEvent(one, 300, hasher.Next(Chain.Zero, one, payload), payload.AsMemory(0, 100))]);
        Stage whole = new(term, one, 1, [payload.AsMemory(100, 100), payload.AsMemory(200, 100)]);
        await StageAsync(new Stage(term, one, 1, [payload.AsMemory(100, 100)]));
        await RefuseAsync();
        await StageAsync(whole);
        // A request of an attempt given up long ago arrives after all: the right size, other bytes.
        await AskAsync(cluster, "UPDATE fragment SET stamp = 5, bytes = zeroblob(100) WHERE idx = 2");
        await RefuseAsync();
        Assert.True((await log.ReadStateAsync(Cancel)).IsEmpty);
        await StageAsync(whole);
        Assert.IsType<WriteOutcome.Committed>(await log.Stored.AppendAsync(append, Cancel));

        async Task StageAsync(Stage stage) => Assert.IsType<WriteOutcome.Committed>(await log.Stored.StageAsync(stage, Cancel));

        async Task RefuseAsync() =>
            Assert.Equal(ErrorCode.Conflict, (await Assert.ThrowsAsync<SeguroException>(async () => await log.Stored.AppendAsync(append, Cancel))).Code);
    }

    [Fact]
    public async Task A_write_goes_on_when_the_leader_is_killed_or_stopped()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, cancel: Cancel);
        // The store learns the other nodes from the one that it is told of.
        DqliteClusterNode first = await cluster.LeaderAsync(Cancel);
        await using DqliteStore store = await DqliteStore.OpenAsync(StoreUrl.Parse($"dqlite://{first.Address}"), cluster.StoreOptions, Cancel);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        Position head = await AppendAsync(Position.Origin);

        await first.KillAsync();
        head = await AppendAsync(head);
        await first.StartAsync(Cancel);

        DqliteClusterNode second = await cluster.LeaderAsync(Cancel);
        second.Pause();
        head = await AppendAsync(head);
        second.Resume();
        head = await AppendAsync(head);
        Assert.Equal(head, (await log.ReadStateAsync(Cancel)).Head.Position);

        async Task<Position> AppendAsync(Position previous)
        {
            AppendResult result = await log.AppendAsync(term, previous, [SeededPayload.Of(previous.Number.Value, 1000), new byte[] { 1 }], Cancel);
            Assert.True(result.IsCommitted, result.Outcome.ToString());
            return result.Reached;
        }
    }

    [Fact]
    public async Task A_deposed_leader_that_answers_with_old_data_decides_nothing()
    {
        await using DqliteHarness harness = new();
        await harness.InitializeAsync();
        DqliteCluster cluster = harness.Cluster;
        await using DqliteStore store = await OpenAsync(cluster, DqliteHarness.Window);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        Position head = Position.Origin;
        int stale = 0;
        for (int round = 0; round < 10 && (round < 3 || stale == 0); round++)
        {
            DqliteClusterNode old = await cluster.LeaderAsync(Cancel);
            await using DqliteStore late = await OpenAsync(cluster, DqliteHarness.Window);
            await using IStoredLog lateLog = (await late.OpenLogAsync(Zod, Cancel))!;
            await using DqliteStore later = await OpenAsync(cluster, DqliteHarness.Window);
            await using IStoredLog laterLog = (await later.OpenLogAsync(Zod, Cancel))!;
            await using DqliteConnection plain = await cluster.ConnectAsync(old, Cancel);
            await plain.OpenDatabaseAsync(DqliteDatabase, Cancel);
            Lease lease = (await log.ReadStateAsync(Cancel)).Lease;
            Append lateAppend = Build(term, head, [9]);

            Action heal = await harness.CutOffAsync(old, Cancel);
            Lease now = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(lease, $"round {round}", Lease, Cancel)).Lease;
            Append first = Build(now.Term, head, [1]);
            Assert.Equal(WriteOutcome.Committed.Instance, await log.Stored.AppendAsync(first, Cancel));
            Append next = Build(now.Term, first.Last, [2]);

            // To the deposed leader, the first of these is right and the second is fenced; the truth is the other way round.
            Task<WriteOutcome> fenced = lateLog.AppendAsync(lateAppend, Cancel).AsTask();
            Task<WriteOutcome> right = laterLog.AppendAsync(next, Cancel).AsTask();
            Task<long> plainRead = TermAsync(plain);
            old.Resume();
            stale += await plainRead is var read && read >= 0 && read < (long)now.Term.Value ? 1 : 0;
            WriteOutcome outcome = await fenced;
            Assert.True(outcome is WriteOutcome.Unknown || outcome == new WriteOutcome.Fenced(now), $"the old term's append: {outcome}");
            outcome = await right;
            Assert.True(outcome is WriteOutcome.Unknown or WriteOutcome.Committed, $"the new term's append: {outcome}");
            heal();
            Assert.Equal(WriteOutcome.Committed.Instance, await log.Stored.AppendAsync(next, Cancel));
            Assert.Equal(next.Last, (await lateLog.ReadStateAsync(Cancel)).Head.Position);
            (term, head) = (now.Term, next.Last);
        }
        Assert.True(stale > 0, "the deposed leader never answered a plain read with old data: the test shows nothing");
    }

    [Fact]
    public async Task A_lock_that_nobody_gives_back_costs_a_change_of_leader()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster);
        await using EventLog log = await CreateAsync(store, Zod);
        Term term = await CampaignAsync(log);
        DqliteClusterNode leader = await cluster.LeaderAsync(Cancel);
        await using DqliteConnection rude = await cluster.ConnectAsync(leader, Cancel);
        await rude.OpenDatabaseAsync(DqliteDatabase, Cancel);
        await rude.ExecAsync("BEGIN IMMEDIATE", [], Cancel);
        Assert.True((await log.AppendAsync(term, Position.Origin, [new byte[] { 1 }], Cancel)).IsCommitted);
        Assert.NotEqual(leader, await cluster.LeaderAsync(Cancel));
    }

    [Fact]
    public async Task Refuses_other_programs_databases_and_newer_schemas_and_makes_nothing_unasked()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        StoreOptions readOnly = cluster.StoreOptions with { Create = false };
        Assert.Equal(ErrorCode.NotFound, await CodeAsync(readOnly));
        Assert.Equal(0L, await AskAsync(cluster, "SELECT count(*) FROM sqlite_master"));
        await AskAsync(cluster, "CREATE TABLE blogs (post)");
        Assert.Equal(ErrorCode.ForeignDatabase, await CodeAsync(cluster.StoreOptions));
        await AskAsync(cluster, "CREATE TABLE seguro (post)");
        Assert.Equal(ErrorCode.ForeignDatabase, await CodeAsync(cluster.StoreOptions));
        await AskAsync(cluster, "DROP TABLE blogs");
        await AskAsync(cluster, "DROP TABLE seguro");
        await (await OpenAsync(cluster)).DisposeAsync();
        await AskAsync(cluster, "UPDATE seguro SET schema = 2");
        Assert.Equal(ErrorCode.NewerSchema, await CodeAsync(cluster.StoreOptions));

        async Task<ErrorCode> CodeAsync(StoreOptions options) =>
            (await Assert.ThrowsAnyAsync<SeguroException>(async () => await DqliteStore.OpenAsync(StoreUrl.Parse(cluster.Url), options, Cancel))).Code;
    }

    [Fact]
    public async Task A_member_of_another_cluster_is_refused()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, cancel: Cancel);
        using TemporaryFolder folder = new("foreign");
        using (CertificateAuthority authority = CertificateAuthority.Create(folder["ca"], "foreign"))
            authority.Issue(folder["tls"], new ClusterIdentity("test", "member"), ["127.0.0.1"]);
        SeguroException error = await Assert.ThrowsAnyAsync<SeguroException>(async () => await DqliteStore.OpenAsync(
            StoreUrl.Parse(cluster.Url), new StoreOptions { Certificates = folder["tls"], Patience = TimeSpan.FromSeconds(2) }, Cancel));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
    }

    [Fact]
    public async Task A_window_that_is_full_is_enlarged_while_the_store_runs_and_never_below_what_it_holds()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        await using DqliteStore store = await OpenAsync(cluster, window: 1 << 20);
        await using EventLog log = await CreateAsync(store, Ship.Parse("~zod"));
        Term term = await CampaignAsync(log);
        Position head = Position.Origin;
        AppendResult result;
        byte[] payload = new byte[200_000];
        int held = 0;
        while ((result = await TryAppendAsync()).IsCommitted)
            (head, held) = (result.Reached, held + 1);
        Assert.InRange(held, 2, 5);
        await store.SetWindowAsync(4 << 20, Cancel);
        Assert.True((await TryAppendAsync()).IsCommitted); // in the same process, at once
        await using (DqliteStore later = await OpenAsync(cluster, window: 1 << 20))
            Assert.Equal(4 << 20, later.Capabilities.Window);
        while ((await TryAppendAsync()) is { IsCommitted: true } more && more.Reached.Number.Value < 10)
            head = more.Reached;
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(async () => await store.SetWindowAsync(1 << 20, Cancel));
        Assert.Equal(ErrorCode.BadValue, refused.Code);
        await Assert.ThrowsAsync<SeguroException>(async () => await store.SetWindowAsync(DqliteStore.LargestWindow + 1, Cancel));

        async Task<AppendResult> TryAppendAsync()
        {
            head = (await log.ReadStateAsync(Cancel)).Head.Position;
            try
            {
                return await log.AppendAsync(term, head, [payload], Cancel);
            }
            catch (SeguroException error) when (error.Code is ErrorCode.TooLarge)
            {
                return new AppendResult(new WriteOutcome.Unknown(error.Message), head);
            }
        }
    }

    private const string DqliteDatabase = "seguro";

    private static async Task<DqliteStore> OpenAsync(DqliteCluster cluster, long window = 512L << 20) =>
        await DqliteStore.OpenAsync(StoreUrl.Parse(cluster.Url), cluster.StoreOptions with { Window = window }, Cancel);

    private static async Task<EventLog> CreateAsync(DqliteStore store, Ship ship) =>
        new(await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);

    private static async Task<Term> CampaignAsync(EventLog log)
    {
        Lease lease = (await log.ReadStateAsync(Cancel)).Lease;
        return Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(lease, "member 1", Lease, Cancel)).Lease.Term;
    }

    private static Append Build(Term term, Position previous, byte[] payload)
    {
        using ChainHasher hasher = new();
        EventNumber number = previous.Number.Next;
        return new Append(term, previous, [new NewEvent(number, payload.Length, hasher.Next(previous.Chain, number, payload), payload)]);
    }

    private static async Task<long> TermAsync(DqliteConnection connection)
    {
        try
        {
            using DqliteRows rows = await connection.QueryAsync("SELECT term FROM log", [], Cancel);
            return rows.Read() ? rows.Integer(0) : -1;
        }
        catch (DqliteException)
        {
            return -1;
        }
    }

    /// <summary>Runs SQL behind the store's back; the number that a query answers.</summary>
    private static async Task<long> AskAsync(DqliteCluster cluster, string sql)
    {
        await using DqliteConnection connection = await cluster.ConnectAsync(await cluster.LeaderAsync(Cancel), Cancel);
        await connection.OpenDatabaseAsync(DqliteDatabase, Cancel);
        if (!sql.StartsWith("SELECT", StringComparison.Ordinal))
            return (await connection.ExecAsync(sql, [], Cancel)).Rows;
        using DqliteRows rows = await connection.QueryAsync(sql, [], Cancel);
        return rows.Read() ? rows.Integer(0) : -1;
    }
}

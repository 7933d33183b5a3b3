using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresFaultTests(PostgresHarness harness)
{
    private const string WaitsForStandby = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'seguro' AND wait_event = 'SyncRep')";

    private int _written;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresCluster Cluster => harness.Cluster;

    [Theory]
    [InlineData("pg_terminate_backend")]
    [InlineData("pg_cancel_backend")]
    public async Task A_commit_whose_wait_was_cut_short_is_called_committed_only_when_a_standby_has_it(string how)
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        await session.AppendAsync(1, Cancel);
        byte[][] payloads = [[1, 2, 3], [4]];
        Append append = LogSession.Build(session.Term, session.Head, payloads);
        await FreezeAsync();
        Task<WriteOutcome> repeat;
        try
        {
            Task<WriteOutcome> first = session.Stored.AppendAsync(append, Cancel).AsTask();
            await Cluster.Primary.UntilAsync(WaitsForStandby, Cancel);
            await Cluster.Primary.AskAsync($"SELECT count({how}(pid)) FROM pg_stat_activity WHERE usename = 'seguro' AND wait_event = 'SyncRep'", Cancel);
            Assert.IsType<WriteOutcome.Unknown>(await first);
            // The trap: it is visible, but no standby has it.
            await Cluster.Primary.UntilAsync($"SELECT head_number = 3 FROM seguro.log WHERE ship = '{session.Ship}'", Cancel);
            repeat = session.Stored.AppendAsync(append, Cancel).AsTask();
            await Cluster.Primary.UntilAsync(WaitsForStandby, Cancel);
            Assert.False(repeat.IsCompleted, $"the repeat answered {(repeat.IsCompleted ? await repeat : null)} while no standby had the commit");
        }
        finally
        {
            await ThawAsync();
        }
        Assert.IsType<WriteOutcome.Committed>(await repeat);
        session.Head = append.Last;
        session.Payloads.AddRange(payloads);
        await session.CheckAsync(Cancel);
    }

    [Fact]
    public async Task A_state_is_told_only_when_a_standby_has_it()
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        await FreezeAsync();
        Task<LogState> read;
        try
        {
            read = session.Stored.ReadStateAsync(Cancel).AsTask();
            await Cluster.Primary.UntilAsync(WaitsForStandby, Cancel);
            Assert.False(read.IsCompleted);
        }
        finally
        {
            await ThawAsync();
        }
        Assert.Equal(session.Lease, (await read).Lease);
    }

    [Fact]
    public async Task A_commit_that_no_standby_confirms_in_time_is_unknown_and_a_state_unavailable()
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        await using PostgresStore store = await PostgresStore.OpenAsync(
            StoreUrl.Parse(harness.Url), new StoreOptions { Patience = TimeSpan.FromSeconds(1) }, Cancel);
        await using IStoredLog? log = await store.OpenLogAsync(session.Ship, Cancel);
        Assert.NotNull(log);
        Append append = LogSession.Build(session.Term, session.Head, [[9]]);
        await FreezeAsync();
        try
        {
            Assert.IsType<WriteOutcome.Unknown>(await log.AppendAsync(append, Cancel));
            SeguroException silence = await Assert.ThrowsAsync<SeguroException>(async () => await log.ReadStateAsync(Cancel));
            Assert.Equal(ErrorCode.StoreUnavailable, silence.Code);
        }
        finally
        {
            await ThawAsync();
        }
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.Add([9]);
        await session.CheckAsync(Cancel);
    }

    [Fact]
    public async Task An_old_primary_that_runs_on_and_takes_writes_is_left_for_the_new_one()
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        PostgresServer old = Cluster.Primary;
        await using PostgresStore store = await PostgresStore.OpenAsync(StoreUrl.Parse(harness.Url), new StoreOptions { Patience = TimeSpan.FromSeconds(2) }, Cancel);
        await using IStoredLog? log = await store.OpenLogAsync(session.Ship, Cancel);
        Assert.NotNull(log);
        Append first = LogSession.Build(session.Term, session.Head, [[1]]);
        Append second = LogSession.Build(session.Term, first.Last, [[2]]);
        Assert.IsType<WriteOutcome.Committed>(await log.AppendAsync(first, Cancel));
        await Cluster.PromoteAsync(Cancel);
        try
        {
            // On the old one it waits for standbys that follow another, and time ends it: it is visible there now.
            Assert.IsType<WriteOutcome.Unknown>(await log.AppendAsync(second, Cancel));
            WriteOutcome outcome = new WriteOutcome.Unknown("");
            for (int i = 1; i < EventLog.Attempts && outcome is WriteOutcome.Unknown; i++)
                outcome = await log.AppendAsync(second, Cancel);
            Assert.IsType<WriteOutcome.Committed>(outcome);
            await Cluster.Primary.UntilAsync($"SELECT head_number = 2 FROM seguro.log WHERE ship = '{session.Ship}'", Cancel);

            // Who comes now meets both, the old one first.
            await using PostgresStore later = await PostgresStore.OpenAsync(StoreUrl.Parse(harness.Url), new StoreOptions { Patience = TimeSpan.FromSeconds(2) }, Cancel);
            await using IStoredLog? same = await later.OpenLogAsync(session.Ship, Cancel);
            Assert.Equal(second.Last, (await same!.ReadStateAsync(Cancel)).Head.Position);
        }
        finally
        {
            await Cluster.RejoinAsync(old, Cancel);
        }
        session.Head = second.Last;
        session.Payloads.AddRange([[1], [2]]);
        await session.CheckAsync(Cancel);
    }

    [Theory]
    [InlineData("crash")]
    [InlineData("fail over")]
    [InlineData("cut")]
    public async Task Nothing_acknowledged_is_lost_and_nothing_is_written_twice(string fault)
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        using CancellationTokenSource enough = new();
        Task<int> writing = WriteUntilAsync(session, enough.Token);
        for (int i = 0; i < (fault == "cut" ? 20 : 2); i++)
        {
            int before = session.Payloads.Count;
            Task hurt = fault switch
            {
                "crash" => Cluster.CrashPrimaryAsync(Cancel),
                "fail over" => Cluster.FailOverAsync(Cancel),
                _ => Cluster.CutAsync(Cancel),
            };
            await hurt;
            while (Volatile.Read(ref _written) <= before && !writing.IsCompleted)
                await Task.Yield();
        }
        await enough.CancelAsync();
        await writing;
        Assert.NotEmpty(session.Payloads);
        await session.CheckAsync(Cancel);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task A_full_disk_is_named_and_nothing_is_half_written(int size)
    {
        Assert.SkipUnless(PostgresCluster.CanFillDisks, "filling a disk needs a file system of its own, and only root may mount one");
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        await session.AppendAsync(3, Cancel);
        LogState before = await session.Stored.ReadStateAsync(Cancel);
        Append append = LogSession.Build(session.Term, session.Head, [SeededPayload.Of(1, size), SeededPayload.Of(2, size)]);
        await using (await Cluster.FillDiskAsync())
        {
            SeguroException full = await Assert.ThrowsAsync<SeguroException>(async () => await session.Stored.AppendAsync(append, Cancel));
            Assert.Equal(ErrorCode.DiskFull, full.Code);
            Assert.Contains("Nothing was written", full.NextStep, StringComparison.Ordinal);
        }
        Assert.Equal(before, await session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(3L, await Cluster.Primary.AskAsync($"SELECT count(*) FROM seguro.event e JOIN seguro.log l ON l.id = e.log WHERE l.ship = '{session.Ship}'", Cancel));
        await session.AppendAsync([SeededPayload.Of(1, size)], Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact]
    public async Task A_frozen_client_in_a_bulk_append_does_not_keep_a_new_master_from_writing()
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        int id = (int)(await Cluster.Primary.AskAsync($"SELECT id FROM seguro.log WHERE ship = '{session.Ship}'", Cancel))!;
        await using PostgresSource source = await PostgresSource.FindAsync(PostgresUrl.Parse(StoreUrl.Parse(harness.Url)), new StoreOptions(), Cancel);
        await using NpgsqlConnection frozen = await source.OpenAsync(first: true, Cancel);
        await using (NpgsqlCommand begin = new($"BEGIN; {Statements.MarkBulk.Replace("$1", id.ToString(), StringComparison.Ordinal)}", frozen))
            await begin.ExecuteNonQueryAsync(Cancel);
        await using (NpgsqlCommand row = new("INSERT INTO seguro.event (log, n, term, size, chain, payload) VALUES ($1, 1, 1, 0, '', '')", frozen))
        {
            row.Add(id);
            await row.ExecuteNonQueryAsync(Cancel);
        }
        session.Follow(await session.DeposeAsync(Cancel));
        await session.AppendAsync(2, Cancel);
        await session.CheckAsync(Cancel);
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () =>
        {
            await using NpgsqlCommand commit = new("COMMIT", frozen);
            await commit.ExecuteNonQueryAsync(Cancel);
        });
    }

    [Fact]
    public async Task A_bulk_append_is_fenced_and_checked_like_a_small_one()
    {
        await using LogSession session = await LogSession.BeginAsync(harness, Cancel);
        byte[][] payloads = [SeededPayload.Of(1, 2_500_000), [], SeededPayload.Of(2, 2_500_000)];
        Assert.True(payloads.Sum(static payload => payload.Length) > AppendWriter.BulkFrom);
        Append append = LogSession.Build(session.Term, session.Head, payloads);
        Append elsewhere = LogSession.Build(session.Term, new Position(new EventNumber(7), Chain.Zero), payloads);
        Assert.IsType<WriteOutcome.Conflict>(await session.Stored.AppendAsync(elsewhere, Cancel));
        for (int i = 0; i < 2; i++)
            Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.AddRange(payloads);
        Term old = session.Term;
        session.Follow(await session.DeposeAsync(Cancel));
        Assert.IsType<WriteOutcome.Fenced>(await session.Stored.AppendAsync(LogSession.Build(old, session.Head, payloads), Cancel));
        await session.AppendAsync(1, Cancel);
        await session.CheckAsync(Cancel);
    }

    /// <summary>Appends one event after the other, each repeated until its outcome is known.</summary>
    private async Task<int> WriteUntilAsync(LogSession session, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            byte[] payload = SeededPayload.Of(session.Head.Number.Value, 300);
            Append append = LogSession.Build(session.Term, session.Head, [payload]);
            WriteOutcome? outcome = null;
            while (outcome is not WriteOutcome.Committed)
            {
                try
                {
                    outcome = await session.Stored.AppendAsync(append, Cancel);
                    Assert.True(outcome is WriteOutcome.Committed or WriteOutcome.Unknown, $"{outcome}");
                }
                catch (SeguroException unavailable) when (unavailable.Code == ErrorCode.StoreUnavailable)
                {
                    // It is being restarted.
                }
            }
            session.Head = append.Last;
            session.Payloads.Add(payload);
            Volatile.Write(ref _written, session.Payloads.Count);
        }
        return session.Payloads.Count;
    }

    private Task FreezeAsync() => Task.WhenAll(Cluster.Standbys.Select(static standby => standby.FreezeAsync()));

    private Task ThawAsync() => Task.WhenAll(Cluster.Standbys.Select(static standby => standby.ThawAsync()));
}

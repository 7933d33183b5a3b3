using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>Settings that are changed while the server runs: what a commit was said to be worth is looked at again with each renewal.</summary>
public sealed class PostgresShortfallTests : IAsyncLifetime
{
    private const int Tries = 2000;

    private PostgresCluster _cluster = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await PostgresCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_renewal_says_that_commits_are_worth_less_and_when_they_are_worth_as_much_again()
    {
        await using PostgresStore store = await PostgresStore.OpenAsync(StoreUrl.Parse(_cluster.Url), new StoreOptions { Create = true }, Cancel);
        Assert.Equal(2, store.Capabilities.DurableCopies);
        await using IStoredLog log = await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        LeaseOutcome.Done won = Assert.IsType<LeaseOutcome.Done>(await log.CampaignAsync(Lease.None, "m1", TimeSpan.FromMinutes(1), Cancel));
        Assert.Null(won.Shortfall);
        Assert.Null(Assert.IsType<LeaseOutcome.Done>(await log.RenewAsync(won.Lease, Cancel)).Shortfall);
        string names = (string)(await _cluster.Primary.AskAsync("SHOW synchronous_standby_names", Cancel))!;

        await SetAsync("synchronous_standby_names", "");
        CommitShortfall less = (await RenewUntilAsync(log, won.Lease, static shortfall => shortfall is not null))!;
        Assert.Equal(1, less.DurableCopies);
        Assert.Contains("synchronous_standby_names = ''", less.What, StringComparison.Ordinal);
        Assert.EndsWith(".", less.What, StringComparison.Ordinal);
        // Whoever becomes master now hears it with the lease.
        Lease free = Assert.IsType<LeaseOutcome.Done>(await log.ResignAsync(won.Lease, Cancel)).Lease;
        LeaseOutcome.Done other = Assert.IsType<LeaseOutcome.Done>(await log.CampaignAsync(free, "m2", TimeSpan.FromMinutes(1), Cancel));
        Assert.Equal(less, other.Shortfall);

        await SetAsync("fsync", "off");
        Assert.Equal(0, (await RenewUntilAsync(log, other.Lease, static shortfall => shortfall is { DurableCopies: 0 }))!.DurableCopies);
        await SetAsync("fsync", "on");
        await SetAsync("synchronous_standby_names", names);
        await RenewUntilAsync(log, other.Lease, static shortfall => shortfall is null);

        // More than was promised is no shortfall.
        await SetAsync("synchronous_standby_names", names.Replace("ANY 1", "ANY 2", StringComparison.Ordinal));
        await _cluster.Primary.UntilAsync("SELECT current_setting('synchronous_standby_names') LIKE 'ANY 2%'", Cancel);
        Assert.Null(Assert.IsType<LeaseOutcome.Done>(await log.RenewAsync(other.Lease, Cancel)).Shortfall);
    }

    [Fact]
    public async Task A_new_primary_without_synchronous_standbys_is_found_out_by_the_first_renewal()
    {
        await using PostgresStore store = await PostgresStore.OpenAsync(StoreUrl.Parse(_cluster.Url), new StoreOptions { Create = true }, Cancel);
        await using IStoredLog log = await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        LeaseOutcome.Done won = Assert.IsType<LeaseOutcome.Done>(await log.CampaignAsync(Lease.None, "m1", TimeSpan.FromMinutes(1), Cancel));
        foreach (PostgresServer standby in _cluster.Standbys)
            await standby.AskAsync("ALTER SYSTEM SET synchronous_standby_names = ''", Cancel);
        await _cluster.Primary.KillAsync();
        await _cluster.PromoteAsync(Cancel);
        await _cluster.Primary.AskAsync("SELECT pg_reload_conf()", Cancel);
        await _cluster.Primary.UntilAsync("SELECT current_setting('synchronous_standby_names') = ''", Cancel);
        CommitShortfall? found = null;
        for (int i = 0; found is null && i < Tries; i++)
        {
            if (await log.RenewAsync(won.Lease, Cancel) is LeaseOutcome.Done done)
                found = done.Shortfall ?? throw new InvalidOperationException("A renewal on the new primary says nothing.");
        }
        Assert.Equal(1, found?.DurableCopies);
    }

    private async Task SetAsync(string setting, string value)
    {
        await _cluster.Primary.AskAsync($"ALTER SYSTEM SET {setting} = '{value.Replace("'", "''", StringComparison.Ordinal)}'", Cancel);
        await _cluster.Primary.AskAsync("SELECT pg_reload_conf()", Cancel);
    }

    /// <summary>The server tells its processes of new settings one after the other.</summary>
    private static async Task<CommitShortfall?> RenewUntilAsync(IStoredLog log, Lease held, Func<CommitShortfall?, bool> isIt)
    {
        for (int i = 0; i < Tries; i++)
        {
            CommitShortfall? now = Assert.IsType<LeaseOutcome.Done>(await log.RenewAsync(held, Cancel)).Shortfall;
            if (isIt(now))
                return now;
        }
        throw new TimeoutException("No renewal says it.");
    }
}

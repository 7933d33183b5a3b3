using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresSettingsTests(PostgresHarness harness)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Says_what_a_commit_is_worth()
    {
        await using PostgresStore store = await OpenAsync(harness.Url);
        Assert.Equal("durable on the primary and any 1 of 2 synchronous standbys", store.Capabilities.CommitMeans);
        Assert.Equal(2, store.Capabilities.DurableCopies);
        Assert.Empty(store.Capabilities.Warnings);
    }

    [Fact]
    public async Task A_weaker_synchronous_commit_of_the_role_is_raised_and_reported()
    {
        await harness.Cluster.Primary.AskAsync("ALTER ROLE seguro SET synchronous_commit = off", Cancel);
        try
        {
            await using PostgresStore store = await OpenAsync(harness.Url);
            Assert.Contains(store.Capabilities.Warnings, static warning => warning.Contains("'off'", StringComparison.Ordinal));
            await using PostgresSource source = await PostgresSource.FindAsync(PostgresUrl.Parse(StoreUrl.Parse(harness.Url)), new StoreOptions(), Cancel);
            Assert.Equal("on", await ShowAsync(source, "synchronous_commit"));
        }
        finally
        {
            await harness.Cluster.Primary.AskAsync("ALTER ROLE seguro RESET synchronous_commit", Cancel);
        }
    }

    [Fact]
    public async Task A_stronger_synchronous_commit_is_kept()
    {
        await harness.Cluster.Primary.AskAsync("ALTER ROLE seguro SET synchronous_commit = remote_apply", Cancel);
        try
        {
            await using PostgresStore store = await OpenAsync(harness.Url);
            Assert.Contains("applied", store.Capabilities.CommitMeans, StringComparison.Ordinal);
        }
        finally
        {
            await harness.Cluster.Primary.AskAsync("ALTER ROLE seguro RESET synchronous_commit", Cancel);
        }
    }

    [Fact]
    public async Task Defaults_of_the_role_that_would_change_the_meaning_of_statements_do_not_reach_our_sessions()
    {
        const string Odd = "ALTER ROLE seguro SET default_transaction_isolation = serializable; ALTER ROLE seguro SET statement_timeout = 5000; "
            + "ALTER ROLE seguro SET client_min_messages = error; ALTER ROLE seguro SET search_path = public";
        await harness.Cluster.Primary.AskAsync(Odd, Cancel);
        try
        {
            await using PostgresSource source = await PostgresSource.FindAsync(PostgresUrl.Parse(StoreUrl.Parse(harness.Url)), new StoreOptions(), Cancel);
            Assert.Equal("read committed", await ShowAsync(source, "transaction_isolation"));
            Assert.Equal("0", await ShowAsync(source, "statement_timeout"));
            Assert.Equal("warning", await ShowAsync(source, "client_min_messages"));
            Assert.Equal("pg_catalog", await ShowAsync(source, "search_path"));
        }
        finally
        {
            await harness.Cluster.Primary.AskAsync("ALTER ROLE seguro RESET ALL", Cancel);
        }
    }

    [Fact]
    public async Task A_server_alone_is_taken_with_a_warning()
    {
        await using PostgresCluster alone = await PostgresCluster.StartAsync(standbys: 0);
        await using PostgresStore store = await OpenAsync(alone.Url);
        Assert.Equal(1, store.Capabilities.DurableCopies);
        Assert.Equal("durable on the primary only", store.Capabilities.CommitMeans);
        Assert.Contains(store.Capabilities.Warnings, static warning => warning.Contains("no synchronous standby", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("fsync")]
    [InlineData("full_page_writes")]
    public async Task Unsafe_settings_are_refused_unless_allowed_by_name(string setting)
    {
        await using PostgresCluster alone = await PostgresCluster.StartAsync(standbys: 0, setting: setting + "=off");
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(alone.Url));
        Assert.Equal(ErrorCode.UnsafeSettings, refusal.Code);
        Assert.Contains(setting + " = off", refusal.Message, StringComparison.Ordinal);
        await using PostgresStore store = await OpenAsync(alone.Url, new StoreOptions { AllowUnsafeSettings = true });
        Assert.Contains(store.Capabilities.Warnings, warning => warning.Contains(setting, StringComparison.Ordinal));
        Assert.Equal(0, store.Capabilities.DurableCopies);
    }

    private static async Task<PostgresStore> OpenAsync(string url, StoreOptions? options = null) =>
        await PostgresStore.OpenAsync(StoreUrl.Parse(url), options ?? new StoreOptions(), Cancel);

    private static async Task<string?> ShowAsync(PostgresSource source, string setting) => await source.ReadAsync(
        async (connection, token) =>
        {
            await using Npgsql.NpgsqlCommand command = new("SHOW " + setting, connection);
            return await command.ExecuteScalarAsync(token) as string;
        },
        Cancel);
}

using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>
/// PostgreSQL behind PgBouncer, with a role and with neighbours whose settings would lose commits: nothing that Seguro promises is the state of a session.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class PoolerTests(PostgresHarness harness)
{
    private const int Sessions = 3;
    private const int Neighbours = 5;
    private const string User = "pooled";
    private const string Password = "pooled-password";

    /// <summary>Notes, at the very end of each transaction, with which settings it commits.</summary>
    private const string Audit = """
        CREATE TABLE public.audit (what text, durability text, messages text);
        CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            INSERT INTO public.audit VALUES (TG_TABLE_NAME || ' ' || TG_OP, current_setting('synchronous_commit'), current_setting('client_min_messages'));
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON seguro.log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note();
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON seguro.event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note();
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON seguro.fragment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note();
        CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON seguro.metadata DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note();
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresServer Primary => harness.Cluster.Primary;

    [Theory]
    [InlineData("transaction")]
    [InlineData("session")]
    public async Task Every_commit_asks_for_its_durability_itself(string mode)
    {
        string database = await MakeDatabaseAsync();
        await using PgBouncer bouncer = await StartAsync(mode, mode == "session" ? 20 : Sessions);
        string url = bouncer.UrlOf(User, Password, database);
        await using PostgresStore store = await OpenAsync(url);
        Assert.Contains(store.Capabilities.Warnings, static warning => warning.Contains("pooler", StringComparison.Ordinal));
        await Primary.AskAsync(Audit, Cancel, database);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task[] neighbours = [.. Enumerable.Range(0, Neighbours).Select(_ => Task.Run(() => BeBusyAsync(url, stop.Token), Cancel))];
        try
        {
            await DoEverythingAsync(store);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(neighbours);
        }
        string kinds = (string)(await Primary.AskAsync("SELECT string_agg(DISTINCT what, ', ' ORDER BY what) FROM public.audit", Cancel, database))!;
        Assert.Equal(
            "event DELETE, event INSERT, fragment DELETE, fragment INSERT, fragment UPDATE, log INSERT, log UPDATE, metadata INSERT, metadata UPDATE", kinds);
        Assert.Equal(0L, await Primary.AskAsync("SELECT count(*) FROM public.audit WHERE durability <> 'on' OR messages <> 'warning'", Cancel, database));
        // The same trigger sees the neighbours' way: so it would have seen ours.
        Assert.Equal("off", await Primary.AskAsync("SELECT max(durability) FROM public.neighbour", Cancel, database));
    }

    [Fact]
    public async Task On_a_quiet_pool_two_clients_do_not_find_each_others_statements()
    {
        string database = await MakeDatabaseAsync();
        await using PgBouncer bouncer = await StartAsync("transaction", 1);
        string url = bouncer.UrlOf(User, Password, database);
        await using PostgresStore one = await OpenAsync(url);
        await using PostgresStore other = await OpenAsync(url);
        foreach (PostgresStore store in (PostgresStore[])[one, other, one, other])
        {
            await using EventLog log = await MakeAsync(store);
            Term term = await CampaignAsync(log);
            Position head = Position.Origin;
            for (int i = 0; i < 10; i++)
                head = await AppendAsync(log, term, head, [new byte[100]]);
            Assert.Equal(10UL, (await log.ReadStateAsync(Cancel)).Count);
        }
    }

    [Fact]
    public async Task The_poolers_sessions_stay_as_they_are_for_its_other_clients()
    {
        string database = await MakeDatabaseAsync();
        await using PgBouncer bouncer = await StartAsync("transaction", 1);
        string url = bouncer.UrlOf(User, Password, database);
        string[] before = await SettingsAsync(url);
        await using (PostgresStore store = await OpenAsync(url))
        {
            await using EventLog log = await MakeAsync(store);
            await AppendAsync(log, await CampaignAsync(log), Position.Origin, [new byte[100]]);
            Assert.Equal(before, await SettingsAsync(url));
        }
        Assert.Equal(before, await SettingsAsync(url));
    }

    [Fact]
    public async Task Without_a_pooler_too_a_session_that_was_changed_behind_Seguros_back_commits_as_promised()
    {
        string url = await harness.Cluster.MakeDatabaseAsync(Cancel);
        string database = url[(url.LastIndexOf('/') + 1)..];
        await using PostgresStore store = await OpenAsync(url);
        Assert.DoesNotContain(store.Capabilities.Warnings, static warning => warning.Contains("pooler", StringComparison.Ordinal));
        await Primary.AskAsync(Audit, Cancel, database);
        // Whatever a session's statement of ours commits with, it is not what the session says.
        await Primary.AskAsync("""
            CREATE FUNCTION public.weaken() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM set_config('synchronous_commit', 'off', false); RETURN NULL; END $$;
            CREATE TRIGGER weaken BEFORE UPDATE ON seguro.log FOR EACH STATEMENT EXECUTE FUNCTION public.weaken()
            """, Cancel, database);
        await using EventLog log = await MakeAsync(store);
        Term term = await CampaignAsync(log);
        Position head = Position.Origin;
        for (int i = 0; i < 3; i++)
            head = await AppendAsync(log, term, head, [new byte[100]]);
        Assert.Equal(0L, await Primary.AskAsync("SELECT count(*) FROM public.audit WHERE durability <> 'on'", Cancel, database));
    }

    private static async Task DoEverythingAsync(PostgresStore store)
    {
        await store.ReadIdentityAsync(Cancel);
        await using EventLog log = await MakeAsync(store);
        Term term = await CampaignAsync(log);
        Position head = Position.Origin;
        for (int i = 0; i < 20; i++)
            head = await AppendAsync(log, term, head, [new byte[100]]);
        head = await AppendAsync(log, term, head, [.. Enumerable.Range(0, 30).Select(static i => new byte[i])]);
        head = await AppendAsync(log, term, head, [new byte[5 << 20]]); // by COPY
        byte[] large = new byte[40 << 20];
        await StageAsync(log, term, head, large); // an attempt that was given up
        head = await AppendAsync(log, term, head, [large]);
        foreach ((byte[]? expected, byte[] value) in new (byte[]?, byte[])[] { (null, [1]), ([1], [2]) })
        {
            ReadOnlyMemory<byte>? old = expected is null ? (ReadOnlyMemory<byte>?)null : expected;
            Assert.IsType<WriteOutcome.Committed>(await log.Stored.SetMetadataAsync(term, "color", old, value, Cancel));
        }
        Lease lease = (await log.ReadStateAsync(Cancel)).Lease;
        lease = Assert.IsType<LeaseOutcome.Done>(await log.Stored.RenewAsync(lease, Cancel)).Lease;
        await StageAsync(log, term, head, large);
        lease = Assert.IsType<LeaseOutcome.Done>(await log.Stored.ResignAsync(lease, Cancel)).Lease;
        lease = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(lease, "another", TimeSpan.FromMinutes(1), Cancel)).Lease;
        Assert.IsType<WriteOutcome.Committed>(await log.Stored.TrimAsync(lease.Term, head.Number.Next, Cancel));
        Assert.Equal(head, (await log.ReadStateAsync(Cancel)).Head.Position);
    }

    private static async Task StageAsync(EventLog log, Term term, Position head, byte[] large) => Assert.IsType<WriteOutcome.Committed>(
        await log.Stored.StageAsync(new Stage(term, head.Number.Next, 1, [large.AsMemory(0, 1000)]) { Size = large.Length }, Cancel));

    private static async Task<EventLog> MakeAsync(PostgresStore store) => new(
        await store.CreateLogAsync(ShipNames.Next(), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>> { ["made"] = "here"u8.ToArray() }, Cancel), store.Capabilities);

    private static async Task<Term> CampaignAsync(EventLog log) => Assert.IsType<LeaseOutcome.Done>(
        await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromMinutes(1), Cancel)).Lease.Term;

    private static async Task<Position> AppendAsync(EventLog log, Term term, Position head, IReadOnlyList<byte[]> payloads)
    {
        AppendResult result = await log.AppendAsync(term, head, [.. payloads.Select(static payload => (ReadOnlyMemory<byte>)payload)], Cancel);
        Assert.True(result.IsCommitted, result.Outcome.ToString());
        return result.Reached;
    }

    private static Task<PostgresStore> OpenAsync(string url) => PostgresStore.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, Cancel).AsTask();

    private static NpgsqlConnection Plain(string url)
    {
        PostgresUrl parsed = PostgresUrl.Parse(StoreUrl.Parse(url));
        return new NpgsqlConnection(new NpgsqlConnectionStringBuilder(parsed.Settings.ConnectionString) { Pooling = false, NoResetOnClose = true }.ConnectionString);
    }

    /// <summary>A neighbour on the same pool, who does not mind losing commits, and says so in sessions that are not its own.</summary>
    private static async Task BeBusyAsync(string url, CancellationToken stop)
    {
        await using NpgsqlConnection connection = Plain(url);
        await connection.OpenAsync(stop);
        while (!stop.IsCancellationRequested)
        {
            await using NpgsqlCommand command = new("SET synchronous_commit = off; SET client_min_messages = error; INSERT INTO public.neighbour VALUES (current_setting('synchronous_commit'))", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private static async Task<string[]> SettingsAsync(string url)
    {
        await using NpgsqlConnection connection = Plain(url);
        await connection.OpenAsync(Cancel);
        await using NpgsqlCommand command = new(
            "SELECT ARRAY[current_setting('search_path'), current_setting('synchronous_commit'), current_setting('lock_timeout'), current_setting('client_min_messages'), current_setting('plan_cache_mode')]",
            connection);
        return (string[])(await command.ExecuteScalarAsync(Cancel))!;
    }

    private Task<PgBouncer> StartAsync(string mode, int sessions) =>
        PgBouncer.StartAsync(Primary, mode, sessions, new Dictionary<string, string> { [User] = Password }, Cancel);

    /// <summary>A database of a role whose commits are not waited for by default.</summary>
    private async Task<string> MakeDatabaseAsync()
    {
        await Primary.AskAsync($"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{User}') THEN
                    CREATE ROLE {User} LOGIN PASSWORD '{Password}';
                    GRANT pg_monitor TO {User};
                    ALTER ROLE {User} SET synchronous_commit = off;
                    ALTER ROLE {User} SET client_min_messages = error;
                END IF;
            END $$
            """, Cancel);
        string url = await harness.Cluster.MakeDatabaseAsync(Cancel);
        string database = url[(url.LastIndexOf('/') + 1)..];
        await Primary.AskAsync($"ALTER DATABASE {database} OWNER TO {User}", Cancel);
        await Primary.AskAsync($"CREATE TABLE public.neighbour (durability text); GRANT ALL ON public.neighbour TO {User}", Cancel, database);
        return database;
    }
}

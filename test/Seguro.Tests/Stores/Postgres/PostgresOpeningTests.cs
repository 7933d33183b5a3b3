using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresOpeningTests(PostgresHarness harness)
{
    private static readonly StoreOptions Making = new() { Create = true };
    private static readonly StoreOptions Brief = new() { Patience = TimeSpan.FromSeconds(1) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresCluster Cluster => harness.Cluster;

    [Fact]
    public async Task Opens_by_its_url_through_the_common_door()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(harness.Url), Making, Cancel);
        Assert.Equal("postgres", store.Capabilities.Engine);
    }

    [Fact]
    public async Task Opens_by_a_unix_socket()
    {
        await using PostgresStore store = await OpenAsync(PostgresCluster.SocketUrlOf(Cluster.Primary), Making);
        Assert.Empty(store.Capabilities.Warnings);
    }

    [Fact]
    public async Task Several_urls_of_one_database_are_one_store_and_another_database_is_another()
    {
        string[] urls = [harness.Url, PostgresCluster.SocketUrlOf(Cluster.Primary), PostgresCluster.UrlOf(Cluster.Primary), await Cluster.MakeDatabaseAsync(Cancel)];
        List<StoreIdentity> identities = [];
        foreach (string url in urls)
        {
            await using PostgresStore store = await OpenAsync(url, Making);
            identities.Add(await store.ReadIdentityAsync(Cancel));
        }
        Assert.Single(identities.Take(3).Distinct());
        Assert.NotEqual(identities[0], identities[3]);
    }

    [Fact]
    public async Task More_logs_than_the_server_takes_sessions_are_written_at_the_same_time()
    {
        const int Ships = 100; // and the server takes 80 sessions
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await using PostgresStore store = await OpenAsync(url, Making);
        List<(EventLog Log, Term Term, Position Head)> logs = [];
        for (int i = 0; i < Ships; i++)
        {
            EventLog log = new(
                await store.CreateLogAsync(ShipNames.Next(), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
            LeaseOutcome won = await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromMinutes(1), Cancel);
            logs.Add((log, Assert.IsType<LeaseOutcome.Done>(won).Lease.Term, Position.Origin));
        }
        Position[] heads = await Task.WhenAll(logs.Select(log => AppendAsync(log.Log, log.Term, log.Head)));
        Assert.InRange((long)(await Cluster.Primary.AskAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{NameOf(url)}' AND usename = 'seguro'", Cancel))!, 1, 40);
        // Who leaves does not close what others still write in.
        foreach ((EventLog log, _, _) in logs.Take(Ships / 2))
            await log.DisposeAsync();
        foreach (((EventLog log, Term term, _), Position head) in logs.Zip(heads).Skip(Ships / 2))
        {
            Assert.Equal(2ul, (await AppendAsync(log, term, head)).Number.Value);
            await log.DisposeAsync();
            await log.DisposeAsync();
        }

        static async Task<Position> AppendAsync(EventLog log, Term term, Position head)
        {
            AppendResult result = await log.AppendAsync(term, head, [new byte[100]], Cancel);
            Assert.True(result.IsCommitted, result.Outcome.ToString());
            return result.Reached;
        }
    }

    [Fact]
    public async Task Without_leave_to_create_an_empty_database_is_an_empty_store_and_stays_so()
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await using (PostgresStore store = await OpenAsync(url, new StoreOptions()))
        {
            Assert.Null(await store.OpenLogAsync(Ship.Parse("~zod"), Cancel));
            Assert.Empty(await store.ListLogsAsync(Cancel));
            SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(
                async () => await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel));
            Assert.Equal(ErrorCode.NoSuchLog, refusal.Code);
        }
        Assert.Equal(0L, await Cluster.Primary.AskAsync("SELECT count(*) FROM pg_namespace WHERE nspname = 'seguro'", Cancel, NameOf(url)));
    }

    [Fact]
    public async Task Many_creators_at_once_make_the_tables_once()
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        PostgresStore[] stores = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => OpenAsync(url, Making)));
        foreach (PostgresStore store in stores)
        {
            Assert.Empty(await store.ListLogsAsync(Cancel));
            await store.DisposeAsync();
        }
        Assert.Equal(1L, await Cluster.Primary.AskAsync("SELECT count(*) FROM seguro.about", Cancel, NameOf(url)));
    }

    [Fact]
    public async Task An_empty_schema_that_an_administrator_made_is_taken()
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await Cluster.Primary.AskAsync("CREATE SCHEMA seguro AUTHORIZATION seguro", Cancel, NameOf(url));
        await using PostgresStore store = await OpenAsync(url, Making);
        Assert.Empty(await store.ListLogsAsync(Cancel));
    }

    [Theory]
    [InlineData("CREATE SCHEMA seguro; CREATE TABLE seguro.log (id integer)")]
    [InlineData("CREATE SCHEMA seguro; CREATE TABLE seguro.about (maker text, version integer); INSERT INTO seguro.about VALUES ('a shop', 1)")]
    [InlineData("CREATE SCHEMA seguro; CREATE TABLE seguro.about (maker text, version integer)")]
    public async Task A_schema_of_another_program_is_refused(string theirs)
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await Cluster.Primary.AskAsync($"{theirs}; GRANT ALL ON SCHEMA seguro TO seguro; GRANT ALL ON ALL TABLES IN SCHEMA seguro TO seguro", Cancel, NameOf(url));
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url, Making));
        Assert.Equal(ErrorCode.ForeignDatabase, refusal.Code);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await (await OpenAsync(url, Making)).DisposeAsync();
        await Cluster.Primary.AskAsync("UPDATE seguro.about SET version = 2", Cancel, NameOf(url));
        foreach (bool create in (bool[])[false, true])
        {
            SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url, new StoreOptions { Create = create }));
            Assert.Equal(ErrorCode.NewerSchema, refusal.Code);
            Assert.Contains("version 2", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_denied_and_not_shown()
    {
        string url = $"postgresql://seguro:hush-hush@127.0.0.1:{Cluster.Primary.Port}/seguro";
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url, new StoreOptions()));
        Assert.Equal(ErrorCode.AccessDenied, refusal.Code);
        Assert.DoesNotContain("hush", refusal.ToString() + refusal.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_password_is_denied()
    {
        string url = $"postgresql://seguro@127.0.0.1:{Cluster.Primary.Port}/seguro?passfile=";
        Assert.Equal(ErrorCode.AccessDenied, (await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url + "%2Fdev%2Fnull", new StoreOptions()))).Code);
        Assert.Equal(ErrorCode.FileAccess, (await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url + "%2Fnonexistent", new StoreOptions()))).Code);
    }

    [Fact]
    public async Task A_user_that_may_not_make_tables_is_told_so()
    {
        string url = await Cluster.MakeDatabaseAsync(Cancel);
        await Cluster.Primary.AskAsync($"ALTER DATABASE {NameOf(url)} OWNER TO postgres", Cancel);
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(url, Making));
        Assert.Equal(ErrorCode.AccessDenied, refusal.Code);
        Assert.Contains("CREATE", refusal.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(PostgresCluster.UrlOf("nowhere", [.. Cluster.Servers]), Making));
        Assert.Equal(ErrorCode.NotFound, refusal.Code);
        Assert.Contains("nowhere", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_unavailable()
    {
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync($"postgresql://u:p@127.0.0.1:{FreePort.Next()}/d", new StoreOptions()));
        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
        Assert.Contains("127.0.0.1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_does_not_exist_is_unavailable()
    {
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync("postgresql://u:p@seguro.invalid/d", Brief));
        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
        Assert.Contains("seguro.invalid", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("N\0\0\0\0garbage")]
    public async Task A_server_of_another_program_is_recognised(string greeting)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using CancellationTokenSource end = new();
        Task serving = AnswerAsync(listener, Encoding.ASCII.GetBytes(greeting), end.Token);
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(
            () => OpenAsync($"postgresql://u:p@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/d", Brief));
        await end.CancelAsync();
        await serving;
        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
        Assert.Contains("does not speak PostgreSQL", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(
            () => OpenAsync($"postgresql://u:p@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/d", Brief));
        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
    }

    [Fact]
    public async Task A_standby_alone_is_no_place_to_write()
    {
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(PostgresCluster.UrlOf(Cluster.Standbys.First()), Brief));
        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
        Assert.Contains("standbys", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<PostgresStore> OpenAsync(string url, StoreOptions options) => await PostgresStore.OpenAsync(StoreUrl.Parse(url), options, Cancel);

    private static string NameOf(string url) => url[(url.LastIndexOf('/') + 1)..];

    private static async Task AnswerAsync(TcpListener listener, byte[] greeting, CancellationToken end)
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(end);
                await client.GetStream().ReadExactlyAsync(new byte[8], end);
                await client.GetStream().WriteAsync(greeting, end);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The test has its answer.
        }
    }
}

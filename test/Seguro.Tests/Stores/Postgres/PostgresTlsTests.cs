using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Postgres;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>TLS to a real PostgreSQL, by the parameters of its URL.</summary>
public sealed class PostgresTlsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("postgres-tls");
    private PostgresCluster _cluster = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Authority => Path.Combine(_folder["server"], ClusterCertificates.AuthorityFile);

    public async ValueTask InitializeAsync()
    {
        using (CertificateAuthority authority = CertificateAuthority.Create(_folder["ca"], "postgres"))
        {
            authority.Issue(_folder["server"], new ClusterIdentity("test", "postgres"), ["127.0.0.1"]);
            authority.Issue(_folder["client"], new ClusterIdentity("test", "seguro"), ["127.0.0.1"]);
        }
        using (CertificateAuthority other = CertificateAuthority.Create(_folder["other-ca"], "other"))
            other.Issue(_folder["other"], new ClusterIdentity("test", "seguro"), ["127.0.0.1"]);
        _cluster = await PostgresCluster.StartAsync(standbys: 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_the_authority_knows_by_this_name_is_spoken_with_encrypted()
    {
        await _cluster.Primary.UseTlsAsync(_folder["server"], clientsNeedCertificates: false, Cancel);
        await using PostgresStore store = await OpenAsync($"sslmode=verify-full&sslrootcert={Uri.EscapeDataString(Authority)}");
        await using IStoredLog log = await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        Lease lease = Assert.IsType<LeaseOutcome.Done>(await log.CampaignAsync(Lease.None, "m1", TimeSpan.FromMinutes(1), Cancel)).Lease;
        Assert.IsType<WriteOutcome.Committed>(await log.AppendAsync(LogSession.Build(lease.Term, Position.Origin, [[1], [2]]), Cancel));
        Assert.Equal(0L, await _cluster.Primary.AskAsync(
            "SELECT count(*) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.usename = 'seguro' AND (NOT s.ssl OR s.version <> 'TLSv1.3')", Cancel));
        Assert.True((long)(await _cluster.Primary.AskAsync("SELECT count(*) FROM pg_stat_activity WHERE usename = 'seguro'", Cancel))! > 0);
    }

    [Fact]
    public async Task A_server_of_another_authority_or_of_another_name_is_refused()
    {
        await _cluster.Primary.UseTlsAsync(_folder["server"], clientsNeedCertificates: false, Cancel);
        string stranger = Path.Combine(_folder["other"], ClusterCertificates.AuthorityFile);
        Assert.Equal(ErrorCode.AccessDenied, await RefusalAsync($"sslmode=verify-full&sslrootcert={Uri.EscapeDataString(stranger)}"));
        Assert.Equal(ErrorCode.AccessDenied, await RefusalAsync($"sslmode=verify-ca&sslrootcert={Uri.EscapeDataString(stranger)}"));
        Assert.Equal(ErrorCode.AccessDenied, await RefusalAsync($"sslmode=verify-full&sslrootcert={Uri.EscapeDataString(Authority)}", host: "localhost"));
        Assert.Equal(ErrorCode.FileAccess, await RefusalAsync($"sslmode=verify-full&sslrootcert={Uri.EscapeDataString(_folder["none"])}"));
        await (await OpenAsync($"sslmode=verify-ca&sslrootcert={Uri.EscapeDataString(Authority)}", "localhost")).DisposeAsync();
    }

    [Fact]
    public async Task Encryption_that_the_server_does_not_have_is_not_done_without()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync("sslmode=require"));
        Assert.True(error.Code is ErrorCode.AccessDenied or ErrorCode.StoreUnavailable, error.ToString());
        Assert.Contains("SSL", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_asks_for_a_certificate_gets_the_one_of_the_url()
    {
        await _cluster.Primary.UseTlsAsync(_folder["server"], clientsNeedCertificates: true, Cancel);
        string trust = $"sslmode=verify-full&sslrootcert={Uri.EscapeDataString(Authority)}";
        await (await OpenAsync($"{trust}&{Certificate("client")}")).DisposeAsync();
        Assert.Equal(ErrorCode.AccessDenied, await RefusalAsync(trust));
        // With TLS 1.3 a client learns from a connection that is cut that its certificate was not taken.
        Assert.True(await RefusalAsync($"{trust}&{Certificate("other")}") is ErrorCode.AccessDenied or ErrorCode.StoreUnavailable);
        string key = Path.Combine(_folder["client"], ClusterCertificates.MemberKeyFile);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        SeguroException shared = await Assert.ThrowsAsync<SeguroException>(() => OpenAsync($"{trust}&{Certificate("client")}"));
        Assert.Equal(ErrorCode.ExposedSecret, shared.Code);
        Assert.Contains($"chmod 600 {key}", shared.NextStep, StringComparison.Ordinal);
    }

    private string Certificate(string name) =>
        $"sslcert={Uri.EscapeDataString(Path.Combine(_folder[name], ClusterCertificates.MemberFile))}&sslkey={Uri.EscapeDataString(Path.Combine(_folder[name], ClusterCertificates.MemberKeyFile))}";

    private async Task<ErrorCode> RefusalAsync(string parameters, string host = "127.0.0.1") =>
        (await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(parameters, host))).Code;

    private Task<PostgresStore> OpenAsync(string parameters, string host = "127.0.0.1")
    {
        string url = PostgresCluster.UrlOf(_cluster.Primary).Replace("127.0.0.1", host, StringComparison.Ordinal);
        return PostgresStore.OpenAsync(StoreUrl.Parse($"{url}?{parameters}"), new StoreOptions { Create = true, Patience = TimeSpan.FromSeconds(5) }, Cancel).AsTask();
    }
}

using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Etcd;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Etcd;

/// <summary>TLS to a real etcd: each side shows a certificate of the cluster's authority, or nothing is said. (That it works with the right ones, the conformance suite shows.)</summary>
public sealed class EtcdTlsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("etcd-tls");
    private EtcdCluster _cluster = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using (CertificateAuthority other = CertificateAuthority.Create(_folder["other-ca"], "other"))
            other.Issue(_folder["other"], new ClusterIdentity("test", "member"), ["127.0.0.1"]);
        _cluster = await EtcdCluster.StartAsync(1, cancel: Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_member_of_another_authority_is_refused_and_so_is_a_server_of_another()
    {
        Assert.Equal(ErrorCode.AccessDenied, (await RefusalAsync(_folder["other"])).Code);
        // It shows what etcd trusts, and does not trust etcd.
        File.Copy(Path.Combine(_folder["other"], ClusterCertificates.AuthorityFile), Path.Combine(_folder["other"], "own.crt"));
        await File.WriteAllTextAsync(
            Path.Combine(_folder["other"], ClusterCertificates.AuthorityFile),
            await File.ReadAllTextAsync(Path.Combine(_folder["other"], "own.crt"), Cancel) + await File.ReadAllTextAsync(Path.Combine(_cluster.Certificates!, ClusterCertificates.AuthorityFile), Cancel),
            Cancel);
        // Now it trusts etcd, and etcd does not trust it. With TLS 1.3 a client learns that from a connection that is cut, or not at all.
        Assert.True((await RefusalAsync(_folder["other"])).Code is ErrorCode.AccessDenied or ErrorCode.StoreUnavailable);
    }

    [Fact]
    public async Task Plain_traffic_to_a_server_with_TLS_is_an_error_that_says_so()
    {
        string url = _cluster.Url.Replace("etcd://", "etcd+plain://", StringComparison.Ordinal);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => EtcdStore.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true, Patience = TimeSpan.FromSeconds(3) }, Cancel).AsTask());
        Assert.True(error.Code is ErrorCode.AccessDenied or ErrorCode.StoreUnavailable, error.ToString());
    }

    [Fact]
    public async Task A_key_that_everybody_may_read_is_refused_with_the_command_that_mends_it()
    {
        string key = Path.Combine(_folder["other"], ClusterCertificates.MemberKeyFile);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        SeguroException error = await RefusalAsync(_folder["other"]);
        Assert.Equal(ErrorCode.ExposedSecret, error.Code);
        Assert.Contains($"chmod 600 {key}", error.NextStep, StringComparison.Ordinal);
    }

    private Task<SeguroException> RefusalAsync(string certificates) => Assert.ThrowsAsync<SeguroException>(
        () => EtcdStore.OpenAsync(
            StoreUrl.Parse(_cluster.Url), new StoreOptions { Create = true, Certificates = certificates, Patience = TimeSpan.FromSeconds(3) }, Cancel).AsTask());
}

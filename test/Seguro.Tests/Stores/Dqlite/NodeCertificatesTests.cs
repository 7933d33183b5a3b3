using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

public sealed class NodeCertificatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("tls");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        string folder = Issue("one");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "member.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["one-ca"], "ca.key")));
        ClusterCertificates.Load(folder).Dispose();
    }

    [Fact]
    public void Never_overwrites_what_is_there()
    {
        string folder = Issue("one");
        using CertificateAuthority authority = CertificateAuthority.Open(_folder["one-ca"]);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(() => authority.Issue(folder, new ClusterIdentity("one", "again"), ["127.0.0.1"])).Code);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(() => CertificateAuthority.Create(_folder["one-ca"], "again")).Code);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("member.crt")]
    [InlineData("member.key")]
    public void Says_which_file_is_missing(string file)
    {
        string folder = Issue("one");
        File.Delete(Path.Combine(folder, file));
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.crt", "not issued by")]
    [InlineData("member.key", "not the key")]
    public void Refuses_a_file_of_another_cluster(string file, string why)
    {
        string folder = Issue("one");
        File.Copy(Path.Combine(Issue("two"), file), Path.Combine(folder, file), overwrite: true);
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_an_expired_certificate()
    {
        string folder = Issue("one");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(Path.Combine(_folder["one-ca"], "ca.crt"), Path.Combine(_folder["one-ca"], "ca.key"));
        CertificateRequest request = new("CN=old", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 old = request.Create(authority, now.AddHours(-2), now.AddHours(-1), [1, 2, 3]);
        File.WriteAllText(Path.Combine(folder, "member.crt"), old.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "member.key"), key.ExportPkcs8PrivateKeyPem());
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
        Assert.Contains("expired", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_garbage()
    {
        string folder = Issue("one");
        File.WriteAllText(Path.Combine(folder, "ca.crt"), "garbage");
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder)).Code);
    }

    [Fact]
    public async Task A_node_refuses_a_client_of_another_cluster_and_one_without_a_certificate()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, cancel: Cancel);
        HostAddress address = cluster.Nodes[0].Address;
        using ClusterCertificates own = ClusterCertificates.Load(cluster.Certificates!);
        using ClusterCertificates foreign = ClusterCertificates.Load(Issue("foreign"));

        Assert.Equal(0, await ConnectAsync(own.ClientOptions("127.0.0.1")));
        SslClientAuthenticationOptions trusting = foreign.ClientOptions("127.0.0.1");
        trusting.CertificateChainPolicy = own.ClientOptions("127.0.0.1").CertificateChainPolicy;
        Assert.True(await ConnectAsync(trusting) < 0, "a foreign client was let in");
        SslClientAuthenticationOptions nameless = own.ClientOptions("127.0.0.1");
        nameless.ClientCertificateContext = null;
        Assert.True(await ConnectAsync(nameless) < 0, "a client without a certificate was let in");
        // The other way round: the client refuses the node.
        await Assert.ThrowsAsync<AuthenticationException>(() => ConnectAsync(foreign.ClientOptions("127.0.0.1")));
        await Assert.ThrowsAsync<AuthenticationException>(() => ConnectAsync(own.ClientOptions("another.host")));
        // And nothing of it hurt the node.
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);

        // With TLS 1.3 a client learns only after its own handshake that it was refused: ask, and see whether there is an answer.
        async Task<int> ConnectAsync(SslClientAuthenticationOptions options)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address.Host, address.Port, Cancel);
            await using SslStream tls = new(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(options, Cancel);
            byte[] hello = [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            try
            {
                await tls.WriteAsync(hello, Cancel);
                return await tls.ReadAtLeastAsync(new byte[16], 16, throwOnEndOfStream: false, Cancel) == 16 ? 0 : -1;
            }
            catch (IOException)
            {
                return -1;
            }
        }
    }

    [Fact]
    public async Task A_node_of_another_cluster_is_not_let_in()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, cancel: Cancel);
        await using DqliteNodeProcess stranger = await DqliteNodeProcess.StartAsync(
            SeguroExecutable.In(AppContext.BaseDirectory),
            new DqliteNodeOptions
            {
                Folder = _folder["stranger"],
                Id = 2,
                Address = new HostAddress("127.0.0.1", FreePort.Next()),
                Certificates = Issue("foreign"),
            },
            TimeSpan.FromSeconds(30),
            Cancel);
        using ClusterCertificates own = ClusterCertificates.Load(cluster.Certificates!);
        DqliteMembership impatient = new([cluster.Nodes[0].Address], own, TimeSpan.FromSeconds(2));
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => impatient.JoinAsync(2, stranger.Options.Address, Cancel));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Empty(Directory.EnumerateFiles(stranger.Options.Folder, "metadata*"));
    }

    [Fact]
    public async Task A_node_refuses_an_address_that_its_certificate_does_not_name()
    {
        DqliteNodeOptions options = new()
        {
            Folder = _folder["node"],
            Id = 1,
            Bootstrap = true,
            Address = new HostAddress("127.0.0.2", FreePort.Next()),
            Certificates = Issue("one"),
        };
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => DqliteNodeProcess.StartAsync(SeguroExecutable.In(AppContext.BaseDirectory), options, TimeSpan.FromSeconds(30), Cancel));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
        Assert.Contains("127.0.0.2", error.Message, StringComparison.Ordinal);
    }

    private string Issue(string name)
    {
        using CertificateAuthority authority = CertificateAuthority.Create(_folder[$"{name}-ca"], name);
        authority.Issue(_folder[name], new ClusterIdentity("test", "member"), ["127.0.0.1"]);
        return _folder[name];
    }
}

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Seguro.Core;
using Seguro.Identity;
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

    [Fact]
    public async Task A_node_that_has_a_name_listens_on_the_addresses_of_that_name_only()
    {
        HostAddress address = new("localhost", FreePort.Next());
        await using DqliteNodeProcess node = await DqliteNodeProcess.StartAsync(
            SeguroExecutable.In(AppContext.BaseDirectory),
            new DqliteNodeOptions { Folder = _folder["node"], Id = 1, Bootstrap = true, Address = address, Certificates = Issue("named", "localhost") },
            TimeSpan.FromSeconds(30),
            Cancel);
        using (TcpClient own = new())
            await own.ConnectAsync(address.Host, address.Port, Cancel);
        using TcpClient other = new();
        SocketException refused = await Assert.ThrowsAsync<SocketException>(async () => await other.ConnectAsync("127.0.0.2", address.Port, Cancel));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    private string Issue(string name, string host = "127.0.0.1")
    {
        using CertificateAuthority authority = CertificateAuthority.Create(_folder[$"{name}-ca"], name);
        authority.Issue(_folder[name], new ClusterIdentity("test", "member"), [host]);
        return _folder[name];
    }
}

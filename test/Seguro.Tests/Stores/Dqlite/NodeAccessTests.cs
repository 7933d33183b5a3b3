using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Seguro.Tests.Node.Links;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>Who is let into the database: dqlite itself asks nobody for anything.</summary>
public sealed class NodeAccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, SpecialCertificate> Strangers => new()
    {
        { "another member than those on the list", new SpecialCertificate { Uris = ["seguro://test/other"] } },
        { "another client than those on the list", new SpecialCertificate { Uris = ["seguro://test/client/member"] } },
        { "another cluster of the same authority", new SpecialCertificate { Uris = ["seguro://other/member"] } },
        { "expired", new SpecialCertificate { Uris = ["seguro://test/member"], Until = TimeSpan.FromMinutes(-1) } },
        { "two common names", new SpecialCertificate { Subject = "CN=member member, CN=member a", Uris = ["seguro://test/member"] } },
        { "a member and a client", new SpecialCertificate { Uris = ["seguro://test/member", "seguro://test/client/operator"] } },
        { "of an older version, without a name of the cluster", new SpecialCertificate() },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task Only_members_and_clients_on_the_list_are_let_in(string who, SpecialCertificate certificate)
    {
        await using DqliteCluster cluster = await StartAsync();
        Assert.True(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/member"] }), "a member is not let in");
        Assert.True(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/client/operator"] }), "a client is not let in");
        Assert.False(await IsAnsweredAsync(cluster, certificate), $"let in: {who}");
    }

    [Fact]
    public async Task Strangers_who_stand_at_the_door_do_not_shut_it_and_who_is_refused_is_counted()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(
            1, adjust: static options => options with { MaxConnections = 16, ConnectTime = TimeSpan.FromSeconds(30), Access = new AccessRecord { Members = ["member"], Clients = ["operator"] } }, cancel: Cancel);
        System.Collections.Concurrent.ConcurrentBag<string> refused = [];
        cluster.Nodes[0].Supervisor!.Refused += (_, refusal) => refused.Add($"{refusal.Count} {refusal.Why}");
        List<Socket> strangers = [];
        try
        {
            // Ten addresses, five connections each: more than there are places, for longer than anybody would wait.
            for (int number = 0; number < 50; number++)
            {
                Socket stranger = new(SocketType.Stream, ProtocolType.Tcp);
                strangers.Add(stranger);
                stranger.Bind(new IPEndPoint(IPAddress.Parse($"127.0.1.{1 + (number % 10)}"), 0));
                await stranger.ConnectAsync(IPAddress.Loopback, cluster.Nodes[0].Address.Port, Cancel);
            }
            Assert.True(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/member"] }), "a member is shut out by strangers");
            Assert.False(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/other"] }), "another is let in");
            await Until.TrueAsync(
                () => refused.Any(static why => why.Contains("other is not a member", StringComparison.Ordinal)), $"what was refused is not told: {string.Join("; ", refused)}");
        }
        finally
        {
            foreach (Socket stranger in strangers)
                stranger.Dispose();
        }
    }

    [Fact]
    public async Task Who_is_taken_off_the_list_is_cut_off_and_stays_out_when_the_process_is_another()
    {
        await using DqliteCluster cluster = await StartAsync("second");
        using X509Certificate2 certificate = new SpecialCertificate { Uris = ["seguro://test/second"] }.Issue(cluster.Authority!);
        await using DqliteConnection open = await ConnectAsync(cluster, certificate);
        Assert.NotNull(await open.LeaderAsync(Cancel));

        cluster.Nodes[0].Supervisor!.SetAccess(new AccessRecord { Members = ["member"], Clients = [], Left = ["second"] });

        await Assert.ThrowsAsync<DqliteException>(async () =>
        {
            while (true)
                await open.LeaderAsync(Cancel);
        });
        Assert.False(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/second"] }), "let in again");
        await cluster.Nodes[0].CrashAsync(Cancel);
        Assert.False(await IsAnsweredAsync(cluster, new SpecialCertificate { Uris = ["seguro://test/second"] }), "let in by the next process");
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
    }

    [Fact]
    public async Task A_server_that_is_no_member_is_not_spoken_with()
    {
        await using DqliteCluster cluster = await StartAsync();
        using ClusterCertificates own = ClusterCertificates.Load(cluster.Certificates!);
        AccessList without = new("test", new AccessRecord { Members = ["m1"], Left = ["member"] });
        await Assert.ThrowsAsync<DqliteException>(async () => await DqliteConnection.ConnectAsync(cluster.Nodes[0].Address, own.ClientOptions("127.0.0.1", without.RefuseMember), Cancel));
        Seguro.Core.SeguroException refused = await Assert.ThrowsAnyAsync<Seguro.Core.SeguroException>(async () => await DqliteStore.OpenAsync(
            StoreUrl.Parse(cluster.Url), cluster.StoreOptions with { Access = without, Patience = TimeSpan.FromSeconds(2) }, Cancel));
        Assert.Equal(Seguro.Core.ErrorCode.AccessDenied, refused.Code);
        Assert.Contains("has left", refused.Message, StringComparison.Ordinal);
    }

    private static Task<DqliteCluster> StartAsync(params string[] more) => DqliteCluster.StartAsync(
        1, adjust: options => options with { Access = new AccessRecord { Members = ["member", .. more], Clients = ["operator"] } }, cancel: Cancel);

    private static async Task<bool> IsAnsweredAsync(DqliteCluster cluster, SpecialCertificate certificate)
    {
        using X509Certificate2 shown = certificate.Issue(cluster.Authority!);
        try
        {
            await using DqliteConnection connection = await ConnectAsync(cluster, shown);
            await connection.LeaderAsync(Cancel);
            return true;
        }
        catch (DqliteException)
        {
            return false;
        }
    }

    // As a stranger would: whoever the server is, is fine.
    private static async Task<DqliteConnection> ConnectAsync(DqliteCluster cluster, X509Certificate2 certificate)
    {
        HostAddress address = cluster.Nodes[0].Address;
        SslClientAuthenticationOptions tls = new()
        {
            TargetHost = address.Host,
            ClientCertificates = [certificate],
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null,
        };
        return await DqliteConnection.ConnectAsync(address, tls, Cancel);
    }
}

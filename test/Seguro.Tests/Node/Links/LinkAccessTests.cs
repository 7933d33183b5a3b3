using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Links;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Tests.Node.Links;

/// <summary>Who is let in by other members: a certificate of the authority says who asks, the list of members whether that is enough.</summary>
public sealed class LinkAccessTests
{
    private static readonly StatusCode[] LetIn = [StatusCode.OK, StatusCode.OK, StatusCode.OK];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_member_that_leaves_is_cut_off_and_told_and_stays_out()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), Answering);
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        await b.UntilLinkedAsync("a");
        using X509Certificate2 certificate = Own(folder, "ca-test-a");
        Assert.Equal(LetIn, await LinkCaller.TryAsync(b.Options.Address, certificate, Cancel));
        await a.UntilLinkedAsync("b");

        b.Access.Set(new AccessRecord { Members = ["b"], Left = ["a"] });

        await Until.TrueAsync(() => b.Links.Linked.Count == 0, "the link of a member that left stays");
        await Until.TrueAsync(() => a.Links.Refusal is { HasLeft: true, By: "b" }, "a member that left is not told");
        Assert.All(await LinkCaller.TryAsync(b.Options.Address, certificate, Cancel), static status => Assert.Equal(StatusCode.PermissionDenied, status));
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => a.Links.CommandAsync("b", "/stepdown", default, TimeSpan.FromSeconds(5), Cancel));
        Assert.Contains("has left", refused.Message, StringComparison.Ordinal);
        Assert.Empty(b.Links.Linked);
        Assert.Empty(b.Links.Asking);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public async Task A_member_that_is_not_on_the_list_may_ask_and_is_linked_once_it_is(string old, string young)
    {
        using TemporaryFolder folder = new();
        await using LinkedMember member = await LinkedMember.StartAsync(
            folder, old, FreePort.Next(), options => Answering(options) with { Access = new AccessList("test", new AccessRecord { Members = [old] }) });
        await using LinkedMember joining = await LinkedMember.StartAsync(folder, young, FreePort.Next());
        joining.Links.SetPeers(new Dictionary<string, HostAddress> { [old] = member.Options.Address });

        await Until.TrueAsync(() => member.Links.Asking.Contains(young), "nobody hears who asks to be let in");
        await Until.TrueAsync(() => joining.Links.Refusal is { HasLeft: false }, "who is not let in is not told");
        using X509Certificate2 certificate = Own(folder, $"ca-test-{young}");
        Assert.All(await LinkCaller.TryAsync(member.Options.Address, certificate, Cancel), static status => Assert.Equal(StatusCode.PermissionDenied, status));
        Assert.Empty(member.Links.Linked);

        member.Access.Set(new AccessRecord { Members = [old, young] });
        await member.UntilLinkedAsync(young);
        await joining.UntilLinkedAsync(old);
        Assert.Null(joining.Links.Refusal);
        Assert.Empty(member.Links.Asking);
    }

    [Fact]
    public async Task A_member_that_left_is_refused_before_it_has_links()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(
            folder, "a", FreePort.Next(), static options => options with { Access = new AccessList("test", new AccessRecord { Members = ["a"], Left = ["b"] }) });
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => b.Links.AskAsync(new Dictionary<string, HostAddress> { ["a"] = a.Options.Address }, Cancel));
        Assert.Equal(ErrorCode.NotAMember, refused.Code);
    }

    public static TheoryData<string, SpecialCertificate> Strangers => new()
    {
        { "another cluster of the same authority", new SpecialCertificate { Uris = ["seguro://other/a"] } },
        { "a client", new SpecialCertificate { Uris = ["seguro://test/client/a"] } },
        { "expired", new SpecialCertificate { Uris = ["seguro://test/a"], Until = TimeSpan.FromMinutes(-1) } },
        { "two common names", new SpecialCertificate { Subject = "CN=member a, CN=member b", Uris = ["seguro://test/a"] } },
        { "two members", new SpecialCertificate { Uris = ["seguro://test/a", "seguro://test/c"] } },
        { "of an older version, without a name of the cluster", new SpecialCertificate() },
        { "the member's own", new SpecialCertificate { Uris = ["seguro://test/b"] } },
        { "a name that can't be", new SpecialCertificate { Uris = ["seguro://test/a/b"] } },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task Nobody_else_gets_anything(string who, SpecialCertificate certificate)
    {
        using TemporaryFolder folder = new();
        System.Collections.Concurrent.ConcurrentBag<string> refused = [];
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), options => Answering(options) with { Refused = refused.Add });
        using X509Certificate2 good = new SpecialCertificate { Uris = ["seguro://test/a"] }.Issue(folder["ca"]);
        Assert.Equal(LetIn, await LinkCaller.TryAsync(b.Options.Address, good, Cancel));
        Assert.Empty(refused);
        using X509Certificate2 strange = certificate.Issue(folder["ca"]);
        Assert.All(await LinkCaller.TryAsync(b.Options.Address, strange, Cancel), status => Assert.True(status is not StatusCode.OK, $"{who}: {status}"));
        Assert.NotEmpty(refused);
    }

    [Fact]
    public async Task A_certificate_that_names_no_member_of_the_cluster_is_refused_at_the_start_with_what_to_do()
    {
        using TemporaryFolder folder = new();
        using (CertificateAuthority.Create(folder["ca"], "test"))
            new SpecialCertificate().IssueInto(folder["ca-test-a"], folder["ca"]);
        SeguroException old = await Assert.ThrowsAsync<SeguroException>(() => LinkedMember.StartAsync(folder, "a", FreePort.Next()));
        Assert.Equal(ErrorCode.AccessDenied, old.Code);
        Assert.Contains("seguro cluster certificates renew", old.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_can_not_be_made_says_why()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        HostAddress silent = new("127.0.0.1", FreePort.Next());
        HostAddress expired = new("127.0.0.1", FreePort.Next());
        using X509Certificate2 old = new SpecialCertificate { Uris = ["seguro://test/c"], Until = TimeSpan.FromMinutes(-1) }.Issue(folder["ca"]);
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, expired.Port);
        listener.Start();
        Task serving = ServeAsync();
        a.Links.SetPeers(new Dictionary<string, HostAddress> { ["b"] = silent, ["c"] = expired });
        await Until.TrueAsync(
            () => a.Links.Problems is [var first, var second] && first.Contains("link with b: Connection refused", StringComparison.Ordinal) && second.Contains("expired", StringComparison.Ordinal),
            "nothing says why there is no link");
        listener.Stop();
        await serving;

        async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using System.Net.Sockets.TcpClient client = await listener.AcceptTcpClientAsync(Cancel);
                    await using System.Net.Security.SslStream tls = new(client.GetStream());
                    await tls.AuthenticateAsServerAsync(new System.Net.Security.SslServerAuthenticationOptions { ServerCertificate = old }, Cancel)
                        .ContinueWith(static _ => { }, TaskScheduler.Default);
                }
            }
            catch (Exception error) when (error is System.Net.Sockets.SocketException or InvalidOperationException)
            {
                // The end.
            }
        }
    }

    private static LinkOptions Answering(LinkOptions options) => options with { Command = static (_, _) => Task.FromResult(new LinkReply(200, default)) };

    private static X509Certificate2 Own(TemporaryFolder folder, string name) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(folder[name], "member.crt"), Path.Combine(folder[name], "member.key"));

    private static void Introduce(params LinkedMember[] members)
    {
        Dictionary<string, HostAddress> addresses = members.ToDictionary(static member => member.Options.Name, static member => member.Options.Address);
        foreach (LinkedMember member in members)
            member.Links.SetPeers(addresses);
    }
}

using System.Net;
using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Admin;
using Seguro.Node.Dashboard;
using Seguro.Node.Members;
using Seguro.Testing;
using Seguro.Tests.Node.Admin;

namespace Seguro.Tests.Node.Dashboard;

public sealed class DashboardTests : IDisposable
{
    private const string Token = "0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private readonly IPEndPoint _loopback = new(IPAddress.Loopback, FreePort.Next());
    private readonly List<string> _audit = [];
    private readonly List<string> _refused = [];
    private readonly Desk _desk = new(Role.Master);
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _browser;

    public DashboardTests() =>
        _browser = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies }) { BaseAddress = new Uri($"http://{_loopback}") };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _browser.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task On_loopback_everybody_reads_and_nobody_changes_without_the_token()
    {
        await using AdminServer server = await StartAsync();
        string page = await _browser.GetStringAsync("/", Cancel);
        Assert.Contains("<h1>~zod", page, StringComparison.Ordinal);
        Assert.Contains("m &lt;b&gt; is master.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<form", page, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"a\"", await _browser.GetStringAsync("/status", Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/wish", ("wish", "stepdown"), ("sure", "yes"))).StatusCode);
        using StringContent json = new("""{"replicas":2}""");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.PostAsync("/optimism", json, Cancel)).StatusCode);
        Assert.Empty(_desk.Asked);

        // A name of somebody else's that leads here, as a page of theirs would use it.
        using HttpRequestMessage rebound = new(HttpMethod.Get, "/status") { Headers = { Host = "elsewhere.example" } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.SendAsync(rebound, Cancel)).StatusCode);
    }

    [Fact]
    public async Task Who_shows_the_token_asks_for_changes_by_forms_and_each_is_written_down()
    {
        await using AdminServer server = await StartAsync();
        HttpResponseMessage wrong = await PostAsync("/login", ("token", Token + "x"));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Contains("wrong token", Assert.Single(_refused), StringComparison.Ordinal);
        Assert.Contains("name=\"wish\"", await (await PostAsync("/login", ("token", Token))).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        HttpResponseMessage unsure = await PostAsync("/wish", ("wish", "optimism"), ("replicas", "2"), ("loss", "degrade"));
        Assert.Equal(HttpStatusCode.BadRequest, unsure.StatusCode);
        Assert.Empty(_desk.Asked);
        HttpResponseMessage done = await PostAsync("/wish", ("wish", "optimism"), ("replicas", "2"), ("loss", "degrade"), ("sure", "yes"));
        Assert.Contains("<dd>2; where replicas are lost: degrade", await done.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(new Wish.ChangeOptimism(2, ReplicaLossPolicy.Degrade), Assert.Single(_desk.Asked));
        HttpResponseMessage refused = await PostAsync("/wish", ("wish", "optimism"), ("replicas", "7"), ("loss", "wait"), ("sure", "yes"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("Use 0 to 2.", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Collection(
            _audit,
            static entered => Assert.EndsWith("entered", entered, StringComparison.Ordinal),
            static changed => Assert.EndsWith("""optimism {"replicas":2,"onReplicaLoss":"degrade"}: in force""", changed, StringComparison.Ordinal),
            static not => Assert.EndsWith("not done", not, StringComparison.Ordinal));

        Assert.DoesNotContain("name=\"wish\"", await (await PostAsync("/logout")).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_of_another_site_does_nothing_though_the_browser_has_a_session()
    {
        await using AdminServer server = await StartAsync();
        await PostAsync("/login", ("token", Token));
        using HttpRequestMessage forged = new(HttpMethod.Post, "/wish") { Content = new FormUrlEncodedContent([new("wish", "stepdown"), new("sure", "yes")]), Headers = { { "Origin", "https://elsewhere.example" } } };
        Assert.Equal(HttpStatusCode.BadRequest, (await _browser.SendAsync(forged, Cancel)).StatusCode);
        // A session reads JSON, and changes nothing by it: such a request need not say where it comes from.
        using StringContent json = new("{}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.PostAsync("/stepdown", json, Cancel)).StatusCode);
        Assert.Empty(_desk.Asked);
        Cookie cookie = Assert.Single(_cookies.GetAllCookies());
        Assert.True(cookie.HttpOnly);
        Assert.DoesNotContain(Token, cookie.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_shows_nothing_but_the_form_for_the_token_until_it_was_given()
    {
        using (CertificateAuthority authority = CertificateAuthority.Create(_folder["c"], "test"))
            authority.Issue(_folder["c"], new ClusterIdentity("test", "a"), ["127.0.0.1"]);
        using ClusterCertificates certificates = ClusterCertificates.Load(_folder["c"]);
        HostAddress address = new("127.0.0.1", FreePort.Next());
        await using AdminServer server = await AdminServer.StartAsync(Options() with { Https = address, Certificates = certificates }, Cancel);
        using SocketsHttpHandler handler = new() { SslOptions = new() { CertificateChainPolicy = certificates.ClientOptions("127.0.0.1").CertificateChainPolicy } };
        using HttpClient browser = new(handler) { BaseAddress = new Uri($"https://{address}") };
        using HttpResponseMessage stranger = await browser.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        string form = await stranger.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("name=\"token\"", form, StringComparison.Ordinal);
        Assert.DoesNotContain("~zod", form, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/events", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/metrics", Cancel)).StatusCode);
        using HttpResponseMessage entered = await browser.PostAsync("/login", new FormUrlEncodedContent([new("token", Token)]), Cancel);
        Assert.Contains("<h1>~zod", await entered.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/metrics", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Those_who_follow_hear_of_each_change_and_the_server_ends_though_they_are_there()
    {
        AdminServer server = await StartAsync();
        using HttpResponseMessage stream = await _browser.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using StreamReader reader = new(await stream.Content.ReadAsStreamAsync(Cancel));
        Assert.Contains("a, master.", await NextAsync(reader), StringComparison.Ordinal);
        await _desk.Actions.DoAsync("/stepdown", "{}"u8.ToArray(), forwarded: false, Cancel);
        Assert.Contains("a, replica;", await NextAsync(reader), StringComparison.Ordinal);
        Task ending = server.DisposeAsync().AsTask();
        Assert.DoesNotContain("data:", await reader.ReadToEndAsync(Cancel), StringComparison.Ordinal);
        await ending;
    }

    [Fact]
    public async Task Only_so_many_follow_at_once()
    {
        await using AdminServer server = await StartAsync();
        List<HttpResponseMessage> streams = [];
        for (int i = 0; i <= DashboardServer.MostFollowers; i++)
            streams.Add(await _browser.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead, Cancel));
        Assert.All(streams[..^1], static stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, streams[^1].StatusCode);
        streams.ForEach(static stream => stream.Dispose());
    }

    [Fact]
    public void A_session_ends_after_its_time_and_is_good_nowhere_else()
    {
        FakeTimeProvider time = new();
        DashboardSessions sessions = new(time);
        string session = sessions.Begin();
        Assert.True(sessions.IsGood(session));
        Assert.False(new DashboardSessions(time).IsGood(session));
        Assert.False(sessions.IsGood("9" + session));
        Assert.False(sessions.IsGood(session[..^2]));
        Assert.False(sessions.IsGood(session + "00"));
        Assert.False(sessions.IsGood(null));
        time.Advance(DashboardSessions.Length);
        Assert.False(sessions.IsGood(session));
    }

    private static async Task<string> NextAsync(StreamReader reader)
    {
        while (true)
        {
            if (await reader.ReadLineAsync(Cancel) is { } line && line.StartsWith("data: ", StringComparison.Ordinal))
                return line;
        }
    }

    private AdminOptions Options() => _desk.Options(_folder) with
    {
        Token = Token,
        Audit = _audit.Add,
        Refused = _refused.Add,
        Ship = _desk.Options(_folder).Ship! with { History = static () => [new HistoryEntry(DateTimeOffset.UnixEpoch, 4, "a", "m <b> is master.")] },
    };

    private Task<AdminServer> StartAsync() => AdminServer.StartAsync(Options() with { Http = _loopback }, Cancel);

    private async Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using FormUrlEncodedContent content = new(form.Select(static field => KeyValuePair.Create(field.Name, field.Value)));
        return await _browser.PostAsync(path, content, Cancel);
    }
}

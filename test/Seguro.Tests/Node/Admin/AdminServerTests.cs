using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Admin;
using Seguro.Node.Links;
using Seguro.Testing;

namespace Seguro.Tests.Node.Admin;

public sealed class AdminServerTests
{
    private const string Token = "0123456789abcdef";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_master_changes_the_optimism_and_says_so_when_it_is_in_force()
    {
        using TemporaryFolder folder = new();
        Desk desk = new(Role.Master);
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder), Cancel);
        using AdminClient client = new(folder["s"]);
        StatusReport report = await client.SetOptimismAsync(new OptimismRequest(2, null), Cancel);
        Assert.Equal(new OptimismRequest(2, "wait"), report.Optimism);
        Assert.Equal("a", (await client.ReadStatusAsync(Cancel)).Name);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => client.SetOptimismAsync(new OptimismRequest(3, null), Cancel));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        report = await client.ChangeMembersAsync(new MembersRequest(["d"], null), Cancel);
        Assert.Equal(["a", "b", "c", "d"], report.Members);
        error = await Assert.ThrowsAsync<SeguroException>(() => client.ChangeMembersAsync(new MembersRequest(["e"], null), Cancel));
        Assert.Equal(ErrorCode.NotAMember, error.Code);
        Assert.NotEqual("master", (await client.StepDownAsync(Cancel)).Role);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["s"]));
    }

    [Fact]
    public async Task A_disk_that_takes_no_socket_is_named_and_not_the_socket()
    {
        Assert.SkipUnless(TemporaryDisk.IsAllowed, "a disk can be mounted by root only");
        using TemporaryDisk disk = new("admin", 4);
        Directory.CreateDirectory(disk["there"]);
        disk.MakeReadOnly();
        foreach (string socket in (string[])[disk["there/s"], disk["none/s"]])
        {
            using TemporaryFolder folder = new();
            SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => AdminServer.StartAsync(new Desk(Role.Master).Options(folder) with { Socket = socket }, Cancel));
            Assert.Equal(ErrorCode.FileAccess, error.Code);
            Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_replica_hands_a_request_on_to_the_master_and_once_only()
    {
        using TemporaryFolder folder = new();
        Desk desk = new(Role.Replica) { Master = "b@77" };
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder), Cancel);
        using AdminClient client = new(folder["s"]);
        await client.SetOptimismAsync(new OptimismRequest(0, "degrade"), Cancel);
        Assert.Equal(("b", "/optimism"), Assert.Single(desk.Forwarded));
        Assert.Empty(desk.Asked);
        LinkReply reply = await desk.Actions.DoAsync("/stepdown", "{}"u8.ToArray(), forwarded: true, Cancel);
        Assert.Equal(503, reply.Status);
        Assert.Contains("a is not master; as far as it knows, b is", System.Text.Encoding.UTF8.GetString(reply.Body.Span), StringComparison.Ordinal);
        Assert.Single(desk.Forwarded);
    }

    [Fact]
    public async Task A_replica_that_can_not_reach_the_master_says_who_it_is_and_what_to_do()
    {
        Desk desk = new(Role.Replica) { Master = "b@77", Unreachable = true };
        LinkReply reply = await desk.Actions.DoAsync("/stepdown", "{}"u8.ToArray(), forwarded: false, Cancel);
        string text = System.Text.Encoding.UTF8.GetString(reply.Body.Span);
        Assert.Equal(503, reply.Status);
        Assert.Contains("b can", text, StringComparison.Ordinal);
        Assert.Contains("with the configuration of b", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_refused_with_what_to_do()
    {
        using TemporaryFolder folder = new();
        Desk desk = new(Role.Master);
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder), Cancel);
        using HttpClient http = Http(folder);
        foreach ((string path, string body, HttpStatusCode expected) in new (string, string, HttpStatusCode)[]
        {
            ("/optimism", "", HttpStatusCode.BadRequest),
            ("/optimism", "null", HttpStatusCode.BadRequest),
            ("/optimism", "{\"replicas\":\"x\"}", HttpStatusCode.BadRequest),
            ("/optimism", "{\"replicas\":1,\"onReplicaLoss\":\"never\"}", HttpStatusCode.BadRequest),
            ("/optimism", "{\"replicas\":1,\"unknown\":1}", HttpStatusCode.BadRequest),
            ("/members", "{\"join\":[\"A B\"]}", HttpStatusCode.BadRequest),
            ("/nothing", "{}", HttpStatusCode.NotFound),
        })
        {
            using StringContent content = new(body);
            using HttpResponseMessage response = await http.PostAsync(path, content, Cancel);
            Assert.Equal(expected, response.StatusCode);
            Assert.Contains("\"next\":", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        using ByteArrayContent large = new(new byte[LinkCommand.LargestBody + 1]);
        using HttpResponseMessage tooLarge = await http.PostAsync("/optimism", large, Cancel);
        Assert.False(tooLarge.IsSuccessStatusCode);
        Assert.Empty(desk.Asked);
    }

    [Fact]
    public async Task Https_asks_for_the_token()
    {
        using TemporaryFolder folder = new();
        using (CertificateAuthority authority = CertificateAuthority.Create(folder["c"], "test"))
            authority.Issue(folder["c"], new ClusterIdentity("test", "a"), ["127.0.0.1"]);
        using ClusterCertificates certificates = ClusterCertificates.Load(folder["c"]);
        HostAddress address = new("127.0.0.1", FreePort.Next());
        Desk desk = new(Role.Replica);
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder) with { Https = address, Certificates = certificates, Token = Token }, Cancel);
        using SocketsHttpHandler handler = new() { SslOptions = new() { CertificateChainPolicy = certificates.ClientOptions("127.0.0.1").CertificateChainPolicy } };
        using HttpClient http = new(handler) { BaseAddress = new Uri($"https://{address}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/status", Cancel)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token + "x");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/status", Cancel)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Who_is_not_in_the_list_of_members_is_not_healthy()
    {
        using TemporaryFolder folder = new();
        Desk desk = new(Role.Replica) { Members = ["b", "c"] };
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder), Cancel);
        using HttpClient http = Http(folder);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/health", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_socket_that_was_left_behind_is_taken_and_one_that_answers_is_not()
    {
        using TemporaryFolder folder = new();
        Desk desk = new(Role.Stopped);
        // Whoever bound it is gone; its name stays.
        using (System.Net.Sockets.Socket left = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            left.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(folder["bound"]));
            File.Move(folder["bound"], folder["s"]);
        }
        await using AdminServer server = await AdminServer.StartAsync(desk.Options(folder), Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => AdminServer.StartAsync(desk.Options(folder), Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        using HttpClient http = Http(folder);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/health", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("link")]
    [InlineData("link to nothing")]
    public async Task What_is_no_socket_is_left_alone(string what)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["kept"], "of somebody");
        switch (what)
        {
            case "file":
                File.WriteAllText(folder["s"], "of somebody");
                break;
            case "folder":
                Directory.CreateDirectory(folder["s"]);
                break;
            default:
                File.CreateSymbolicLink(folder["s"], what == "link" ? folder["kept"] : folder["nothing"]);
                break;
        }
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => AdminServer.StartAsync(new Desk(Role.Master).Options(folder), Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Contains(folder["s"], error.Message, StringComparison.Ordinal);
        Assert.Equal("of somebody", File.ReadAllText(folder["kept"]));
        Assert.True(what switch
        {
            "file" => File.ReadAllText(folder["s"]) == "of somebody",
            "folder" => Directory.Exists(folder["s"]),
            _ => new FileInfo(folder["s"]).LinkTarget is not null,
        });
    }

    [Fact]
    public async Task Strangers_who_stand_at_the_door_do_not_shut_it()
    {
        using TemporaryFolder folder = new();
        using (CertificateAuthority authority = CertificateAuthority.Create(folder["c"], "test"))
            authority.Issue(folder["c"], new ClusterIdentity("test", "a"), ["127.0.0.1"]);
        using ClusterCertificates certificates = ClusterCertificates.Load(folder["c"]);
        HostAddress address = new("127.0.0.1", FreePort.Next());
        System.Collections.Concurrent.ConcurrentBag<string> refused = [];
        await using AdminServer server = await AdminServer.StartAsync(
            new Desk(Role.Replica).Options(folder) with { Https = address, Certificates = certificates, Token = Token, Refused = refused.Add }, Cancel);
        List<System.Net.Sockets.Socket> strangers = [];
        try
        {
            // 20 addresses, 10 connections each, half of them with TLS: none says another word.
            for (int number = 0; number < 200; number++)
            {
                System.Net.Sockets.Socket stranger = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                strangers.Add(stranger);
                stranger.Bind(new IPEndPoint(IPAddress.Parse($"127.0.1.{1 + (number % 20)}"), 0));
                await stranger.ConnectAsync(IPAddress.Loopback, address.Port, Cancel);
                if (number % 2 == 0)
                    await SayHelloAsync(stranger);
            }
            using SocketsHttpHandler handler = new() { SslOptions = new() { CertificateChainPolicy = certificates.ClientOptions("127.0.0.1").CertificateChainPolicy } };
            using HttpClient http = new(handler) { BaseAddress = new Uri($"https://{address}"), Timeout = TimeSpan.FromSeconds(2) };
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/status", Cancel)).StatusCode);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health", Cancel)).StatusCode);
            using HttpClient local = Http(folder);
            Assert.Equal(HttpStatusCode.OK, (await local.GetAsync("/health", Cancel)).StatusCode);
            Assert.Contains(refused, static why => why.Contains("without having shown who they are", StringComparison.Ordinal));
            Assert.Contains(refused, static why => why.Contains("127.0.0.1: a request without a token", StringComparison.Ordinal));
        }
        finally
        {
            foreach (System.Net.Sockets.Socket stranger in strangers)
                stranger.Dispose();
        }

        async Task SayHelloAsync(System.Net.Sockets.Socket stranger)
        {
            try
            {
                System.Net.Security.SslStream tls = new(new System.Net.Sockets.NetworkStream(stranger), leaveInnerStreamOpen: true);
                System.Net.Security.SslClientAuthenticationOptions options = certificates.ClientOptions("127.0.0.1");
                await tls.AuthenticateAsClientAsync(options, Cancel);
            }
            catch (IOException)
            {
                // It was closed to make room.
            }
        }
    }

    [Fact]
    public void Metrics_are_written_as_Prometheus_reads_them()
    {
        string name = $"Test.{Guid.NewGuid()}";
        using PrometheusText text = new(name);
        using Meter meter = new(name);
        Counter<long> counter = meter.CreateCounter<long>("a.b-c", description: "line\nline");
        Histogram<double> histogram = meter.CreateHistogram<double>("took", "s");
        UpDownCounter<int> depth = meter.CreateUpDownCounter<int>("depth");
        meter.CreateObservableGauge("now", static () => 4.5);
        counter.Add(2, new KeyValuePair<string, object?>("reason", "a \"b\""));
        counter.Add(3, new KeyValuePair<string, object?>("reason", "a \"b\""));
        histogram.Record(0.003);
        histogram.Record(1000);
        depth.Add(5);
        depth.Add(-2);
        string written = text.Write();
        Assert.Contains("# HELP a_b_c_total line\\nline\n# TYPE a_b_c_total counter\na_b_c_total{reason=\"a \\\"b\\\"\"} 5\n", written, StringComparison.Ordinal);
        Assert.Contains("took_seconds_bucket{le=\"0.002\"} 0\ntook_seconds_bucket{le=\"0.005\"} 1\n", written, StringComparison.Ordinal);
        Assert.Contains("took_seconds_bucket{le=\"+Inf\"} 2\ntook_seconds_sum 1000.003\ntook_seconds_count 2\n", written, StringComparison.Ordinal);
        Assert.Contains("# TYPE depth gauge\ndepth 3\n", written, StringComparison.Ordinal);
        Assert.Contains("# TYPE now gauge\nnow 4.5\n", written, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_measured_any_more_is_not_written_any_more()
    {
        string name = $"Test.{Guid.NewGuid()}";
        using PrometheusText text = new(name);
        Meter first = new(name);
        bool isMaster = true;
        first.CreateObservableGauge("window", () => isMaster ? [new Measurement<long>(75)] : Array.Empty<Measurement<long>>());
        first.CreateObservableGauge("head", static () => 4);
        first.CreateCounter<long>("drops").Add(3);
        Assert.Contains("window 75\n", text.Write(), StringComparison.Ordinal);
        isMaster = false;
        string replica = text.Write();
        Assert.DoesNotContain("window", replica, StringComparison.Ordinal);
        Assert.Contains("head 4\n", replica, StringComparison.Ordinal);
        Assert.Contains("drops_total 3\n", replica, StringComparison.Ordinal);
        isMaster = true;
        Assert.Contains("window 75\n", text.Write(), StringComparison.Ordinal);
        // The same again by another meter, as at a second mastership: no series stands twice.
        first.Dispose();
        using Meter second = new(name);
        second.CreateObservableGauge("window", static () => 80);
        string[] lines = [.. text.Write().Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];
        Assert.Equal(["window 80"], lines);
    }

    private static HttpClient Http(TemporaryFolder folder) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            System.Net.Sockets.Socket socket = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
            await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(folder["s"]), cancel);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://member") };
}

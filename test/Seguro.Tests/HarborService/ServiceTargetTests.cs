using System.Net;
using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;
using Seguro.Tests.Harbor;

namespace Seguro.Tests.HarborService;

/// <summary>The suite of targets on a service; what it refuses is named, by the words of the service.</summary>
public sealed class ServiceTargetTests : RemoteTargetSuite, IAsyncLifetime
{
    private ServiceFixture _fixture = null!;

    public async ValueTask InitializeAsync() => _fixture = await ServiceFixture.StartAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task What_is_wrong_is_named()
    {
        await _fixture.AddAsync("nec");
        await FailsAsync(_fixture.Url("nec", key: "zod"), ErrorCode.AccessDenied, "not registered as nec's");
        await FailsAsync(_fixture.Url("zod", key: "zod", port: FreePort.Next()), ErrorCode.HarborUnavailable, "");
        await FailsAsync(_fixture.Url().Replace($"&authority={_fixture.Files.Certificate}", "", StringComparison.Ordinal), ErrorCode.HarborUnavailable, "certificate");
        await FailsAsync(_fixture.Url().Replace("127.0.0.1", "127.0.0.2", StringComparison.Ordinal), ErrorCode.HarborUnavailable, "");
        string known = Seguro.Harbor.Format.AccessKey.Create(_fixture["unknown"]);
        await FailsAsync(_fixture.Url(key: "unknown"), ErrorCode.AccessDenied, "owner add");
        await _fixture.Registry.AddAsync(new("zod", known, 1, 1, false, DateTimeOffset.UtcNow), Cancel);
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => HarborTarget.Open("harbor://127.0.0.1/zod")).Code);
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => HarborTarget.Open($"harbor://127.0.0.1/?key={_fixture.KeyFile("zod")}")).Code);
        Assert.Equal(ErrorCode.InsecureTransport, Assert.Throws<SeguroException>(() => HarborTarget.Open($"harbor://192.0.2.1/zod?plain=yes&key={_fixture.KeyFile("zod")}")).Code);
        File.SetUnixFileMode(_fixture.KeyFile("zod"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(ErrorCode.ExposedSecret, Assert.Throws<SeguroException>(() => HarborTarget.Open(_fixture.Url())).Code);
    }

    [Fact]
    public async Task Without_TLS_only_this_machine_is_served_and_a_proxy_says_whose_a_connection_is()
    {
        SeguroException open = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await using Seguro.HarborService.ServiceHost host = await Seguro.HarborService.ServiceHost.StartAsync(
                _fixture.Storage, _fixture.Options with { Listen = new IPEndPoint(IPAddress.Any, 0), Certificate = null }, Cancel);
        });
        Assert.Equal(ErrorCode.InsecureTransport, open.Code);
        await using Seguro.HarborService.ServiceHost plain = await Seguro.HarborService.ServiceHost.StartAsync(
            _fixture.Storage, _fixture.Options with { Certificate = null, Hosts = ["127.0.0.1"], AddressRate = 0.01, Burst = 200 }, Cancel);
        await using IHarborTarget target = HarborTarget.Open($"harbor://127.0.0.1:{plain.Address.Port}/zod?plain=yes&key={_fixture.KeyFile("zod")}");
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1, 2]), Cancel));
        Assert.Equal([1, 2], await ReadAsync(target, "a/e/1", null));
        // Two requests of an address are all that there is: the two above were loopback's.
        using HttpClient proxy = new();
        List<int> answers = [];
        foreach (string address in new[] { "192.0.2.1", "192.0.2.1", "10.0.0.1, 192.0.2.1", "192.0.2.2" })
        {
            using HttpRequestMessage request = new(HttpMethod.Get, $"http://127.0.0.1:{plain.Address.Port}/health");
            request.Headers.Add("X-Forwarded-For", address);
            using HttpResponseMessage answer = await proxy.SendAsync(request, Cancel);
            answers.Add((int)answer.StatusCode);
        }
        Assert.Equal([200, 200, 429, 200], answers);
    }

    [Fact]
    public async Task A_certificate_that_expires_soon_is_told_once_a_day()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(options => options with { Time = time });
        Assert.Equal(1, Count()); // it is good for two days
        time.Advance(TimeSpan.FromDays(1.1));
        foreach (int _ in Enumerable.Range(0, 3))
        {
            time.Advance(TimeSpan.FromSeconds(11));
            await using RawClient client = await RawClient.ConnectAsync(fixture.Host.Address.Port);
        }
        Assert.Equal(2, Count());

        int Count()
        {
            lock (fixture.Told)
                return fixture.Told.Count(static text => text.Contains("expire", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_removal_that_was_signed_for_another_provider_is_refused_behind_a_proxy_too()
    {
        Seguro.HarborService.ServiceOptions options = _fixture.Options with { Certificate = null };
        Assert.Equal(ErrorCode.InsecureTransport, (await Assert.ThrowsAsync<SeguroException>(() => Seguro.HarborService.ServiceHost.StartAsync(_fixture.Storage, options, Cancel))).Code);
        await using Seguro.HarborService.ServiceHost ours = await Seguro.HarborService.ServiceHost.StartAsync(_fixture.Storage, options with { Hosts = ["ours.example", "other.example:444"] }, Cancel);
        await _fixture.Storage.PutAsync("ships/zod/a/e/1", new MemoryStream([1]), Cancel);
        foreach ((string host, int port, int status) in new[] { ("theirs.example", 443, 421), ("ours.example.theirs.example", 443, 421), ("other.example", 443, 421), ("OURS.example", 8443, 204), ("other.example", 444, 204) })
        {
            using System.Net.Sockets.TcpClient proxy = new("127.0.0.1", ours.Address.Port);
            await proxy.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(RawClient.Signed(_fixture.KeyFile("zod"), port, "DELETE", "/v1/zod/o/a/e/1", host: host)), Cancel);
            using StreamReader answer = new(proxy.GetStream());
            Assert.StartsWith($"HTTP/1.1 {status} ", await answer.ReadLineAsync(Cancel), StringComparison.Ordinal);
            Assert.Equal(status == 421, await _fixture.Storage.ListAsync("ships/zod/a", Cancel).AnyAsync(Cancel));
        }
    }

    [Fact]
    public async Task A_certificate_is_replaced_while_it_runs()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(options => options with { Time = time });
        await using (IHarborTarget before = fixture.Open())
            Assert.True(await before.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        string old = await File.ReadAllTextAsync(fixture.Files.Certificate, Cancel);
        ServiceCertificateFiles made = ServiceCertificateFiles.Make(fixture["next"]);
        File.Copy(made.Certificate, fixture.Files.Certificate, overwrite: true);
        File.Copy(made.Key, fixture.Files.Key, overwrite: true);
        File.SetLastWriteTimeUtc(fixture.Files.Key, DateTime.UtcNow.AddSeconds(5));
        time.Advance(TimeSpan.FromSeconds(11));
        await using IHarborTarget after = fixture.Open();
        Assert.False(await after.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        await File.WriteAllTextAsync(fixture["old.crt"], old, Cancel);
        await FailsAsync(fixture.Url().Replace(fixture.Files.Certificate, fixture["old.crt"], StringComparison.Ordinal), ErrorCode.HarborUnavailable, "certificate");
        Assert.Contains(fixture.Told, static told => told.Contains("was replaced", StringComparison.Ordinal));
    }

    [Fact]
    public Task Lists_100_000_objects() => AssertListsManyAsync(Path.Combine(_fixture["storage"], "ships", "zod"));

    protected override int ServerPort => _fixture.Host.Address.Port;

    protected override IHarborTarget Open() => _fixture.Open();

    protected override IHarborTarget OpenAt(int port) => HarborTarget.Open(_fixture.Url(port: port));

    private static async Task FailsAsync(string url, ErrorCode code, string words)
    {
        await using IHarborTarget target = HarborTarget.Open(url);
        SeguroException failed = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await foreach (TargetObject _ in target.ListAsync("a", Cancel))
                Assert.Fail("there is nothing");
        });
        Assert.Equal(code, failed.Code);
        Assert.Contains(words, $"{failed.Message} {failed.NextStep}", StringComparison.Ordinal);
    }
}

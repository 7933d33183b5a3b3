using System.Net.Sockets;
using Seguro.Core;
using Seguro.Harbor.Targets;

namespace Seguro.Tests.HarborService;

/// <summary>Whoever means no good gets a clear refusal, and others go on.</summary>
public sealed class HostileClientTests : IAsyncLifetime
{
    private ServiceFixture _fixture = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Port => _fixture.Host.Address.Port;

    public async ValueTask InitializeAsync() => _fixture = await ServiceFixture.StartAsync(static options => options with { Grace = TimeSpan.FromSeconds(1.5), LargestObject = 1 << 20 });

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData("/v1/zod/o/../nec/e/1")]
    [InlineData("/v1/zod/o/..%2fnec/e/1")]
    [InlineData("/v1/zod/o/%2e%2e/nec/e/1")]
    [InlineData("/v1/zod/o//etc/passwd")]
    [InlineData("/v1/zod/o/a\\e\\1")]
    [InlineData("/v1/zod/o/a/e/1?x=1")]
    [InlineData("/v1/zod/o/.hidden")]
    [InlineData("/v1/zod/o/a/./e")]
    [InlineData("/v1/zod/o/a/e/")]
    [InlineData("/v1/zod/o/a/e/1%00")]
    [InlineData("/v1/../v1/zod/o/a")]
    [InlineData("/v1/zod/list/..")]
    [InlineData("/v1/./o/a")]
    [InlineData("/v1/zod%2f..%2fnec/o/a")]
    [InlineData("/../../etc/passwd")]
    public async Task A_path_that_is_a_trick_is_none(string target)
    {
        (int status, string body) = await RawClient.AskAsync(Port, RawClient.Signed(_fixture.KeyFile("zod"), Port, "GET", target));
        Assert.True(status is 400 or 404, $"{status} {body}");
        Assert.DoesNotContain(_fixture["storage"], body, StringComparison.Ordinal);
        Assert.DoesNotContain("such object", body, StringComparison.Ordinal); // it was not even looked for
    }

    [Fact]
    public async Task Anothers_ship_is_refused_with_the_reason()
    {
        await _fixture.AddAsync("nec");
        await using IHarborTarget zod = _fixture.Open();
        await using IHarborTarget thief = _fixture.Open("zod", key: "nec");
        await using IHarborTarget nec = _fixture.Open("nec");
        Assert.True(await zod.PutAsync("a/e/1", new MemoryStream([1, 2, 3]), Cancel));
        foreach (Func<Task> attempt in new Func<Task>[]
        {
            async () => await thief.PutAsync("a/e/2", new MemoryStream([1]), Cancel),
            async () => await thief.GetAsync("a/e/1", null, Cancel),
            () => thief.DeleteAsync("a/e/1", Cancel),
            async () => Assert.Empty(await thief.ListAsync("a", Cancel).ToListAsync(Cancel)),
            async () => Assert.Empty(await ((IHarborAccount)thief).ReadAuditAsync(Cancel).ToListAsync(Cancel)),
        })
        {
            SeguroException refused = await Assert.ThrowsAsync<SeguroException>(attempt);
            Assert.Equal(ErrorCode.AccessDenied, refused.Code);
            Assert.Contains("not registered as zod's", refused.Message, StringComparison.Ordinal);
        }
        // Under his own name he finds nothing, and what he puts there is not the other's.
        Assert.Empty(await nec.ListAsync("a", Cancel).ToListAsync(Cancel));
        Assert.True(await nec.PutAsync("a/e/1", new MemoryStream([9]), Cancel));
        Assert.Equal(3, (await zod.ListAsync("a", Cancel).SingleAsync(Cancel)).Size);
    }

    [Fact]
    public async Task A_key_that_only_adds_removes_nothing_but_tries()
    {
        await _fixture.AddAsync("zod", key: "host", addsOnly: true);
        await using IHarborTarget host = _fixture.Open("zod", key: "host");
        await using IHarborTarget owner = _fixture.Open();
        await TargetProbe.RunAsync(host, Cancel);
        Assert.True(await host.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => host.DeleteAsync("a/e/1", Cancel));
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);
        Assert.Contains("removes nothing", refused.Message, StringComparison.Ordinal);
        await owner.DeleteAsync("a/e/1", Cancel);
        Assert.Empty(await owner.ListAsync("a", Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task What_is_not_signed_or_signed_for_something_else_is_refused()
    {
        string key = _fixture.KeyFile("zod");
        byte[] body = [1, 2, 3];
        string good = RawClient.Signed(key, Port, "PUT", "/v1/zod/o/a/e/1", body);
        Assert.Equal(401, await StatusAsync(good.Replace("Authorization", "X-Nothing", StringComparison.Ordinal)));
        Assert.Equal(401, await StatusAsync(good.Replace("/a/e/1", "/a/e/2", StringComparison.Ordinal), body));
        Assert.Equal(401, await StatusAsync(RawClient.Signed(key, Port, "GET", "/v1/zod/o/a/e/1").Replace("GET /", "DELETE /", StringComparison.Ordinal)));
        Assert.Equal(400, await StatusAsync(good, [1, 2, 4])); // another body
        (int status, string text) = await RawClient.AskAsync(Port, RawClient.Signed(key, Port, "GET", "/v1/zod/list/a", time: DateTimeOffset.UtcNow.AddMinutes(-12)));
        Assert.Equal(428, status);
        Assert.Contains("s behind the service's", text, StringComparison.Ordinal);
        Assert.Equal(428, await StatusAsync(RawClient.Signed(key, Port, "GET", "/v1/zod/list/a", time: DateTimeOffset.UtcNow.AddMinutes(12))));
        Assert.Equal(421, await StatusAsync(RawClient.Signed(key, Port, "GET", "/v1/zod/list/a", host: "other.example"))); // for another provider
        Assert.Equal(201, await StatusAsync(RawClient.Signed(key, Port, "PUT", "/v1/zod/o/a/e/1", body), body));
    }

    [Fact]
    public async Task A_repeated_request_is_refused_by_each_instance()
    {
        await using ServiceFixture two = await ServiceFixture.StartAsync(instances: 2);
        (int first, int second) = (two.Hosts[0].Address.Port, two.Hosts[1].Address.Port);
        await using IHarborTarget target = two.Open();
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        // Both instances are known by one name, as behind a balancer.
        string head = RawClient.Signed(two.KeyFile("zod"), first, "DELETE", "/v1/zod/o/a/e/1");
        Assert.Equal(204, (await RawClient.AskAsync(first, head)).Status);
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([2]), Cancel)); // written again, as a repair does
        (int status, string body) = await RawClient.AskAsync(first, head);
        Assert.Equal((409, true), (status, body.Contains("was here before", StringComparison.Ordinal)));
        (status, body) = await RawClient.AskAsync(second, head);
        Assert.Equal((409, true), (status, body.Contains("was here before", StringComparison.Ordinal)));
        Assert.Single(await target.ListAsync("a", Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_body_without_end_or_length_or_that_does_not_come_takes_nobodys_place()
    {
        string key = _fixture.KeyFile("zod");
        // Longer than may be; without a length; longer than it says.
        string large = RawClient.Signed(key, Port, "PUT", "/v1/zod/o/a/e/1", []).Replace("Content-Length: 0", "Content-Length: 99999999999", StringComparison.Ordinal);
        Assert.Equal(413, await StatusAsync(large));
        Assert.Equal(411, await StatusAsync(RawClient.Signed(key, Port, "PUT", "/v1/zod/o/a/e/1", more: "Transfer-Encoding: chunked\r\n")));
        // A stranger's body is not read at all.
        Assert.Equal(401, await StatusAsync($"PUT /v1/zod/o/a/e/1 HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\nContent-Length: 1000000\r\n\r\n"));
        // One that stops in the middle, and heads that never end: both are given up, and nothing is kept.
        await using RawClient stops = await RawClient.ConnectAsync(Port);
        await stops.WriteAsync(RawClient.Signed(key, Port, "PUT", "/v1/zod/o/a/e/1", new byte[100_000]) + "only this");
        await using RawClient never = await RawClient.ConnectAsync(Port);
        await never.WriteAsync("GET /health HTTP/1.1\r\nHost: ");
        Assert.True((await stops.ReadAnswerAsync()).Status is 0 or 408 or 400);
        Assert.True((await never.ReadAnswerAsync()).Status is 0 or 408 or 400);
        Assert.Equal(431, await StatusAsync($"GET /health HTTP/1.1\r\nHost: a\r\nX: {new string('x', 20_000)}\r\n\r\n"));
        await using IHarborTarget target = _fixture.Open();
        Assert.Empty(await target.ListAsync("a", Cancel).ToListAsync(Cancel));
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
    }

    [Fact]
    public async Task A_flood_is_refused_by_address_and_by_owner_and_others_go_on()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(
            static options => options with { OwnerRate = 0.001, Burst = 30_000, AddressRate = 0.005 }); // 30 of an owner, 150 of an address
        int port = fixture.Host.Address.Port;
        List<int> answers = [];
        for (int i = 0; i < 35; i++)
            answers.Add((await RawClient.AskAsync(port, RawClient.Signed(fixture.KeyFile("zod"), port, "GET", "/v1/zod/o/a/e/1"))).Status);
        Assert.Equal((30, 5), (answers.Count(static one => one == 404), answers.Count(static one => one == 429)));
        await fixture.AddAsync("nec");
        Assert.Equal(404, (await RawClient.AskAsync(port, RawClient.Signed(fixture.KeyFile("nec"), port, "GET", "/v1/nec/o/a/e/1"))).Status);
        // Who shows no key uses his address's share up twenty times as fast, and then nothing of his is even looked at.
        answers.Clear();
        for (int i = 0; i < 10; i++)
            answers.Add((await RawClient.AskAsync(port, $"GET /v1/zod/o/a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).Status);
        Assert.InRange(answers.Count(static one => one == 401), 4, 7);
        Assert.Equal(429, answers[^1]);
    }

    [Fact]
    public async Task Strangers_who_stand_at_the_door_do_not_shut_it()
    {
        List<TcpClient> standing = [];
        for (int i = 0; i < 80; i++)
        {
            TcpClient one = new();
            standing.Add(one);
            try
            {
                await one.ConnectAsync("127.0.0.1", Port, Cancel);
            }
            catch (SocketException)
            {
                // More than may stand there: closed while it connected.
            }
        }
        // 64 of an address may stand there; they are let go after the time for a handshake, and then there is room again.
        await using IHarborTarget target = _fixture.Open();
        Seguro.Harbor.Reading.HarborFolder folder = new(target, "a", TimeProvider.System);
        bool isMade = false;
        for (int attempt = 0; !isMade; attempt++)
        {
            try
            {
                isMade = await folder.PutAsync("e/1", new MemoryStream([1]), Cancel);
            }
            catch (SeguroException away) when (away.Code is ErrorCode.HarborUnavailable && attempt < 20)
            {
                // Its places are taken for a second.
            }
        }
        foreach (TcpClient one in standing)
            one.Dispose();
    }

    private async Task<int> StatusAsync(string head, byte[]? body = null) => (await RawClient.AskAsync(Port, head, body)).Status;
}

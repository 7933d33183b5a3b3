using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;
using Seguro.Testing;

namespace Seguro.Tests.Node.Startup;

public sealed class OwnAddressTests : IDisposable
{
    private static readonly IPAddress OfDebian = IPAddress.Parse("127.0.1.1");
    private static readonly IPAddress Lan = IPAddress.Parse("10.0.0.2");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("b.example")]
    [InlineData("10.0.0.2")]
    public async Task A_name_that_is_loopback_here_is_refused_where_another_member_is_elsewhere(string other)
    {
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => CheckAsync("a.example", other, ("a.example", OfDebian), ("b.example", Lan)));
        Assert.Equal(ErrorCode.BadValue, refused.Code);
        Assert.Contains("a's name a.example is 127.0.1.1 on this machine, where b at 10.0.0.2 can't reach it", refused.Message, StringComparison.Ordinal);
        Assert.Contains("member:listen", refused.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public Task Members_on_one_machine_may_be_loopback() => CheckAsync("a.example", "b.example", ("a.example", OfDebian), ("b.example", OfDebian));

    [Fact]
    public Task A_name_that_others_reach_is_taken() => CheckAsync("a.example", "b.example", ("a.example", IPAddress.Parse("10.0.0.1")), ("b.example", Lan));

    [Fact]
    public Task What_can_not_be_looked_up_is_no_proof() => CheckAsync("a.example", "b.example", ("a.example", OfDebian));

    [Fact]
    public async Task Who_says_where_to_listen_is_not_asked()
    {
        NodeConfiguration configuration = Configuration("a.example", "b.example") with { Listen = new HostAddress("0.0.0.0", 1) };
        await OwnAddress.CheckAsync(configuration, static (_, _) => throw new InvalidOperationException(), Cancel);
    }

    private Task CheckAsync(string self, string other, params (string Name, IPAddress Address)[] hosts) => OwnAddress.CheckAsync(
        Configuration(self, other),
        (name, _) => Array.Find(hosts, host => host.Name == name) is { Address: { } found }
            ? Task.FromResult<IPAddress[]>([found])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
        Cancel);

    private NodeConfiguration Configuration(string self, string other)
    {
        File.WriteAllText(_folder["seguro.json"], $$"""
            {
              "ship": { "name": "~zod" }, "member": { "name": "a" }, "store": "sqlite:{{_folder["log.db"]}}", "optimism": 0, "allowUnsafeSettings": true,
              "members": { "a": { "links": "{{self}}:1" }, "b": { "links": "{{other}}:1" } }
            }
            """);
        return ConfigurationReader.Read(_folder["seguro.json"], []);
    }
}

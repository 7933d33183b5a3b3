using System.Net;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Node.Effects;
using Seguro.Testing;

namespace Seguro.Tests.Node.Effects;

/// <summary>Where a ship on vere is reached, as its king's arguments and its king's own file say.</summary>
public sealed class VerePortsTests
{
    [Theory]
    [InlineData("-p 31337 --http-port 8080", 31337)]
    [InlineData("--http-port 8080 --ames-port 4000", 4000)]
    [InlineData("--ames-port=4001", 4001)]
    [InlineData("-p4002", 4002)]
    [InlineData("--http-port 8080", 0)]
    [InlineData("-p", 0)]
    [InlineData("-p 70000", 0)]
    public void The_kings_arguments_name_the_port_of_its_datagrams(string arguments, int port) => Assert.Equal(port, VerePorts.UdpPortOf(arguments.Split(' ')));

    [Theory]
    [InlineData("12321 insecure loopback\n8080 insecure public\n", 8080)]
    [InlineData("8443 secure public\n8080 insecure public\n12321 insecure loopback\n", 8080)]
    [InlineData("12321 insecure loopback\n", 0)]
    [InlineData("8443 secure public\n", 0)]
    [InlineData("", 0)]
    [InlineData("x insecure public\n99999 insecure public", 0)]
    public void The_kings_file_names_the_port_for_http(string text, int port) => Assert.Equal(port, VerePorts.HttpPortOf(text));

    [Fact]
    public async Task What_a_king_wrote_in_an_earlier_life_is_not_believed()
    {
        using TemporaryFolder pier = new("ports");
        string file = pier[".http.ports"];
        await File.WriteAllTextAsync(file, "8080 insecure public\n", TestContext.Current.CancellationToken);
        BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), new HostAddress("127.0.0.1", FreePort.Next()), static () => MemberKey.Create(), TimeProvider.System);
        await using VerePorts ports = new(link, pier.Path, ["-p", "4000"]);
        ports.ChangeRole(Role.Replica, new Term(1));
        Assert.True(File.Exists(file));
        ports.ChangeRole(Role.Master, new Term(2));
        Assert.False(File.Exists(file));
        // The new king's own stays, whatever is said of the role again.
        await File.WriteAllTextAsync(file, "8081 insecure public\n", TestContext.Current.CancellationToken);
        ports.ChangeRole(Role.Master, new Term(2));
        Assert.True(File.Exists(file));
    }
}

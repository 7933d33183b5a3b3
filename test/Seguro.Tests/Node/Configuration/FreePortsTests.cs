using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Seguro.Node.Configuration;

namespace Seguro.Tests.Node.Configuration;

public class FreePortsTests
{
    [Fact]
    public void Servers_get_ports_that_no_outgoing_connection_can_take()
    {
        int first = int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t')[0], CultureInfo.InvariantCulture);
        Assert.SkipUnless(first > 11_000, "The kernel gives nearly all ports to connections here.");

        int[] ports = FreePorts.Take(50);

        Assert.Equal(50, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 1024, first - 1));
    }

    [Fact]
    public void A_port_in_use_is_not_given()
    {
        using Socket used = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        used.Bind(new IPEndPoint(IPAddress.Loopback, FreePorts.Take(1)[0]));
        int port = ((IPEndPoint)used.LocalEndPoint!).Port;

        for (int i = 0; i < 40; i++)
            Assert.DoesNotContain(port, FreePorts.Take(500));
    }
}

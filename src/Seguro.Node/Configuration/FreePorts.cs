using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Node.Configuration;

/// <summary>Ports of loopback for servers that have none given.</summary>
public static class FreePorts
{
    private const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
    private const int First = 10_000;
    private const int Usual = 32_768;
    private const int Enough = 1_000;

    /// <summary>Different ports that nobody uses now, by TCP or UDP.</summary>
    /// <remarks>
    /// None of those that the kernel gives to outgoing connections: such a connection would take the port away while its server is down for a moment, and the server could not start again.
    /// </remarks>
    /// <param name="count">How many.</param>
    /// <exception cref="SocketException">No sockets can be had.</exception>
    public static int[] Take(int count)
    {
        int end = EndOfServers();
        List<Socket> held = [];
        SortedSet<int> ports = [];
        try
        {
            while (ports.Count < count)
            {
                int port = Random.Shared.Next(First, end);
                if (!ports.Contains(port) && TryBind(held, port))
                    ports.Add(port);
            }
        }
        finally
        {
            foreach (Socket socket in held)
                socket.Dispose();
        }
        return [.. ports];
    }

    private static bool TryBind(List<Socket> held, int port)
    {
        foreach ((SocketType type, ProtocolType protocol) in ((SocketType, ProtocolType)[])[(SocketType.Stream, ProtocolType.Tcp), (SocketType.Dgram, ProtocolType.Udp)])
        {
            Socket socket = new(AddressFamily.InterNetwork, type, protocol);
            held.Add(socket);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                return false;
            }
        }
        return true;
    }

    // Where nearly all ports are the kernel's to give, one of them must do.
    private static int EndOfServers()
    {
        if (!File.Exists(Range) || !int.TryParse(File.ReadAllText(Range).Split('\t', ' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int end))
            return Usual;
        return end >= First + Enough ? end : 65_536;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Seguro.Testing;

/// <summary>Ports on loopback that nobody uses.</summary>
public static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that is free now and that this process was not given before.</summary>
    public static int Next()
    {
        while (true)
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            lock (Given)
            {
                if (Given.Add(port))
                    return port;
            }
        }
    }
}

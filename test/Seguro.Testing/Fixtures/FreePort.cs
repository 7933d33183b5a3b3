using System.Net;
using System.Net.Sockets;
using Seguro.Node.Configuration;

namespace Seguro.Testing;

/// <summary>Ports on loopback that nobody uses.</summary>
public static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <summary>The first of so many UDP ports of loopback in a row that are free now and that this process was not given before.</summary>
    public static int Row(int count)
    {
        while (true)
        {
            int first = Next();
            int[] rest = [.. Enumerable.Range(first + 1, count - 1)];
            if (rest.All(static port => port <= IPEndPoint.MaxPort && IsFree(port)))
            {
                lock (Given)
                {
                    if (!rest.Any(Given.Contains))
                    {
                        Given.UnionWith(rest);
                        return first;
                    }
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port that is free now and that this process was not given before.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = FreePorts.Take(1)[0];
            lock (Given)
            {
                if (Given.Add(port))
                    return port;
            }
        }
    }
}

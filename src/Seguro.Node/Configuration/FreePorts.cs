using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Node.Configuration;

/// <summary>Ports of loopback for servers that have none given.</summary>
public static class FreePorts
{
    private const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
    private const int First = 10_000;
    private const int Usual = 32_768;
    private const int Enough = 1_000;
    private const int MostAttempts = 10_000;

    /// <summary>Different ports that nobody uses now, by TCP or UDP.</summary>
    /// <remarks>
    /// None of those that the kernel gives to outgoing connections: such a connection would take the port away while its server is down for a moment, and the server could not start again.
    /// They are free when this returns, and not held: whoever needs them binds them soon. Safe for use by several threads at a time.
    /// </remarks>
    /// <param name="count">How many.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: nearly all are in use.</exception>
    /// <exception cref="SocketException">No sockets can be had.</exception>
    public static int[] Take(int count)
    {
        int end = EndOfServers();
        List<Socket> held = [];
        SortedSet<int> ports = [];
        try
        {
            for (int attempt = 0; ports.Count < count; attempt++)
            {
                if (attempt == MostAttempts)
                    throw new SeguroException(ErrorCode.BadValue, $"no {count} free ports were found on loopback between {First} and {end - 1}", "Name ports with --base-port.");
                int port = Random.Shared.Next(First, end);
                if (TryHold(held, port, SocketType.Stream, ProtocolType.Tcp) && TryHold(held, port, SocketType.Dgram, ProtocolType.Udp))
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

    // A port that is held already is in use, too.
    private static bool TryHold(List<Socket> held, int port, SocketType type, ProtocolType protocol)
    {
        Socket socket = new(AddressFamily.InterNetwork, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            held.Add(socket);
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            socket.Dispose();
            return false;
        }
    }

    // Where nearly all ports are the kernel's to give, one of them must do.
    private static int EndOfServers()
    {
        if (!File.Exists(Range) || !int.TryParse(File.ReadAllText(Range).Split('\t', ' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int end))
            return Usual;
        return end >= First + Enough ? end : 65_536;
    }
}

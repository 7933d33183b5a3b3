using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node needs of an address beyond what a client does.</summary>
public static class NodeAddress
{
    /// <summary>Reads <c>HOST:PORT</c> or <c>[IPV6]:PORT</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static HostAddress Parse(string text) => HostAddress.TryParse(text, out HostAddress address)
        ? address
        : throw new SeguroException(ErrorCode.BadValue, $"'{text}' is not the address of a node", "Write HOST:PORT, such as 10.0.0.1:9000 or [fd00::1]:9000.");

    /// <summary>It is an IPv4 literal of 127.0.0.0/8: no other machine can reach it, and dqlite can bind to it.</summary>
    public static bool IsIPv4Loopback(this HostAddress address) =>
        Uri.CheckHostName(address.Host) == UriHostNameType.IPv4 && IPAddress.TryParse(address.Host, out IPAddress? literal) && IPAddress.IsLoopback(literal);

    /// <summary>The IP addresses to try, in order. A name is looked up.</summary>
    /// <exception cref="SocketException">The name is not known.</exception>
    public static IPEndPoint[] Resolve(this HostAddress address) => IPAddress.TryParse(address.Host, out IPAddress? literal)
        ? [new IPEndPoint(literal, address.Port)]
        : [.. Dns.GetHostAddresses(address.Host).Select(found => new IPEndPoint(found, address.Port))];
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Where a node is reached: <c>HOST:PORT</c>, the host a name, an IPv4 address, or an IPv6 address in brackets.</summary>
/// <param name="Host">Without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct NodeAddress(string Host, int Port)
{
    /// <summary>Reads an address.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static NodeAddress Parse(string text) => TryParse(text, out NodeAddress address)
        ? address
        : throw new SeguroException(ErrorCode.BadValue, $"'{text}' is not the address of a node", "Write HOST:PORT, such as 10.0.0.1:9000 or [fd00::1]:9000.");

    /// <summary>Reads an address.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeAddress address)
    {
        address = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            return false;
        string host = text![..colon];
        bool bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        if (bracketed)
            host = host[1..^1];
        UriHostNameType type = Uri.CheckHostName(host);
        if (type is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6) || bracketed != (type == UriHostNameType.IPv6))
            return false;
        address = new NodeAddress(host, port);
        return true;
    }

    /// <summary>It is an IPv4 literal of 127.0.0.0/8, which no other machine can reach.</summary>
    public bool IsLoopback => Uri.CheckHostName(Host) == UriHostNameType.IPv4 && IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address);

    /// <summary>The IP addresses to try, in order. A name is looked up.</summary>
    /// <exception cref="SocketException">The name is not known.</exception>
    public IPEndPoint[] Resolve()
    {
        int port = Port;
        return IPAddress.TryParse(Host, out IPAddress? literal)
            ? [new IPEndPoint(literal, port)]
            : [.. Dns.GetHostAddresses(Host).Select(address => new IPEndPoint(address, port))];
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

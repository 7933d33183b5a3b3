using System.Globalization;
using System.Net;

namespace Seguro.Core;

#pragma warning disable RS0030 // An address is read here as text; nothing is looked up or connected to.

/// <summary>Where a server, a member or a node of a database is reached.</summary>
/// <param name="Host">A name, an IPv4 literal, or an IPv6 literal without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct HostAddress(string Host, int Port)
{
    /// <summary>The host is a loopback literal or <c>localhost</c>.</summary>
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Reads <c>HOST:PORT</c> or <c>[IPV6]:PORT</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out HostAddress address)
    {
        address = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
            return false;
        ReadOnlySpan<char> host = text[..colon];
        if (host[0] == '[')
        {
            if (host[^1] != ']' || !IPAddress.TryParse(host[1..^1], out _))
                return false;
            host = host[1..^1];
        }
        else if (Uri.CheckHostName(host.ToString()) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }
        address = new HostAddress(host.ToString(), port);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

using System.Net;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Node.Admin;

/// <summary>Where the admin API is, and what is behind it.</summary>
public sealed record AdminOptions
{
    /// <summary>The Unix socket; only its owner may use it. At most <see cref="AdminServer.LongestSocket"/> bytes.</summary>
    public required string Socket { get; init; }

    /// <summary>Where it is served by HTTPS as well.</summary>
    public HostAddress? Https { get; init; }

    /// <summary>The certificates, for HTTPS; not owned.</summary>
    public ClusterCertificates? Certificates { get; init; }

    /// <summary>The token that HTTPS asks for: <c>Authorization: Bearer TOKEN</c>.</summary>
    public string? Token { get; init; }

    /// <summary>Where it is served for reading without encryption or a token as well: an address of loopback.</summary>
    public IPEndPoint? Http { get; init; }

    /// <summary>Hears who entered the dashboard, and what was asked for there.</summary>
    public Action<string>? Audit { get; init; }

    /// <summary>Hears why somebody was refused, each time.</summary>
    public Action<string>? Refused { get; init; }

    /// <summary>The node's only ship: paths without a ship's name are its own; <see langword="null"/> where the node holds many.</summary>
    public AdminShip? Ship { get; init; }

    /// <summary>All ships of the node, under <c>/ships/NAME</c>; <see langword="null"/>: nothing is there.</summary>
    public AdminShips? Ships { get; init; }
}

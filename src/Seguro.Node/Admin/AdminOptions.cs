using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Members;

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

    /// <summary>Hears why somebody was refused, each time.</summary>
    public Action<string>? Refused { get; init; }

    /// <summary>How the member stands.</summary>
    public required Func<StatusReport> Status { get; init; }

    /// <summary>What changed in the cluster, as the member saw it.</summary>
    public Func<IReadOnlyList<HistoryEntry>> History { get; init; } = static () => [];

    /// <summary>What can be changed.</summary>
    public required AdminActions Actions { get; init; }
}

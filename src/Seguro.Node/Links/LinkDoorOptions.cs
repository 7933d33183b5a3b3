using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Node.Links;

/// <summary>What all links of a node have in common, of whatever ship: who it is, where it listens, whom it trusts, how patient it is.</summary>
public record LinkDoorOptions
{
    /// <summary>This member's name; that of its certificate.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others reach this member's links; the host must be in its certificate.</summary>
    public required HostAddress Address { get; init; }

    /// <summary>Where to listen, when that is not <see cref="Address"/> (behind address translation).</summary>
    public HostAddress? Listen { get; init; }

    /// <summary>The cluster's certificates; not owned.</summary>
    public required ClusterCertificates Certificates { get; init; }

    /// <summary>Who is let in.</summary>
    public required AccessList Access { get; init; }

    /// <summary>Hears why somebody was refused, each time. From any thread.</summary>
    public Action<string>? Refused { get; init; }

    /// <summary>Hears of links that come and go. From any thread.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>
    /// The most payload bytes of one push. A push with more is cut to the events that fit before it, perhaps none: who gets it reads the rest from the store,
    /// where a large event hinders no sign of life.
    /// </summary>
    public int LargestPush { get; init; } = 8 << 20;

    /// <summary>How long making a connection may take, encryption included.</summary>
    public TimeSpan ConnectTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After how long without a sign the other side is asked for one; at least a second.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long that answer may take before the link is given up; at least a second.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many ships may have links through it: each has a stream with each node.</summary>
    public int MostShips { get; init; } = 1;
}

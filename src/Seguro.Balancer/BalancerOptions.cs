using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>How a balancer is set up.</summary>
public sealed record BalancerOptions
{
    /// <summary>The most members that get what comes in.</summary>
    public const int MaxMembers = 16;

    /// <summary>The public address: outside peers send here, and see what is released come from here.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The address on the members' network: hellos and effects come in here, and the copies leave from here. Never let the world reach it.</summary>
    public required IPEndPoint Inside { get; init; }

    /// <summary>Members that get what comes in even if they never announce themselves; at most <see cref="MaxMembers"/>. Names are looked up again and again.</summary>
    public IReadOnlyList<HostAddress> Members { get; init; } = [];

    /// <summary>What the members authenticate themselves with.</summary>
    public required ClusterKey Key { get; init; }

    /// <summary>Bytes of buffer to ask the kernel for, for each socket and direction; it grants no more than <c>net.core.rmem_max</c> and <c>wmem_max</c>.</summary>
    public int BufferBytes { get; init; } = 8 << 20;
}

using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Links;

namespace Seguro.Node.Ships;

/// <summary>What the members of a node have in common; all of it is the node's own.</summary>
sealed record NodeParts
{
    /// <summary>The node's certificates.</summary>
    public required ClusterCertificates Certificates { get; init; }

    /// <summary>Where links come in and go out.</summary>
    public required LinkDoor Door { get; init; }

    /// <summary>Who was refused.</summary>
    public required RefusedConnections Refused { get; init; }

    /// <summary>The store, when it is open; throws what opening it did.</summary>
    public required Func<CancellationToken, Task<SharedStore>> Store { get; init; }

    /// <summary>The node's lease, where it holds many ships; else <see langword="null"/>, and each ship has its own.</summary>
    public required Func<NodeLease?> Lease { get; init; }

    /// <summary>Who is let in, where the node has one ship only, and that ship's record says so; else <see langword="null"/>, and each ship has its own.</summary>
    public MemberAccess? Access { get; init; }

    /// <summary>How many ships share the store's window, as far as the node has read. From any thread.</summary>
    public required Func<int> Ships { get; init; }

    /// <summary>What the user should know of the node; full sentences. From any thread.</summary>
    public required Func<IReadOnlyList<string>> Warnings { get; init; }

    /// <summary>What the node waits for, while it starts. From any thread.</summary>
    public required Func<string?> Waiting { get; init; }
}

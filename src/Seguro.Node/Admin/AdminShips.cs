using Seguro.Node.Ships;

namespace Seguro.Node.Admin;

/// <summary>What the admin API has of a node's ships: <c>/ships</c>.</summary>
public sealed record AdminShips
{
    /// <summary>All of them.</summary>
    public required Func<FleetReport> Report { get; init; }

    /// <summary>One, by its name; <see langword="null"/> where the node does not hold it.</summary>
    public required Func<string, AdminShip?> Find { get; init; }

    /// <summary>Adds one to the cluster.</summary>
    public required Func<RegisteredShip, CancellationToken, Task> Add { get; init; }

    /// <summary>Removes one from it.</summary>
    public required Func<string, CancellationToken, Task> Remove { get; init; }
}

namespace Seguro.Core;

/// <summary>What a node's leases want of the store: each is of the lease of one node's own log, and has one answer (<see cref="NodeLeases"/>).</summary>
/// <param name="Node">Whose lease.</param>
public abstract record NodeQuestion(string Node)
{
    /// <summary>Look at it, by a plain read. Answer: <see cref="NodeLeases.Observed"/>.</summary>
    /// <param name="Node">Whose lease.</param>
    public sealed record Observe(string Node) : NodeQuestion(Node);

    /// <summary>Read it, linearizably. Answer: <see cref="NodeLeases.Read"/>.</summary>
    /// <param name="Node">Whose lease.</param>
    public sealed record Read(string Node) : NodeQuestion(Node);

    /// <summary>Begin an epoch of one's own, or end another's. Answer: <see cref="NodeLeases.Campaigned"/>.</summary>
    /// <param name="Node">Whose lease.</param>
    /// <param name="Expected">As it was seen.</param>
    public sealed record Campaign(string Node, Lease Expected) : NodeQuestion(Node);

    /// <summary>Renew one's own. Answer: <see cref="NodeLeases.Renewed"/>.</summary>
    /// <param name="Node">Whose lease.</param>
    /// <param name="Held">As it was last renewed.</param>
    public sealed record Renew(string Node, Lease Held) : NodeQuestion(Node);
}

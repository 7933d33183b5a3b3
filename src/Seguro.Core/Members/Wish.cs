namespace Seguro.Core;

/// <summary>What an operator wants of a running cluster: a change, not an outcome, so that of two that are asked for at once both come to be.</summary>
public abstract record Wish
{
    private Wish()
    {
    }

    /// <summary>Another optimism.</summary>
    /// <param name="Replicas">How many replicas must have processed an event.</param>
    /// <param name="OnReplicaLoss">What happens while fewer are there; as it is where <see langword="null"/>.</param>
    public sealed record ChangeOptimism(int Replicas, ReplicaLossPolicy? OnReplicaLoss) : Wish;

    /// <summary>Members that belong to the cluster from now on, and others that do not. Who is there already, or gone already, is no mistake: a wish may be repeated.</summary>
    public sealed record ChangeMembers(IReadOnlyList<string> Join, IReadOnlyList<string> Leave) : Wish;

    /// <summary>Another master, without losing or repeating an effect.</summary>
    public sealed record StepDown : Wish
    {
        /// <summary>The only instance.</summary>
        public static StepDown Instance { get; } = new();
    }
}

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
    /// <param name="To">Who; whoever is fit where <see langword="null"/>. It alone is told at once that the lease is free; should it not take it, another does.</param>
    public sealed record StepDown(string? To) : Wish
    {
        /// <summary>To whoever is fit.</summary>
        public static StepDown Instance { get; } = new((string?)null);
    }

    /// <summary>The ship computes nothing more, whoever is master, until <see cref="Resume"/>. What was computed is committed and released.</summary>
    /// <param name="Why">What <c>seguro status</c> shows; see <see cref="ClusterSettings.Pause"/>.</param>
    public sealed record Pause(string Why) : Wish;

    /// <summary>The ship computes again.</summary>
    /// <param name="Despite">Although its log was handed over to another cluster.</param>
    public sealed record Resume(bool Despite) : Wish;

    /// <summary>
    /// The member trusts its store again, which lost what it confirmed: in force as soon as it no more stands still for that, at once where it does
    /// not. For the member itself, in whatever role; it changes
    /// nothing, and is how whoever mended the store learns that the member goes on.
    /// </summary>
    public sealed record Trust : Wish
    {
        /// <summary>The only one.</summary>
        public static Trust Instance { get; } = new();
    }
}

namespace Seguro.Core;

/// <summary>How a member stands, for people and metrics.</summary>
public sealed record MemberStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its role.</summary>
    public required Role Role { get; init; }

    /// <summary>The highest term that it knows.</summary>
    public required Term Term { get; init; }

    /// <summary>Who is master, as far as it knows; empty where nobody is.</summary>
    public required string Master { get; init; }

    /// <summary>Why it stands still, where it does.</summary>
    public string? Stopped { get; init; }

    /// <summary>The end of its local log, on disk.</summary>
    public required Position Durable { get; init; }

    /// <summary>Where its ship stands.</summary>
    public required Position Processed { get; init; }

    /// <summary>What it knows to be committed in the store; the origin while it rejoins.</summary>
    public required Position Committed { get; init; }

    /// <summary>All effects up to here are certainly out.</summary>
    public required EventNumber Released { get; init; }

    /// <summary>Up to here its ship computes again, or for the first time, what was in the log when it joined; until then it does not stand for mastership. None where that is done.</summary>
    public EventNumber Replaying { get; init; }

    /// <summary>The optimism in force.</summary>
    public required Optimism Optimism { get; init; }

    /// <summary>Who belongs to the cluster.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>The list of members is that of the store, not only the configuration's.</summary>
    public bool IsOfRecord { get; init; }

    /// <summary>Who left the cluster, as far as is remembered.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>On the master: how its replicas stand.</summary>
    public IReadOnlyList<ReplicaStatus> Replicas { get; init; } = [];

    /// <summary>On the master: how many events wait at the gate.</summary>
    public int Gated { get; init; }

    /// <summary>Nothing is under way: what a replica knows of is in its log and its ship; what a master computed is committed, is out, and the store knows it.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>How many ova wait to be computed, or were heard and not yet seen in the log.</summary>
    public int Ingress { get; init; }

    /// <summary>Why the cluster's ship computes nothing; empty or <see langword="null"/> where it does (<see cref="ClusterSettings.Pause"/>).</summary>
    public string? Pause { get; init; }

    /// <summary>On the master of a store with a window: how many payload bytes of it are in use; <see langword="null"/> elsewhere.</summary>
    public long? WindowUsed { get; init; }

    /// <summary>On the master: why nothing has gone on for longer than a lease, though something waits; <see langword="null"/> where all goes on.</summary>
    public string? Hindrance { get; init; }

    /// <summary>What shows that the store lost what it confirmed, where this member stands still for that.</summary>
    public string? Loss { get; init; }

    /// <summary>The end of what no cluster's gate has seen; <see langword="null"/> where that is not known (<see cref="ClusterSettings.History"/>).</summary>
    public EventNumber? History { get; init; }

    /// <summary>The highest position that was ever known to be committed, here or elsewhere.</summary>
    public Position EverCommitted { get; init; }

    /// <summary>The highest position of the local log that was ever known to be committed.</summary>
    public Position Proven { get; init; }

    /// <summary>What the user should know now; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

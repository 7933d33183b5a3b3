namespace Seguro.Core;

/// <summary>
/// Mistakes that the protocol could make, switched on by tests only, to prove that the simulator's checkers find each. A member that runs for
/// people has none.
/// </summary>
internal enum PlantedBug
{
    /// <summary>The protocol as it is meant.</summary>
    None,

    /// <summary>Gate: an effect at optimism 0 leaves once it is computed, not once it is durable in the master's local log.</summary>
    ReleasedBeforeDurable,

    /// <summary>Gate: what replicas have <em>received</em> counts, and the commit in the store is not waited for.</summary>
    ReleasedBeforeCommit,

    /// <summary>Gate: the master counts as one of the replicas.</summary>
    MasterCounted,

    /// <summary>Gate: a replica that does not belong to the cluster (any more, or yet) counts.</summary>
    StrangerCounted,

    /// <summary>Gate: the lease need not be live.</summary>
    ReleasedWithoutLease,

    /// <summary>Gate: the effects of a group leave in reverse order of their events.</summary>
    EffectsOutOfOrder,

    /// <summary>Gate: where too few replicas are healthy under <see cref="ReplicaLossPolicy.Degrade"/>, the commit is not waited for either.</summary>
    DegradedWithoutCommit,

    /// <summary>Gate: a changed optimism is in force before it is written in the store.</summary>
    OptimismBeforeWritten,

    /// <summary>Master: the watermark that travels in pushes and settings is what was given to the gate, not what certainly left.</summary>
    WatermarkAhead,

    /// <summary>Master: an append of unknown outcome is taken for committed.</summary>
    UnknownTakenForCommitted,

    /// <summary>Master: after an append of unknown outcome the next event gets the number after the next.</summary>
    NumberSkipped,

    /// <summary>Master: it resigns on a wish to step down before all is committed and released.</summary>
    ResignedTooEarly,

    /// <summary>Replica: pushes of a lower term than the highest known one are taken.</summary>
    LowerTermTaken,

    /// <summary>Replica: what was received is processed at once, committed or not.</summary>
    UncommittedProcessed,

    /// <summary>Candidate: a member that reads a lease that it may campaign for takes itself for the master, in the next term, without writing.</summary>
    LeaseReadNotWon,

    /// <summary>Candidate: it serves at once after winning, before it has processed the log to its head.</summary>
    ServedBeforeUpToDate,

    /// <summary>Candidate: it serves on what is left of a lease, however little that is.</summary>
    ServedOnRestOfLease,

    /// <summary>Candidate: effects between the watermark and the head are released again under <see cref="EffectsPolicy.AtMostOnce"/> too.</summary>
    PolicyIgnored,

    /// <summary>Candidate: effects between the watermark and the head are not released again under <see cref="EffectsPolicy.AtLeastOnce"/>.</summary>
    EffectsForgotten,

    /// <summary>Rejoin: a suffix of the local log that the cluster does not have is kept, and the cluster's events are appended after it.</summary>
    SuffixKept,

    /// <summary>Rejoin: the suffix goes, but the ship stays in the state that it led to.</summary>
    ShipNotRestored,

    /// <summary>Trim: the store forgets up to what the master has, whatever the others have.</summary>
    TrimmedAboveCopies,

    /// <summary>Ingress: a new master sequences all that it heard, though the log has it.</summary>
    NoDedup,

    /// <summary>Ingress: a replica keeps nothing of what it hears.</summary>
    NothingHeard,
}

namespace Seguro.Core;

/// <summary>What a member is told before it starts. Constant for its life.</summary>
public sealed record MemberOptions
{
    /// <summary>Its name in the cluster: short, of <c>a-z 0-9 -</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Its name in the lease: unique to one life of the process, so that a campaign of unknown outcome can be recognised as one's own.
    /// Begins with <see cref="Name"/> and <c>@</c>.
    /// </summary>
    public required string Candidate { get; init; }

    /// <summary>All members of the cluster, this one included, in the order in which they stand for mastership; the same everywhere. The store's record goes before it.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>For how long a master may be silent before the others take it for dead.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The ship's lease names an epoch of the member's node (<see cref="Name"/>), and lasts as long: the node renews its own, and tells of it (<see cref="MemberInput.NodeSeen"/>). The same for
    /// all members.
    /// </summary>
    public bool LeasesByNode { get; init; }

    /// <summary>For how long a replica may be silent before it no longer counts as healthy.</summary>
    public TimeSpan ReplicaPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a new master does with effects of unknown fate.</summary>
    public EffectsPolicy Effects { get; init; } = EffectsPolicy.AtLeastOnce;

    /// <summary>
    /// The ship of whoever is master makes its events by itself, and writes them into the local log (<see cref="MemberOutput.RunShip"/>); it is poked by nobody. What its events want done is known
    /// to nobody after it, so that <see cref="Effects"/> must be <see cref="EffectsPolicy.AtMostOnce"/>.
    /// </summary>
    public bool MakesEvents { get; init; }

    /// <summary>The optimism of a cluster whose store does not say.</summary>
    public Optimism InitialOptimism { get; init; } = Optimism.Default;

    /// <summary>How many events may be computed and not yet committed in the store; past that, ingress waits. It bounds what optimism 0 can lose.</summary>
    public int MaxUnreplicatedEvents { get; init; } = 4096;

    /// <summary>The same in payload bytes.</summary>
    public long MaxUnreplicatedBytes { get; init; } = 64L << 20;

    /// <summary>How many events' effects may wait at the gate; past that, ingress waits.</summary>
    public int MaxGated { get; init; } = 16_384;

    /// <summary>How many payload bytes these effects may have.</summary>
    public long MaxGatedBytes { get; init; } = 64L << 20;

    /// <summary>How many ova may wait to be computed; past that, the newest are dropped and counted, first those of whoever sends most.</summary>
    public int MaxIngress { get; init; } = 8192;

    /// <summary>How many bytes they may have.</summary>
    public long MaxIngressBytes { get; init; } = 32L << 20;

    /// <summary>How long a replica remembers what it heard and did not see in the log.</summary>
    public TimeSpan IngressAge { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most payload bytes that an event may have: more than that the store never takes.</summary>
    public long LargestEvent { get; init; } = long.MaxValue;

    /// <summary>How many ova are computed, events appended, pushed or applied in one go.</summary>
    public int MaxGroup { get; init; } = 512;

    /// <summary>How many payload bytes, likewise. A single larger event goes alone.</summary>
    public long MaxGroupBytes { get; init; } = 4L << 20;

    /// <summary>How many payload bytes the master keeps to push to replicas that fall behind; who is behind that reads the store.</summary>
    public long PushWindow { get; init; } = 32L << 20;

    /// <summary>
    /// How many events a replica may be behind and still count as close. Who is farther behind lets others stand for mastership first, is not pushed to, and reads what it lacks, where
    /// it can from other replicas, at a pace that does not hold up the cluster.
    /// </summary>
    public ulong CloseEnough { get; init; } = 4096;

    /// <summary>How many events lie between two snapshots of the ship.</summary>
    public ulong SnapshotEvery { get; init; } = 50_000;

    /// <summary>For how long events may go without a snapshot of the ship.</summary>
    public TimeSpan SnapshotAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The store's cap on payload bytes, where it has one, or the share of it that is this log's: the master trims above half of it.</summary>
    public long? StoreWindow { get; init; }

    /// <summary>What the store takes of this log at the most, where <see cref="StoreWindow"/> is a share: nothing is computed that would not fit. The same as that one where nothing is said.</summary>
    public long? StoreCap { get; init; }

    /// <summary>There are harbors: a store with a window keeps what they lack (<see cref="MemberInput.Archived"/>), as long as there is room for it.</summary>
    public bool HasHarbors { get; init; }

    /// <summary>How many members must have an event in their local logs before the store may forget it; 0: more than half of them.</summary>
    public int Copies { get; init; }
}

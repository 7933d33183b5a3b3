using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Node.Members;

/// <summary>What a <see cref="MemberHost"/> is made of. Constant for its life.</summary>
public sealed record MemberHostOptions
{
    /// <summary>The cluster's name, for metrics.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>What the member is told.</summary>
    public required MemberOptions Member { get; init; }

    /// <summary>The cluster's log. It stays the caller's: the host does not dispose of it.</summary>
    public required EventLog Store { get; init; }

    /// <summary>Which store that is: the log's custody names it; <see langword="null"/> where that is not known.</summary>
    public StoreIdentity? Identity { get; init; }

    /// <summary>The folder of the member's own pier; made where it is missing. Beside it, <c>quarantine</c> is made when it is needed.</summary>
    public required string Pier { get; init; }

    /// <summary>The ship. It stays the caller's, but nobody else may use it while the host lives. <see langword="null"/> where it runs on a vere.</summary>
    public IShip? Ship { get; init; }

    /// <summary>The stock vere that the ship runs on; <see langword="null"/> where <see cref="Ship"/> computes.</summary>
    public VereOptions? Vere { get; init; }

    /// <summary>Hands a message to the link to a member. Must not block: what can't be sent is dropped.</summary>
    public required Action<string, MemberMessage> Send { get; init; }

    /// <summary>
    /// Reads events from other members' local logs (their <see cref="MemberHost.ReadLocalAsync"/>): those that follow a position, not above a number,
    /// in memory of their own. None where no member has them now. Where a member is named, it is not asked, and neither is one that can't answer at once.
    /// </summary>
    public Func<Position, EventNumber, string?, CancellationToken, ValueTask<IReadOnlyList<Event>>> ReadPeers { get; init; } =
        static (_, _, _, _) => ValueTask.FromResult<IReadOnlyList<Event>>([]);

    /// <summary>
    /// Emits effects, in order, tagged with the term; returns when they have left this process. What can't be delivered is its own affair: it counts that, and goes on.
    /// </summary>
    public required Func<Term, IReadOnlyList<Effect>, bool, CancellationToken, ValueTask> Release { get; init; }

    /// <summary>
    /// Hears of a change of role, before any effect of that role is released: what a master does beside releasing (its timers) begins and ends then. Must not block.
    /// </summary>
    public Action<Role, Term> ChangeRole { get; init; } = static (_, _) => { };

    /// <summary>Tells the other members (their <see cref="MemberHost.HearSuspicion"/>) of ova that this one did not come back from. Said again every second while it holds. Must not block.</summary>
    public Action<IReadOnlyList<Suspicion>> Suspect { get; init; } = static _ => { };

    /// <summary>Hears who belongs to the cluster and who left, when that changed. Must not block for long; what it throws ends the member.</summary>
    public Action<MemberStatus> ChangeMembers { get; init; } = static _ => { };

    /// <summary>Hears of the highest term that the member knows, when that changed. Must not block.</summary>
    public Action<Term> SeeTerm { get; init; } = static _ => { };

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = BootClock.Instance;

    /// <summary>The node's lease, where ships' leases are by node (<see cref="MemberOptions.LeasesByNode"/>); not owned.</summary>
    internal Ships.NodeLease? Node { get; init; }

    /// <summary>Hears of each step, before what it wants is done: by it tests compare this shell with its contract. Must not block; what it throws ends the member.</summary>
    internal Action<TimeSpan, MemberInput, IReadOnlyList<MemberOutput>>? Trace { get; init; }

    /// <summary>Where warnings and changes of role go.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>How many payload bytes a second of the member's own log are read in search of damage; 0: none.</summary>
    public long ScrubRate { get; init; }

    /// <summary>How many ova may wait in the mailbox; past that, <see cref="MemberHost.Hear"/> drops, first those of whoever sends most.</summary>
    public int MaxHeard { get; init; } = 8192;

    /// <summary>How many bytes they may have.</summary>
    public long MaxHeardBytes { get; init; } = 32L << 20;

    /// <summary>How many messages of other members may wait in the mailbox; past that, they are dropped as if a link had broken.</summary>
    public int MaxReceived { get; init; } = 256;

    /// <summary>How many payload bytes these may have; a single larger one is taken where no other waits.</summary>
    public long MaxReceivedBytes { get; init; } = 64L << 20;
}

namespace Seguro.Testing;

/// <summary>What must hold in every history. The numbers are those of docs/reliability.md.</summary>
internal enum Invariant
{
    /// <summary>The machine and its shell keep to their contract: one output of a kind at a time, no exception.</summary>
    Contract = 0,
    /// <summary>What was committed, or acknowledged by its effect, is in the final log.</summary>
    NothingLost = 1,
    /// <summary>Numbers have no hole, and a log's end does not go back.</summary>
    Contiguous = 2,
    /// <summary>A number has one event, for ever, everywhere.</summary>
    OneValue = 3,
    /// <summary>One master a term; terms grow.</summary>
    OneMaster = 4,
    /// <summary>A new master has the whole log before it serves.</summary>
    CompleteMaster = 5,
    /// <summary>No effect leaves before the condition of the optimism in force holds, under a live lease.</summary>
    Gate = 6,
    /// <summary>Every effect that is seen outside belongs to an event of the final log.</summary>
    NoPhantom = 7,
    /// <summary>Effects leave in order, as often as the policy says.</summary>
    EffectCount = 8,
    /// <summary>The ships of all members are equal at the same number.</summary>
    Determinism = 9,
    /// <summary>A datagram becomes one event.</summary>
    Ingress = 10,
    /// <summary>What a rejoining member has and the cluster has not goes aside, and nothing else does.</summary>
    Rejoin = 11,
    /// <summary>A lost disk loses nothing that the others have.</summary>
    LostDisk = 12,
    /// <summary>The store forgets only what enough members have.</summary>
    Trim = 13,
    /// <summary>An append of unknown outcome is resolved, never guessed.</summary>
    UnknownOutcome = 16,
    /// <summary>After the faults end, the cluster serves.</summary>
    Liveness = 17,
    /// <summary>A planned change of master loses and repeats nothing.</summary>
    Switchover = 18,
    /// <summary>Queues keep within their bounds.</summary>
    Bounds = 19,
    /// <summary>A store that went back in time is not followed: what was committed is not moved away or written over in silence, and who is told of it stands still.</summary>
    StoreBack = 20,
    /// <summary>No effect leaves of an event that was not computed under the cluster's gate.</summary>
    Imported = 21,
    /// <summary>A wish that was answered is in force, and stays so until somebody wants something else.</summary>
    Wishes = 22,
    /// <summary>Who knows that most others work with another store stands still.</summary>
    OneStore = 23,
    /// <summary>The store keeps what harbors lack while its window has room, and only what is committed is archived.</summary>
    Harbors = 24,
    /// <summary>While fewer than half of the members are away, the others serve, however long it lasts.</summary>
    Minority = 25,
}

namespace Seguro.Testing;

/// <summary>What may go wrong in a simulation.</summary>
[Flags]
internal enum Nemesis
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>A member's process ends at once, and starts again later.</summary>
    Crash = 1 << 0,
    /// <summary>The master's does, again and again.</summary>
    MasterCrash = 1 << 1,
    /// <summary>All processes end at once.</summary>
    CrashAll = 1 << 2,
    /// <summary>A process stands still for a while, then finds all that happened.</summary>
    Pause = 1 << 3,
    /// <summary>Members, the store and the balancer are cut from each other: one alone, halves, a bridge.</summary>
    Partition = 1 << 4,
    /// <summary>A link carries one way only.</summary>
    OneWay = 1 << 5,
    /// <summary>Links break and mend many times a second.</summary>
    Flap = 1 << 6,
    /// <summary>Messages are slow.</summary>
    SlowNetwork = 1 << 7,
    /// <summary>Datagrams are lost, doubled and reordered.</summary>
    Datagrams = 1 << 8,
    /// <summary>The outcome of writes is unknown: made, not made, or made later.</summary>
    StoreUnknown = 1 << 9,
    /// <summary>The store is slow.</summary>
    StoreSlow = 1 << 10,
    /// <summary>The store is away (a change of its leader, say).</summary>
    StoreAway = 1 << 11,
    /// <summary>Plain reads of the store are old.</summary>
    StoreStale = 1 << 12,
    /// <summary>Members' clocks run at different rates.</summary>
    ClockDrift = 1 << 13,
    /// <summary>A member comes back with an empty disk.</summary>
    DiskWipe = 1 << 14,
    /// <summary>A member comes back with a flipped event in its local log.</summary>
    DiskFlip = 1 << 15,
    /// <summary>The user changes the optimism.</summary>
    OptimismChange = 1 << 16,
    /// <summary>The user asks the master to step down.</summary>
    StepDown = 1 << 17,
    /// <summary>Members join and leave.</summary>
    Membership = 1 << 18,
    /// <summary>A copy of a member's machine is started beside it, under the same name.</summary>
    Twin = 1 << 19,
    /// <summary>A ship comes to another state than the others.</summary>
    ShipDiffers = 1 << 20,
    /// <summary>Some events take long.</summary>
    ShipSlow = 1 << 21,
    /// <summary>An ex-master goes on writing with its old term.</summary>
    Zombie = 1 << 22,
    /// <summary>The store goes back in time: an older copy takes its place, under running members or before they start again, in any order. At most once; the user then puts it right.</summary>
    StoreBack = 1 << 23,
    /// <summary>A member's certificate ends: its links go on, and none that breaks is made anew until it is renewed.</summary>
    Certificate = 1 << 24,
    /// <summary>A machine has not the memory for what its ship computes: a master refuses ova, a replica can't process an event.</summary>
    Memory = 1 << 25,
    /// <summary>A machine sleeps, or is moved: what is sent to it is lost, its links break, and its clock has gone on when it wakes.</summary>
    Suspend = 1 << 26,
    /// <summary>One member's configuration names another store, an empty one; it is put right later, with an empty disk.</summary>
    OtherStore = 1 << 27,
}

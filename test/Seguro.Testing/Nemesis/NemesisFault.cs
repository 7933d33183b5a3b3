namespace Seguro.Testing;

/// <summary>What the nemesis does to a cluster of real processes.</summary>
public enum NemesisFault
{
    /// <summary>kill −9 of the master; it comes back later.</summary>
    KillMaster,

    /// <summary>kill −9 of a replica.</summary>
    KillReplica,

    /// <summary>kill −9 of the balancer.</summary>
    KillBalancer,

    /// <summary>kill −9 of one member's database node; its supervisor starts it again.</summary>
    KillDatabaseNode,

    /// <summary>kill −9 of the master and, with it, of every database node, so of the database's leader.</summary>
    KillMasterAndDatabase,

    /// <summary>kill −9 of everything.</summary>
    KillAll,

    /// <summary>SIGSTOP of the master, SIGCONT later.</summary>
    PauseMaster,

    /// <summary>SIGSTOP of a replica.</summary>
    PauseReplica,

    /// <summary>SIGSTOP of the balancer.</summary>
    PauseBalancer,

    /// <summary>SIGSTOP of one member's database node.</summary>
    PauseDatabaseNode,

    /// <summary>The master alone: no member and no balancer hears it, nor it them.</summary>
    IsolateMaster,

    /// <summary>The master is cut off from the members, and only from them: the balancer is with the minority.</summary>
    CutMasterFromMembers,

    /// <summary>A replica alone.</summary>
    IsolateReplica,

    /// <summary>The master hears nobody, and all hear it.</summary>
    DeafMaster,

    /// <summary>Nobody hears the master, and it hears all.</summary>
    MuteMaster,

    /// <summary>The master and one replica don't hear each other; the other replica hears both.</summary>
    Bridge,

    /// <summary>Every link between members is cut.</summary>
    Shatter,

    /// <summary>The master alone again and again, shorter than a lease and longer.</summary>
    FlapMaster,

    /// <summary>A part of all datagrams is lost.</summary>
    LoseDatagrams,

    /// <summary>A replica dies and its disk is lost; it comes back with an empty one and a database node of a new number.</summary>
    WipeReplica,

    /// <summary>The optimism is changed.</summary>
    ChangeOptimism,

    /// <summary>The master is told to step down.</summary>
    StepDown,

    /// <summary>A member is told to end (SIGTERM), and started again.</summary>
    Restart,

    /// <summary>kill −9 of the king that the master's vere has.</summary>
    KillKing,

    /// <summary>kill −9 of that vere's worker.</summary>
    KillWorker,

    /// <summary>kill −9 of the relay between the two.</summary>
    KillRelay,
}

namespace Seguro.Testing;

/// <summary>What a run of the nemesis is to do.</summary>
public sealed record NemesisOptions
{
    /// <summary>Draws the faults: the same number, the same faults in the same order with the same lengths. When they hit is the machine's.</summary>
    public required ulong Seed { get; init; }

    /// <summary>For how long faults are made.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Where everything is written; it must be empty.</summary>
    public required string Folder { get; init; }

    /// <summary>The store: <c>dqlite</c>, or <c>postgres</c>: a primary and two standbys, whose failover the nemesis does itself.</summary>
    public string Store { get; init; } = "dqlite";

    /// <summary>What computes the ship: <c>demo</c>, a kernel on Seguro's Nock machine; or <c>vere</c>, the program that stands in for it, on its own UDP port.</summary>
    public string Ship { get; init; } = "demo";

    /// <summary>
    /// Without a balancer: a vere's port is on whoever is master, and the client knows all members' addresses. Otherwise the balancer's kernel routes
    /// a vere's datagrams to the master.
    /// </summary>
    public bool IsDirect { get; init; }

    /// <summary>What the replicas of a vere do with its events (<c>vere:replicas</c>).</summary>
    public string Replicas { get; init; } = "replayed";

    /// <summary>How many datagrams the client sends each second.</summary>
    public int Rate { get; init; } = 40;

    /// <summary>The size of each, in bytes.</summary>
    public int DatagramSize { get; init; } = 200;

    /// <summary>How many events a master may compute beyond the store: what optimism 0 may lose with a master.</summary>
    public int MaxUnreplicated { get; init; } = 256;

    /// <summary>For how long the cluster may need to be whole again after a fault; generous, since it only tells standing still from being slow.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>Only these faults; all where empty.</summary>
    public IReadOnlyList<NemesisFault> Only { get; init; } = [];

    /// <summary>Those that this run can make.</summary>
    internal IReadOnlyList<NemesisFault> Faults => Only.Count > 0 ? Only : [.. Enum.GetValues<NemesisFault>().Where(fault => fault switch
    {
        NemesisFault.KillKing or NemesisFault.KillWorker or NemesisFault.KillRelay => Ship == "vere",
        NemesisFault.KillBalancer or NemesisFault.PauseBalancer => !IsDirect,
        _ => true,
    })];
}

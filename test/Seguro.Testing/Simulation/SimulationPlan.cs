using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The configuration of one simulation. Each seed draws its own.</summary>
internal sealed record SimulationPlan
{
    private static readonly Nemesis[] LaterNemeses = [Nemesis.Certificate, Nemesis.Memory, Nemesis.Suspend, Nemesis.OtherStore];

    /// <summary>Where all randomness comes from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How many members the cluster begins with.</summary>
    public required int Members { get; init; }

    /// <summary>The optimism that it begins with.</summary>
    public required Optimism Optimism { get; init; }

    /// <summary>What a new master does with effects of unknown fate.</summary>
    public required EffectsPolicy Effects { get; init; }

    /// <summary>What goes wrong.</summary>
    public required Nemesis Nemeses { get; init; }

    /// <summary>The ship makes its events by itself, on the master's machine (<see cref="MemberOptions.MakesEvents"/>).</summary>
    public bool MakesEvents { get; init; }

    /// <summary>How many ships the nodes hold, by leases of nodes; 0: one, by a lease of its own.</summary>
    public int Fleet { get; init; }

    /// <summary>Nothing befalls one ship of a node only, nor a node's lease alone.</summary>
    public bool Calm { get; init; }

    /// <summary>The lease's duration.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For how long things go wrong.</summary>
    public TimeSpan Chaos { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many datagrams come in a second.</summary>
    public int Rate { get; init; } = 20;

    /// <summary>How many events another runtime had put into the log before the cluster took it over.</summary>
    public int Imported { get; init; }

    /// <summary>The store's cap on payload bytes.</summary>
    public long? Window { get; init; }

    /// <summary>How many harbors the members fill; none where the store has no window.</summary>
    public int Harbors { get; init; }

    /// <summary>See <see cref="MemberOptions.Copies"/>.</summary>
    public int Copies { get; init; }

    /// <summary>See <see cref="MemberOptions.MaxUnreplicatedEvents"/>.</summary>
    public int MaxUnreplicated { get; init; } = 64;

    /// <summary>See <see cref="MemberOptions.MaxGroup"/>.</summary>
    public int MaxGroup { get; init; } = 16;

    /// <summary>See <see cref="MemberOptions.MaxGroupBytes"/>.</summary>
    public long MaxGroupBytes { get; init; } = 2048;

    /// <summary>See <see cref="MemberOptions.PushWindow"/>.</summary>
    public long PushWindow { get; init; } = 4096;

    /// <summary>See <see cref="MemberOptions.MaxGated"/>.</summary>
    public int MaxGated { get; init; } = 256;

    /// <summary>See <see cref="MemberOptions.MaxIngress"/>.</summary>
    public int MaxIngress { get; init; } = 512;

    /// <summary>See <see cref="MemberOptions.CloseEnough"/>.</summary>
    public ulong CloseEnough { get; init; } = 4096;

    /// <summary>See <see cref="MemberOptions.SnapshotEvery"/>.</summary>
    public ulong SnapshotEvery { get; init; } = 50;

    /// <summary>How many inputs of each member a report shows.</summary>
    public int Traced { get; init; } = 48;

    /// <summary>A mistake of the shell.</summary>
    public ShellBug ShellBug { get; init; }

    /// <summary>A mistake of the store.</summary>
    public ModelBug StoreBug { get; init; }

    /// <summary>Draws a configuration.</summary>
    public static SimulationPlan Draw(ulong seed)
    {
        SimulationRandom random = new(seed, "plan");
        int members = random.Of(1, 2, 3, 3, 3, 3, 4, 5, 5);
        bool window = random.Chance(0.3);
        SimulationPlan plan = new()
        {
            Seed = seed,
            Members = members,
            Optimism = new Optimism(random.Below(members), random.Chance(0.5) ? ReplicaLossPolicy.Wait : ReplicaLossPolicy.Degrade),
            Effects = random.Chance(0.6) ? EffectsPolicy.AtLeastOnce : EffectsPolicy.AtMostOnce,
            Nemeses = DrawNemeses(random),
            Lease = TimeSpan.FromMilliseconds(random.Of(300, 1000, 1000, 2000)),
            Rate = random.Of(5, 20, 20, 60),
            Window = window ? random.Between(8_000, 20_000) : null,
            Copies = random.Of(0, 0, 1, 2),
            MaxUnreplicated = random.Of(8, 64, 512),
            MaxGroup = random.Of(1, 4, 16, 64),
            // A group that does not fit into the window can't be taken by any store.
            MaxGroupBytes = window ? random.Of(512L, 2048L) : random.Of(512L, 2048L, 65_536L),
            PushWindow = random.Of(1024L, 4096L, 65_536L),
            MaxGated = random.Of(16, 256, 1024),
            MaxIngress = random.Of(32, 512, 512, 2048),
            SnapshotEvery = random.Of(7UL, 50UL, 500UL),
        };
        // Drawn apart, so that what a seed drew before this was drawn stays as it was.
        SimulationRandom apart = new(seed, "pace");
        plan = plan with { Chaos = TimeSpan.FromTicks(plan.Lease.Ticks * random.Between(10, 25)), CloseEnough = apart.Of(0UL, 4UL, 16UL, 4096UL) };
        SimulationRandom imported = new(seed, "imported");
        if (imported.Chance(0.15))
            plan = plan with { Imported = (int)imported.Between(1, 40) };
        SimulationRandom later = new(seed, "later nemeses");
        foreach (Nemesis nemesis in LaterNemeses)
        {
            if (later.Chance(0.15))
                plan = plan with { Nemeses = plan.Nemeses | nemesis };
        }
        if (members == 1)
            plan = plan with { Nemeses = plan.Nemeses & ~Nemesis.OtherStore };
        else if (plan.Nemeses.HasFlag(Nemesis.OtherStore))
            plan = plan with { Nemeses = plan.Nemeses & ~Nemesis.Twin }; // it would be a copy of another log's disk
        if (new SimulationRandom(seed, "own ship").Chance(0.2))
            plan = plan.WithOwnShip();
        plan = plan with { Harbors = window ? new SimulationRandom(seed, "archive").Of(0, 0, 1, 2) : 0 };
        if (!new SimulationRandom(seed, "store back").Chance(0.1))
            return plan;
        // What shows that a store went back is on the members' disks: where those are lost as well, a loss is the user's. And a store that has forgotten the beginning can't be compared by hand.
        return plan with
        {
            Nemeses = (plan.Nemeses | Nemesis.StoreBack) & ~(Nemesis.DiskWipe | Nemesis.DiskFlip | Nemesis.Twin | Nemesis.Membership | Nemesis.ShipDiffers | Nemesis.OtherStore),
            Window = null,
            Harbors = 0,
        };
    }

    /// <summary>Draws a configuration of nodes that hold some ships.</summary>
    public static SimulationPlan DrawFleet(ulong seed)
    {
        SimulationPlan plan = Draw(seed);
        SimulationRandom random = new(seed, "fleet");
        return plan with
        {
            Fleet = (int)random.Between(1, 4),
            Optimism = random.Chance(0.5) ? new Optimism(0, plan.Optimism.OnReplicaLoss) : plan.Optimism,
            MakesEvents = false,
            Nemeses = plan.Nemeses & ~(Nemesis.Twin | Nemesis.OtherStore | Nemesis.StoreBack),
        };
    }

    /// <summary>That of another ship of the same nodes: what befalls machines and store is the first one's affair.</summary>
    public SimulationPlan OfShip(int number) => number == 0 ? this : this with
    {
        Seed = Seed + ((ulong)number * 1_000_003),
        Optimism = number % 2 == 0 ? Optimism : new Optimism(Members - 1 - Optimism.Replicas, Optimism.OnReplicaLoss),
        Nemeses = Nemeses & (Nemesis.ClockDrift | Nemesis.Datagrams | Nemesis.Zombie | Nemesis.OptimismChange | Nemesis.StepDown | Nemesis.ShipDiffers | Nemesis.ShipSlow | Nemesis.Memory),
    };

    /// <summary>The same with a ship that makes its events by itself.</summary>
    public SimulationPlan WithOwnShip() => this with { MakesEvents = true, Effects = EffectsPolicy.AtMostOnce };

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"seed {Seed}, {Members} members, optimism {Optimism}, {Effects}, lease {Lease.TotalMilliseconds} ms, chaos {Chaos.TotalSeconds:0.#} s, ");
        if (Fleet > 0)
            text.Append(CultureInfo.InvariantCulture, $"one of {Fleet} ships on nodes, ");
        if (MakesEvents)
            text.Append("a ship that makes its events, ");
        if (Imported > 0)
            text.Append(CultureInfo.InvariantCulture, $"{Imported} events imported, ");
        text.Append(CultureInfo.InvariantCulture, $"{Rate} datagrams/s, window {Window?.ToString(CultureInfo.InvariantCulture) ?? "none"}, copies {Copies}, harbors {Harbors}, ");
        text.Append(CultureInfo.InvariantCulture, $"unreplicated {MaxUnreplicated}, group {MaxGroup}/{MaxGroupBytes} B, push window {PushWindow} B, gated {MaxGated}, ");
        text.Append(CultureInfo.InvariantCulture, $"ingress {MaxIngress}, snapshot every {SnapshotEvery}, close within {CloseEnough}, nemeses {Nemeses}");
        if (ShellBug is not ShellBug.None || StoreBug is not ModelBug.None)
            text.Append(CultureInfo.InvariantCulture, $", planted {ShellBug}/{StoreBug}");
        return text.ToString();
    }

    private static Nemesis DrawNemeses(SimulationRandom random)
    {
        double each = random.Of(0, 0.15, 0.3, 0.3, 0.6);
        Nemesis drawn = Nemesis.None;
        foreach (Nemesis nemesis in Enum.GetValues<Nemesis>())
        {
            if (nemesis is Nemesis.StoreBack || LaterNemeses.Contains(nemesis))
                continue; // drawn apart
            if (random.Chance(each))
                drawn |= nemesis;
        }
        return drawn;
    }
}

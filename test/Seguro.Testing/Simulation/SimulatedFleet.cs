namespace Seguro.Testing;

/// <summary>Nodes that hold several ships, each ship a cluster of its own over the same machines, network and database.</summary>
internal sealed class SimulatedFleet : IDisposable
{
    public SimulatedFleet(SimulationPlan plan)
    {
        Plan = plan;
        Schedule = new Schedule(plan.Seed);
        int machines = plan.Members + 2;
        Network = new SimulatedNetwork(machines + 2, Schedule, new SimulationRandom(plan.Seed, "network"));
        Nodes = [.. Enumerable.Range(0, plan.Members + 1).Select(index => new SimulatedNode(this, index, SimulatedCluster.NameOf(index)))];
        Ships = [.. Enumerable.Range(0, plan.Fleet).Select(number => new SimulatedCluster(plan.OfShip(number), this))];
    }

    public SimulationPlan Plan { get; }

    public Schedule Schedule { get; }

    public SimulatedNetwork Network { get; }

    /// <summary>How the database is.</summary>
    public StoreWeather Weather { get; } = new();

    /// <summary>The nodes, by their places in the network; the last is of who may join.</summary>
    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>The ships; the first has the nodes' leases in its store, and the nemeses of machines.</summary>
    public IReadOnlyList<SimulatedCluster> Ships { get; }

    /// <summary>One of the ships.</summary>
    public SimulatedCluster Any(SimulationRandom random) => Ships[random.Below(Ships.Count)];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SimulatedCluster ship in Ships)
            ship.Dispose();
    }
}

namespace Seguro.Testing;

/// <summary>The simulator for who loads it over another build of Core than its own: nothing but numbers and texts crosses.</summary>
internal static class SimulationProbe
{
    /// <summary>Runs a seed; the name of the invariant that does not hold, a colon, and what happened; <see langword="null"/> where all hold.</summary>
    public static string? Run(ulong seed)
    {
        SimulationResult result = Simulation.Run(SimulationPlan.Draw(seed));
        return result.Holds ? null : $"{result.Violated}: {result.Failure}";
    }

    /// <summary>The same with nodes that hold several ships.</summary>
    public static string? RunFleet(ulong seed)
    {
        SimulationResult result = Simulation.Run(SimulationPlan.DrawFleet(seed));
        return result.Holds ? null : $"{result.Violated}: {result.Failure}";
    }
}

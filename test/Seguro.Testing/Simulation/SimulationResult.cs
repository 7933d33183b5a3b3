namespace Seguro.Testing;

/// <summary>What came of a simulation.</summary>
internal sealed record SimulationResult
{
    /// <summary>What was run.</summary>
    public required SimulationPlan Plan { get; init; }

    /// <summary>What does not hold; <see langword="null"/> where all does.</summary>
    public required Invariant? Violated { get; init; }

    /// <summary>In words.</summary>
    public required string? Failure { get; init; }

    /// <summary>All that one needs to find out why; empty where all holds.</summary>
    public required string Report { get; init; }

    /// <summary>A hash of all that happened.</summary>
    public required ulong TraceHash { get; init; }

    /// <summary>How many things happened.</summary>
    public required long Steps { get; init; }

    /// <summary>How many events were committed.</summary>
    public required int Committed { get; init; }

    /// <summary>How many effects left.</summary>
    public required int Effects { get; init; }

    /// <summary>How many datagrams were answered, as the client sees it.</summary>
    public required int Answered { get; init; }

    /// <summary>How many effects belong to no event of the final log (at optimism 0 only).</summary>
    public required int Phantoms { get; init; }

    /// <summary>How often a member became master.</summary>
    public required int Takeovers { get; init; }

    /// <summary>How much virtual time passed.</summary>
    public required TimeSpan Virtual { get; init; }

    /// <summary>All holds.</summary>
    public bool Holds => Violated is null;
}

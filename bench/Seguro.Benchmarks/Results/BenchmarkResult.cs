namespace Seguro.Benchmarks;

/// <summary>All that a run found out: what is written as JSON, and what tables and plots are made of.</summary>
internal sealed record BenchmarkResult
{
    /// <summary>The command that made it, to be repeated.</summary>
    public required string Command { get; init; }

    /// <summary>When it began, UTC.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; set; }

    /// <summary>Hardware, kernel, versions, settings; by name, in the order in which they are shown.</summary>
    public required IReadOnlyDictionary<string, string> Machine { get; init; }

    /// <summary>In the order in which they were made.</summary>
    public List<Measurement> Measurements { get; init; } = [];

    /// <summary>What a part could not do, and why: a limit of a store, for example.</summary>
    public List<string> Notes { get; init; } = [];
}

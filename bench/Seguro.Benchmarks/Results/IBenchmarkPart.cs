namespace Seguro.Benchmarks;

/// <summary>A part of the benchmark.</summary>
internal interface IBenchmarkPart
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in one line.</summary>
    string Description { get; }

    /// <summary>Starts what it needs, measures, ends what it started.</summary>
    Task RunAsync(BenchmarkRun run, CancellationToken cancel);
}

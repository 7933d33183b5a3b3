namespace Seguro.Benchmarks;

/// <summary>What one contestant did with one workload: the medians of its rounds, and all its latencies together.</summary>
internal sealed record Measurement
{
    /// <summary>The part of the benchmark: <c>append</c>, <c>import</c>, <c>takeover</c> …</summary>
    public required string Part { get; init; }

    /// <summary>What was done, in words that are the same for all contestants: they are compared by it.</summary>
    public required string Workload { get; init; }

    /// <summary>The database, or what else the work was done on: <c>postgresql</c>, <c>dqlite</c>, <c>pill</c> …</summary>
    public required string Subject { get; init; }

    /// <summary>Who did it: <see cref="Seguro"/>, <see cref="Bare"/>, or another's name, such as <c>go-dqlite</c>.</summary>
    public required string Contestant { get; init; }

    /// <summary>The workload's numbers, by <see cref="Parameter"/>: what a plot has on its axis.</summary>
    public IReadOnlyDictionary<string, double> Parameters { get; init; } = new Dictionary<string, double>();

    /// <summary>How long one commit, question or takeover took; <see langword="null"/> where only the rate counts.</summary>
    public LatencyFigures? Latency { get; init; }

    /// <summary>Events (or datagrams) a second, median of the rounds.</summary>
    public double? EventsPerSecond { get; init; }

    /// <summary>Payload bytes a second, median of the rounds.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Flushes of the block device for each commit, of all processes together (<c>/sys/block/*/stat</c>).</summary>
    public double? FlushesPerCommit { get; init; }

    /// <summary>Figures of one part only, by name with unit: <c>resident, bytes</c>.</summary>
    public IReadOnlyDictionary<string, double> More { get; init; } = new Dictionary<string, double>();

    /// <summary>What happened when, in milliseconds (of a takeover: when each answered question was asked, from the end of the master, and how long its answer took).</summary>
    public IReadOnlyList<TimelinePoint>? Timeline { get; init; }

    /// <summary>Seguro itself.</summary>
    public const string Seguro = "Seguro";

    /// <summary>The database's own client, with the same durability.</summary>
    public const string Bare = "bare";
}

namespace Seguro.Benchmarks;

/// <summary>Adds the measurements of one step of a part: same subject, same parameters.</summary>
internal sealed class StepFigures(BenchmarkRun run, string part, string subject, IReadOnlyDictionary<string, double> parameters)
{
    /// <summary>Adds what a workload came to.</summary>
    public void Add(string workload, Tally tally, string? of = null, IReadOnlyDictionary<string, double>? more = null) => run.Add(new Measurement
    {
        Part = part,
        Workload = workload,
        Subject = of ?? subject,
        Contestant = Measurement.Seguro,
        Parameters = parameters,
        Latency = tally.Latency,
        EventsPerSecond = tally.EventsPerSecond,
        More = more ?? new Dictionary<string, double>(),
    });

    /// <summary>Adds the memory of this process and of the database's first member, and the size of that one's files.</summary>
    public void AddSizes(RunningDatabase database, IReadOnlyDictionary<string, double>? more = null)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        ProcessMemory own = ProcessMemory.Read("bench", Environment.ProcessId);
        Dictionary<string, double> sizes = new(more ?? new Dictionary<string, double>())
        {
            ["resident, bytes"] = own.Own * 1e6,
            ["resident of mapped files, bytes"] = own.Files * 1e6,
            ["on disk, bytes"] = DiskRoom.Used(database.Data),
        };
        // PostgreSQL's processes share memory, which would count for each.
        if (database.Processes is [var first, ..] && database.Postgres is null)
            sizes["resident of the member, bytes"] = ProcessMemory.Read("member", first).Own * 1e6;
        Add("sizes", new Tally(), more: sizes);
    }
}

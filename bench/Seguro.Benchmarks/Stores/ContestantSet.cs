namespace Seguro.Benchmarks;

/// <summary>The contestants of a round, by database, each with an empty log or table.</summary>
internal sealed class ContestantSet(RunningDatabases databases, BenchmarkRun run) : IAsyncDisposable
{
    private readonly Dictionary<string, List<Contestant>> _contestants = [];

    /// <summary>Those on one database: Seguro first.</summary>
    public IReadOnlyList<Contestant> Of(string engine) => _contestants[engine];

    /// <summary>Opens all on one database.</summary>
    public async Task OpenAsync(string engine, CancellationToken cancel)
    {
        RunningDatabase database = await databases.GetAsync(engine, cancel);
        List<Contestant> here = _contestants[engine] = [];
        here.Add(await SeguroContestant.OpenAsync(database, cancel));
        here.Add(await BareAppend.OpenAsync(database, cancel));
        if (engine == "dqlite" && await GoDqlite.StartAsync(database.Dqlite!, GoDqlite.Statement, run, cancel) is { } go)
            here.Add(go);
    }

    /// <summary>Reads back what each committed.</summary>
    public async Task CheckAsync(CancellationToken cancel)
    {
        foreach (Contestant contestant in _contestants.Values.SelectMany(static here => here))
            await contestant.CheckAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Contestant contestant in _contestants.Values.SelectMany(static here => here))
            await contestant.DisposeAsync();
    }
}

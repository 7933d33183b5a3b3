namespace Seguro.Benchmarks;

/// <summary>The databases that the parts about stores measure: each is started when it is first asked for, and stays up for all parts, until this is disposed of.</summary>
internal sealed class RunningDatabases : IAsyncDisposable
{
    private readonly Dictionary<string, RunningDatabase> _running = [];

    /// <summary>A database of that kind.</summary>
    public async Task<RunningDatabase> GetAsync(string engine, CancellationToken cancel)
    {
        if (!_running.TryGetValue(engine, out RunningDatabase? database))
            _running.Add(engine, database = await RunningDatabase.StartAsync(engine, cancel));
        return database;
    }

    /// <summary>
    /// Ends those databases that keep all in memory; who asks next gets new ones. They never shrink, have a cap, and dqlite writes all of it out
    /// every thousand commits: what a round left behind would slow the next one down.
    /// </summary>
    public async Task ForgetAsync()
    {
        foreach (string engine in (string[])["dqlite", "etcd"])
        {
            if (_running.Remove(engine, out RunningDatabase? database))
                await database.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (RunningDatabase database in _running.Values)
            await database.DisposeAsync();
        _running.Clear();
    }
}

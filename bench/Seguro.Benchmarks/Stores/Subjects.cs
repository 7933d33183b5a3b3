namespace Seguro.Benchmarks;

/// <summary>The databases that the parts about stores measure: each is started when it is first asked for, and stays up for all parts, until this is disposed of.</summary>
internal sealed class Subjects : IAsyncDisposable
{
    private readonly Dictionary<string, Subject> _running = [];

    /// <summary>A database of that kind.</summary>
    public async Task<Subject> GetAsync(string engine, CancellationToken cancel)
    {
        if (!_running.TryGetValue(engine, out Subject? subject))
            _running.Add(engine, subject = await Subject.StartAsync(engine, cancel));
        return subject;
    }

    /// <summary>
    /// Ends those databases that keep all in memory; who asks next gets new ones. They never shrink, have a cap, and dqlite writes all of it out
    /// every thousand commits: what a round left behind would slow the next one down.
    /// </summary>
    public async Task ForgetAsync()
    {
        foreach (string engine in (string[])["dqlite", "etcd"])
        {
            if (_running.Remove(engine, out Subject? subject))
                await subject.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Subject subject in _running.Values)
            await subject.DisposeAsync();
        _running.Clear();
    }
}

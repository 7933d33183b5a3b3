namespace Seguro.Benchmarks;

/// <summary>A client that takes commits from many producers as they come, an event each.</summary>
internal sealed class OverlappingCommits(Contestant contestant) : IInFlight
{
    private long _commits;

    public Contestant Contestant => contestant;

    public long Commits => Volatile.Read(ref _commits);

    public async Task AppendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        await contestant.CommitAsync([payload], cancel);
        Interlocked.Increment(ref _commits);
    }

    public void Drop()
    {
        // Nobody waits for long.
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

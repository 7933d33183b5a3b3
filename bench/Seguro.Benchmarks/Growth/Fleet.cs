using System.Collections.Concurrent;
using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Benchmarks;

/// <summary>Many ships' logs in one store, all open, all with their leases.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const int AtOnce = 8;

    private readonly ConcurrentBag<GrowingLog> _logs = [];

    /// <summary>Opens or makes each log and takes its lease, some at a time.</summary>
    public Task LaunchAsync(IStore store, IEnumerable<Ship> ships, Tally tally, CancellationToken cancel) => Parallel.ForEachAsync(
        ships,
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
        async (ship, token) =>
        {
            long start = Stopwatch.GetTimestamp();
            _logs.Add(await GrowingLog.OpenAsync(store, ship, new PayloadSource(Bytes), token));
            lock (tally)
                tally.Add(start, Stopwatch.GetTimestamp());
        });

    /// <summary>The size of the payloads.</summary>
    public const int Bytes = 500;

    /// <summary>Appends single events for so long: each writer to its own ships, one after the other.</summary>
    public async Task<FleetLeases> AppendAsync(int writers, TimeSpan duration, Tally tally, CancellationToken cancel)
    {
        GrowingLog[] all = [.. _logs];
        double renewals = all.Sum(static log => (double)log.Lease.Lease.Renewals);
        long began = Stopwatch.GetTimestamp();
        long[] events = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(
            async () =>
            {
                GrowingLog[] mine = [.. all.Where((_, index) => index % writers == writer)];
                long count = 0;
                for (; Stopwatch.GetElapsedTime(began) < duration; count++)
                {
                    long start = Stopwatch.GetTimestamp();
                    await mine[count % mine.Length].AppendOneAsync(cancel);
                    lock (tally)
                        tally.Add(start, Stopwatch.GetTimestamp());
                }
                return count;
            },
            cancel)));
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        tally.AddRound(events.Sum(), took);
        renewals = all.Sum(static log => (double)log.Lease.Lease.Renewals) - renewals;
        return new FleetLeases(renewals / took.TotalSeconds, all.Count(static log => log.Lease.Lost.IsCancellationRequested));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Parallel.ForEachAsync(
        _logs,
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
        static (log, _) => log.DisposeAsync());
}

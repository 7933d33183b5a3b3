using System.Diagnostics;
using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>What one contestant's rounds of one workload came to: all latencies together, and the rate of each round. For one thread.</summary>
internal sealed class Tally
{
    private readonly LongHistogram _nanoseconds = LatencyFigures.NewHistogram();
    private readonly List<double> _rates = [];

    /// <summary>The distribution so far; <see langword="null"/> where there is none.</summary>
    public LatencyFigures? Latency => LatencyFigures.From(_nanoseconds);

    /// <summary>The median of the rounds; <see langword="null"/> where there is none.</summary>
    public double? EventsPerSecond => _rates.Count == 0 ? null : Median.Of(_rates);

    /// <summary>Adds what took from <paramref name="start"/> to <paramref name="end"/> (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public void Add(long start, long end) =>
        _nanoseconds.Add(Stopwatch.GetElapsedTime(start, end));

    /// <summary>Adds a round of so many events.</summary>
    public void AddRound(long events, TimeSpan took) => _rates.Add(events / took.TotalSeconds);

    /// <summary>Does something so often, or for so long if that is over first, and adds how long each took. Once at least.</summary>
    public async Task RepeatAsync(int times, TimeSpan longest, Func<ValueTask> act)
    {
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i == 0 || (i < times && Stopwatch.GetElapsedTime(began) < longest); i++)
        {
            long start = Stopwatch.GetTimestamp();
            await act();
            Add(start, Stopwatch.GetTimestamp());
        }
    }
}

using System.Diagnostics;

namespace Seguro.Benchmarks;

/// <summary>The appends of the parts about growth, for so long, or so often if that takes longer.</summary>
internal static class AppendLoad
{
    private const int Least = 10;

    /// <summary>One group after the other, each when the one before is committed.</summary>
    public static async Task InTurnAsync(GrowingLog log, int group, TimeSpan duration, Tally tally, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        long events = 0;
        while (events < Least * group || Stopwatch.GetElapsedTime(began) < duration)
        {
            ReadOnlyMemory<byte>[] payloads = log.NextGroup(group);
            long start = Stopwatch.GetTimestamp();
            await log.AppendAsync(payloads, cancel);
            tally.Add(start, Stopwatch.GetTimestamp());
            events += group;
        }
        tally.AddRound(events, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>
    /// So many callers, each of whom has one event on the way and gives the next when that is committed; all that came while a commit was on its way is the
    /// next group, as a master does it. Each event's latency counts from when its caller gave it.
    /// </summary>
    public static async Task InFlightAsync(GrowingLog log, int callers, TimeSpan duration, Tally tally, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        (int Count, long Given) leaving = (callers / 2, began);
        (int Count, long Given) waiting = (callers - leaving.Count, began);
        long events = 0;
        while (events < Least * callers || Stopwatch.GetElapsedTime(began) < duration)
        {
            await log.AppendAsync(log.NextGroup(leaving.Count), cancel);
            long committed = Stopwatch.GetTimestamp();
            for (int i = 0; i < leaving.Count; i++)
                tally.Add(leaving.Given, committed);
            events += leaving.Count;
            (leaving, waiting) = (waiting, (leaving.Count, committed));
        }
        tally.AddRound(events, Stopwatch.GetElapsedTime(began));
    }
}

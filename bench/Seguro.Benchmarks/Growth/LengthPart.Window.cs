using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Benchmarks;

// dqlite and etcd keep all that they hold in memory, so they hold a window of the log, which moves.
internal sealed partial class LengthPart
{
    private const long Window = 64L << 20;
    private const int WindowGroup = 100;

    /// <summary>As a master does: when the window is half full, all goes but the last 1024 events.</summary>
    private const ulong Kept = 1024;

    private static async Task MoveWindowAsync(BenchmarkRun run, string engine, CancellationToken cancel)
    {
        PayloadSource payloads = new(PostgresBytes);
        await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
        await using IStore store = await database.OpenAsync(cancel, window: Window);
        await using GrowingLog log = await GrowingLog.OpenAsync(store, Ship, payloads, cancel);
        long[] steps = run.Options.Pick<long[]>([1000, 10_000, 100_000, 200_000, 500_000], [1000, 5000]);
        TimeSpan longest = TimeSpan.FromSeconds(run.Options.Pick(4.0, 0.4));
        Tally trims = new();
        long held = 0;
        foreach (long events in steps)
        {
            run.Say($"length: {engine}, {events:N0} events through a window of {Window >> 20} MiB");
            StepFigures figures = new(run, "length", engine, new Dictionary<string, double> { [Parameter.Events] = events, [Parameter.Bytes] = payloads.Bytes });
            Tally grown = new();
            long began = Stopwatch.GetTimestamp();
            long from = (long)log.Head.Number.Value;
            while ((long)log.Head.Number.Value < events)
            {
                await log.GrowToAsync(Math.Min(events, (long)log.Head.Number.Value + WindowGroup), WindowGroup, cancel);
                held += WindowGroup * payloads.Bytes;
                if (held > Window / 2)
                    held = await TrimAsync(log, trims, cancel);
            }
            grown.AddRound(events - from, Stopwatch.GetElapsedTime(began));
            figures.Add("grow, groups of 100", grown);

            Tally one = new();
            await one.RepeatAsync(run.Options.Pick(200, 50), longest, () => log.AppendOneAsync(cancel));
            figures.Add("append one", one);
            Tally state = new();
            await state.RepeatAsync(run.Options.Pick(100, 20), longest, async () => await log.Log.ReadStateAsync(cancel));
            figures.Add("read the state", state);
            await ReadAsync(log.Log, figures, run.Options.Pick(10, 3), longest, cancel);
            figures.AddSizes(database, new Dictionary<string, double> { ["held, events"] = (await log.Log.ReadStateAsync(cancel)).Count });
            if (trims.Latency is not null)
                figures.Add("trim", trims);
        }
    }

    private static async Task<long> TrimAsync(GrowingLog log, Tally trims, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        WriteOutcome outcome = await log.Log.Stored.TrimAsync(log.Lease.Term, new EventNumber(log.Head.Number.Value - Kept + 1), cancel);
        trims.Add(start, Stopwatch.GetTimestamp());
        if (outcome is not WriteOutcome.Committed)
            throw new InvalidOperationException($"a trim was not committed: {outcome}");
        return (await log.Log.ReadStateAsync(cancel)).Bytes;
    }
}

using System.Diagnostics;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>A replica is killed while many events happen, and comes back while they go on.</summary>
internal static class ClusterCatchUp
{
    private const int InFlight = 64;

    // Near enough: who follows at this rate is never without something under way.
    private const ulong Near = 1024;

    public static async Task MeasureAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        (long behind, TimeSpan turn) = run.Options.Pick((100_000L, TimeSpan.FromSeconds(5)), (2_000L, TimeSpan.FromSeconds(0.5)));
        StatusReport master = await subject.MasterAsync(cancel);
        string away = master.Replicas[0].Name;
        await using ClusterLoad load = new(subject.Members.Public, ClusterPart.Size, InFlight);
        await load.MeasureAsync(turn, cancel);
        ClusterRate whole = await load.MeasureAsync(turn, cancel);
        await subject.Members.KillAsync(away);
        ClusterRate without = await load.MeasureUntilAsync(load.UntilAsync(load.Answers + behind, cancel));
        long start = Stopwatch.GetTimestamp();
        subject.Members.Start(away);
        ClusterRate during = await load.MeasureUntilAsync(subject.UntilMasterSaysAsync(
            $"{away} is near the head",
            status => status.Replicas.Any(replica => replica.Name == away && replica.Healthy && replica.Processed + Near >= status.Durable.Event),
            cancel));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        ClusterRate after = await load.MeasureAsync(turn, cancel);
        Add("before: all there", whole);
        Add($"one replica away for {behind} events", without);
        Add("while it catches up", during, ("caught up after, s", took.TotalSeconds));
        Add("after", after);

        void Add(string what, ClusterRate rate, params (string Name, double Value)[] more) => run.Add(new Measurement
        {
            Part = "catchup",
            Workload = what,
            Subject = subject.Engine,
            Contestant = Measurement.Seguro,
            Parameters = new Dictionary<string, double> { [Parameter.InFlight] = InFlight, [Parameter.Optimism] = 1 },
            EventsPerSecond = rate.PerSecond,
            Latency = LatencyFigures.From(rate.Latencies),
            More = new Dictionary<string, double>(more.Select(static one => KeyValuePair.Create(one.Name, one.Value))) { ["ratio to before"] = rate.PerSecond / whole.PerSecond },
        });
    }
}

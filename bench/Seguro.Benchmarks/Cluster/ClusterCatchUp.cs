using System.Diagnostics;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>A replica is killed while many events happen, and comes back while they go on.</summary>
/// <remarks>
/// All processes share this machine's cores, so one that has much to do takes time from all. What it costs a master that has a machine of its own is told by the master's processor time an event.
/// </remarks>
internal static class ClusterCatchUp
{
    /// <summary>The processor time of the master and of the database beside it, an event, to that before.</summary>
    public const string Cost = "ratio of that";

    /// <summary>The line that a bar is about.</summary>
    public const string During = "while it catches up";

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
        (ClusterRate Rate, double Used) whole = await WithTimeAsync(load.MeasureAsync(turn, cancel));
        await subject.KillMemberAsync(away);
        (ClusterRate Rate, double Used) without = await WithTimeAsync(load.MeasureUntilAsync(load.UntilAsync(load.Answers + behind, cancel)));
        long start = Stopwatch.GetTimestamp();
        subject.StartMember(away);
        (ClusterRate Rate, double Used) during = await WithTimeAsync(load.MeasureUntilAsync(subject.UntilMasterSaysAsync(
            $"{away} is near the head",
            status => status.Replicas.Any(replica => replica.Name == away && replica.Healthy && replica.Processed + Near >= status.Durable.Event),
            cancel)));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        (ClusterRate Rate, double Used) after = await WithTimeAsync(load.MeasureAsync(turn, cancel));
        Add("before: all there", whole);
        Add($"one replica away for {behind} events", without);
        Add(During, during, ("caught up after, s", took.TotalSeconds));
        Add("after", after);

        async Task<(ClusterRate Rate, double Used)> WithTimeAsync(Task<ClusterRate> measuring)
        {
            double before = ProcessTimes.OfMaster(subject, master);
            ClusterRate rate = await measuring;
            return (rate, (ProcessTimes.OfMaster(subject, master) - before) * 1e6 / rate.Answers);
        }

        void Add(string what, (ClusterRate Rate, double Used) one, params (string Name, double Value)[] more) => run.Add(new Measurement
        {
            Part = "catchup",
            Workload = what,
            Subject = subject.Engine,
            Contestant = Measurement.Seguro,
            Parameters = new Dictionary<string, double> { [Parameter.InFlight] = InFlight, [Parameter.Optimism] = 1 },
            EventsPerSecond = one.Rate.PerSecond,
            Latency = LatencyFigures.From(one.Rate.Latencies),
            More = new Dictionary<string, double>(more.Select(static more => KeyValuePair.Create(more.Name, more.Value)))
            {
                ["ratio to before"] = one.Rate.PerSecond / whole.Rate.PerSecond,
                ["master and database, µs an event"] = one.Used,
                [Cost] = one.Used / whole.Used,
            },
        });
    }
}

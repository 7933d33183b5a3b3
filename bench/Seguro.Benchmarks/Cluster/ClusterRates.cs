using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>Many datagrams on the way at any time, for each optimism: answers a second, and the processor time of each kind of process.</summary>
internal static class ClusterRates
{
    private static readonly int[] InFlight = [64, 1024];

    public static async Task MeasureAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        TimeSpan turn = run.Options.Pick(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(0.6));
        TimeSpan warmUp = run.Options.Pick(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2));
        Dictionary<(int InFlight, int Optimism), List<ClusterRate>> rates = [];
        Dictionary<(int InFlight, int Optimism), ProcessTimes> times = [];
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            foreach (int optimism in (int[])[0, 1, 2])
            {
                await subject.SetOptimismAsync(optimism, cancel);
                foreach (int count in InFlight)
                {
                    await using ClusterLoad load = new(subject.Members.Public, ClusterPart.Size, count);
                    await load.MeasureAsync(warmUp, cancel);
                    ProcessTimes before = await ProcessTimes.ReadAsync(subject, cancel);
                    ClusterRate rate = await load.MeasureAsync(turn, cancel);
                    times[(count, optimism)] = times.GetValueOrDefault((count, optimism)) + (await ProcessTimes.ReadAsync(subject, cancel) - before);
                    (rates.TryGetValue((count, optimism), out List<ClusterRate>? known) ? known : rates[(count, optimism)] = []).Add(rate);
                }
            }
        }
        await subject.SetOptimismAsync(1, cancel);
        foreach (((int count, int optimism), List<ClusterRate> all) in rates.OrderBy(static pair => pair.Key))
        {
            LongHistogram latencies = LatencyFigures.NewHistogram();
            foreach (ClusterRate rate in all)
                latencies.Add(rate.Latencies);
            ProcessTimes used = times[(count, optimism)];
            double millions = all.Sum(static rate => rate.Answers) / 1e6;
            run.Add(new Measurement
            {
                Part = "rate",
                Workload = $"datagrams of {ClusterPart.Size} B in flight",
                Subject = subject.Engine,
                Contestant = Measurement.Seguro,
                Parameters = new Dictionary<string, double> { [Parameter.InFlight] = count, [Parameter.Optimism] = optimism },
                EventsPerSecond = Median.Of(all.Select(static rate => rate.PerSecond)),
                Latency = LatencyFigures.From(latencies),
                More = new Dictionary<string, double>
                {
                    ["processor time, µs an event"] = used.All / millions,
                    ["master, µs"] = used.Master / millions,
                    ["two replicas, µs"] = used.Replicas / millions,
                    ["database, µs"] = used.Nodes / millions,
                    ["balancer, µs"] = used.Balancer / millions,
                    ["client, µs"] = used.Client / millions,
                },
            });
        }
    }
}

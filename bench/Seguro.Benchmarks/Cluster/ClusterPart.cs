using System.Runtime.InteropServices;

namespace Seguro.Benchmarks;

/// <summary>
/// A cluster as its users see it: three members and a balancer, each a process, on one machine, asked by UDP from outside. One cluster for each replicated store serves all that is measured of it.
/// </summary>
/// <param name="chosen">What to measure, of <see cref="Works"/>.</param>
internal sealed class ClusterPart(IReadOnlyCollection<string> chosen) : IBenchmarkPart
{
    /// <summary>The size of a datagram, in bytes.</summary>
    public const int Size = 200;

    private static readonly string[] Stores = ["dqlite", "postgresql"];

    // The takeovers last: they leave members that have just started.
    private static readonly (string Name, string Description, Func<BenchmarkRun, ClusterSubject, CancellationToken, Task> MeasureAsync)[] All =
    [
        ("latency", "Datagram in, answer out, for each optimism, beside bare commits.", ClusterLatency.MeasureAsync),
        ("rate", "64 and 1024 datagrams on the way: answers a second, processor time an event.", ClusterRates.MeasureAsync),
        ("memory", "What the processes have resident, before and after many events.", ClusterMemory.MeasureAsync),
        ("catchup", "A replica is away for many events, and comes back.", ClusterCatchUp.MeasureAsync),
        ("takeover", "kill -9 of the master until the next answer, while a client asks on.", ClusterTakeover.MeasureAsync),
    ];

    /// <summary>What can be measured, each with a line about it.</summary>
    public static IEnumerable<(string Name, string Description)> Works => All.Select(static work => (work.Name, work.Description));

    public string Name => "cluster";

    public string Description => "Three members, a balancer and a client, each a process: " + string.Join(", ", All.Select(static work => work.Name).Where(chosen.Contains)) + ".";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        string[] stores = [.. run.Options.Stores.Where(Stores.Contains)];
        if (stores.Length == 0)
            run.Note($"cluster: not measured; it runs on {string.Join(" or ", Stores)}, of which none was chosen.");
        run.Describe("cluster", $"three `seguro run` and one `seguro balancer`, defaults (lease 1 s, TLS between members), and the client, on {Environment.ProcessorCount} cores ({RuntimeInformation.OSArchitecture})");
        foreach (string store in stores)
            await MeasureAsync(run, store, cancel);
    }

    /// <summary>All works on one store. A work that fails leaves the others; each begins by waiting for a master with healthy replicas.</summary>
    private async Task MeasureAsync(BenchmarkRun run, string store, CancellationToken cancel)
    {
        try
        {
            run.Say($"cluster: {store} starts");
            await using ClusterSubject subject = await ClusterSubject.StartAsync(store, cancel);
            await subject.DescribeAsync(run, cancel);
            await WarmUpAsync(run, subject, cancel);
            foreach ((string name, _, Func<BenchmarkRun, ClusterSubject, CancellationToken, Task> measureAsync) in All.Where(work => chosen.Contains(work.Name)))
            {
                run.Say($"cluster: {store}, {name}");
                try
                {
                    await measureAsync(run, subject, cancel);
                }
                catch (Exception error) when (!cancel.IsCancellationRequested)
                {
                    run.Fail($"{name}, {store}", error);
                }
                run.Keep();
            }
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            run.Fail($"{Name}, {store}", error);
        }
    }

    /// <summary>Load on every path for seconds, until the processes' code is compiled as well as it will be, more or less.</summary>
    private static async Task WarmUpAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        TimeSpan turn = run.Options.Pick(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(0.8));
        foreach ((int optimism, int inFlight) in ((int, int)[])[(1, 64), (0, 256), (2, 16), (1, 1)])
        {
            await subject.SetOptimismAsync(optimism, cancel);
            await using ClusterLoad load = new(subject.Members.Public, Size, inFlight);
            await load.MeasureAsync(turn, cancel);
        }
    }
}

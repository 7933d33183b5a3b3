using System.Globalization;
using Seguro.Cli.Demo;
using Seguro.Core;
using Seguro.Node.Probes;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>A cluster as its users see it: three members and a balancer, each a process, on one machine, asked by UDP from outside.</summary>
internal sealed partial class ClusterBenchmark(ClusterBenchmarkOptions options, TextWriter output)
{
    /// <summary>The size of a datagram, in bytes.</summary>
    private const int Size = 200;

    private const int WarmUp = 200;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken cancel)
    {
        await SayAsync($"Three members and a balancer, a process each, and the client, on one machine with {Environment.ProcessorCount} cores; {System.Runtime.InteropServices.RuntimeInformation.OSDescription}; .NET {Environment.Version}; load at the start {Load()}");
        foreach (string store in options.Stores)
        {
            await using ClusterSubject subject = await ClusterSubject.StartAsync(store, cancel);
            await WarmUpAsync(subject, cancel);
            foreach (string part in options.Parts)
            {
                string before = Load();
                Func<ClusterSubject, CancellationToken, Task> measure = part switch
                {
                    "latency" => LatencyAsync,
                    "rate" => RateAsync,
                    "catchup" => CatchUpAsync,
                    "takeover" => TakeoverAsync,
                    "memory" => MemoryAsync,
                    _ => throw new ArgumentException($"There is no part '{part}': latency, rate, catchup, takeover, memory."),
                };
                await measure(subject, cancel);
                await SayAsync($"\nLoad before and after: {before}, {Load()}");
            }
        }
    }

    /// <summary>Until the code is compiled as well as it will be, more or less.</summary>
    private static async Task WarmUpAsync(ClusterSubject subject, CancellationToken cancel)
    {
        await using ClusterLoad load = new(subject.Members.Public, Size, 64);
        await load.MeasureAsync(TimeSpan.FromSeconds(5), cancel);
    }

    private async Task LatencyAsync(ClusterSubject subject, CancellationToken cancel)
    {
        Latencies[] cluster = [new(), new(), new()];
        Latencies mine = new();
        Latencies bare = new();
        using ShipProbe probe = new(subject.Members.Public, Size, TimeProvider.System);
        ReadOnlyMemory<byte>[] payload = [new byte[await EventSizeAsync(subject, cancel)]];
        await using IStore store = await subject.OpenStoreAsync(cancel);
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~nec"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        await using BareAppend direct = await subject.OpenBareAsync(cancel);
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int optimism = 0; optimism < cluster.Length; optimism++)
            {
                await subject.SetOptimismAsync(optimism, cancel);
                for (int i = -WarmUp; i < options.Questions; i++)
                {
                    ProbeAnswer answer = await probe.AskAsync(AskAgain, cancel);
                    if (i >= 0)
                        cluster[optimism].Add(answer.Latency);
                }
            }
            for (int i = -WarmUp; i < options.Questions; i++)
            {
                TimeSpan start = probe.Now;
                AppendResult result = await log.AppendAsync(lease.Term, head, payload, cancel);
                TimeSpan middle = probe.Now;
                await direct.AppendAsync(payload, cancel);
                TimeSpan end = probe.Now;
                head = result.IsCommitted ? result.Reached : throw new InvalidOperationException(result.Outcome.ToString());
                if (i < 0)
                    continue;
                mine.Add(middle - start);
                bare.Add(end - middle);
            }
        }
        await subject.SetOptimismAsync(1, cancel);
        await SayAsync($"\n{subject.Engine}: one datagram of {Size} B (an event of {payload[0].Length} B) after the other, {options.Rounds} rounds of {options.Questions}, turn about; milliseconds\n");
        await SayAsync("| | p50 | p99 | max | p50, ratio to the bare commit |\n|---|---:|---:|---:|---:|");
        for (int optimism = 0; optimism < cluster.Length; optimism++)
            await SayAsync(Row($"datagram in → answer out, optimism {optimism}", cluster[optimism], bare));
        await SayAsync(Row("one event appended to the store by Seguro's `EventLog`", mine, bare));
        await SayAsync(Row("the same insert by the database's own client, with a fence", bare, bare));
    }

    private async Task RateAsync(ClusterSubject subject, CancellationToken cancel)
    {
        int[] inFlight = [64, 1024];
        Dictionary<(int InFlight, int Optimism), List<ClusterRate>> rates = [];
        Dictionary<(int InFlight, int Optimism), ProcessTimes> times = [];
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (int optimism in (int[])[0, 1, 2])
            {
                await subject.SetOptimismAsync(optimism, cancel);
                foreach (int count in inFlight)
                {
                    await using ClusterLoad load = new(subject.Members.Public, Size, count);
                    await load.MeasureAsync(TimeSpan.FromSeconds(1), cancel);
                    ProcessTimes before = await ProcessTimes.ReadAsync(subject, cancel);
                    ClusterRate rate = await load.MeasureAsync(TimeSpan.FromSeconds(options.Seconds), cancel);
                    times[(count, optimism)] = times.GetValueOrDefault((count, optimism)) + (await ProcessTimes.ReadAsync(subject, cancel) - before);
                    (rates.TryGetValue((count, optimism), out List<ClusterRate>? known) ? known : rates[(count, optimism)] = []).Add(rate);
                }
            }
        }
        await subject.SetOptimismAsync(1, cancel);
        await SayAsync($"\n{subject.Engine}: so many datagrams of {Size} B on the way at any time, {options.Rounds} rounds of {options.Seconds} s, turn about; medians of the rounds\n");
        await SayAsync("| in flight | optimism | events/s | latency p50, ms | p99, ms | processor time, µs an event | master | two replicas | database | balancer | client |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (((int count, int optimism), List<ClusterRate> all) in rates.OrderBy(static pair => pair.Key))
        {
            ProcessTimes used = times[(count, optimism)];
            double events = all.Sum(static rate => rate.Answers) / 1e6;
            await SayAsync(Invariant(
                $"| {count} | {optimism} | {Median(all, static rate => rate.PerSecond):N0} | {Median(all, static rate => rate.P50):0.0} | {Median(all, static rate => rate.P99):0.0} | {used.All / events:N0} | {used.Master / events:N0} | {used.Replicas / events:N0} | {used.Nodes / events:N0} | {used.Balancer / events:N0} | {used.Client / events:N0} |"));
        }
    }

    /// <summary>How many bytes the event of a probe's datagram has in the log.</summary>
    private static async Task<int> EventSizeAsync(ClusterSubject subject, CancellationToken cancel)
    {
        await using IStore store = await subject.OpenStoreAsync(cancel);
        await using IStoredLog? stored = await store.OpenLogAsync(Ship.Parse("~zod"), cancel);
        EventLog log = new(stored!, store.Capabilities);
        LogState state = await log.ReadStateAsync(cancel);
        await foreach (Event last in log.ReadAsync(state, state.Head.Number, state.Head.Number, cancel))
            return last.Payload.Length;
        throw new InvalidOperationException("The log is empty.");
    }

    private static string Row(string what, Latencies latencies, Latencies bare) =>
        Invariant($"| {what} | {latencies.At(0.5):0.00} | {latencies.At(0.99):0.00} | {latencies.At(1):0.0} | {latencies.At(0.5) / bare.At(0.5):0.00} |");

    private static double Median(List<ClusterRate> all, Func<ClusterRate, double> value)
    {
        double[] sorted = [.. all.Select(value).Order()];
        return sorted[sorted.Length / 2];
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    // Each line as soon as it is known: the whole takes long.
    private async Task SayAsync(string text)
    {
        await output.WriteLineAsync(text);
        await output.FlushAsync(CancellationToken.None);
    }
}

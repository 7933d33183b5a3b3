using System.Collections.Concurrent;
using System.Diagnostics;
using Seguro.Cli.Demo;
using Seguro.Node.Admin;
using Seguro.Node.Probes;

namespace Seguro.Benchmarks;

internal sealed partial class ClusterBenchmark
{
    private const int CatchUpInFlight = 64;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(5);

    /// <summary>From kill −9 of the master to the first answer to a datagram that was sent after its end.</summary>
    private async Task TakeoverAsync(ClusterSubject subject, CancellationToken cancel)
    {
        Latencies takeovers = new();
        for (int kill = 0; kill < options.Kills; kill++)
        {
            StatusReport master = await subject.MasterAsync(cancel);
            ConcurrentQueue<ProbeAnswer> answers = new();
            using ShipProbe probe = new(subject.Members.Public, Size, TimeProvider.System, answers.Enqueue);
            await probe.AskAsync(AskAgain, cancel);
            TimeSpan killed = probe.Now;
            await subject.Members.KillAsync(master.Name);
            TimeSpan dead = probe.Now;
            TimeSpan? first = null;
            while (first is null)
            {
                probe.Send();
                await Task.Delay(Every, cancel);
                while (first is null && answers.TryDequeue(out ProbeAnswer answer))
                {
                    if (answer.At - answer.Latency >= dead)
                        first = answer.At;
                }
                if (probe.Now - killed > TimeSpan.FromMinutes(1))
                    throw new InvalidOperationException($"No answer for a minute after kill {kill + 1}.");
            }
            takeovers.Add(first.Value - killed);
            subject.Members.Start(master.Name);
        }
        await subject.MasterAsync(cancel);
        await SayAsync($"\n{subject.Engine}: kill -9 of the master (and with it of its dqlite node, where it has one) → the first answer to a datagram that was sent after its end; {options.Kills} kills, milliseconds\n");
        await SayAsync("| p50 | p90 | max |\n|---:|---:|---:|");
        await SayAsync(Invariant($"| {takeovers.At(0.5):N0} | {takeovers.At(0.9):N0} | {takeovers.At(1):N0} |"));
    }

    /// <summary>A replica is away while so many events happen, and comes back while they go on.</summary>
    private async Task CatchUpAsync(ClusterSubject subject, CancellationToken cancel)
    {
        StatusReport master = await subject.MasterAsync(cancel);
        string away = master.Replicas[0].Name;
        await using ClusterLoad load = new(subject.Members.Public, Size, CatchUpInFlight);
        await load.MeasureAsync(TimeSpan.FromSeconds(1), cancel);
        ClusterRate whole = await load.MeasureAsync(TimeSpan.FromSeconds(options.Seconds), cancel);
        await subject.Members.KillAsync(away);
        ClusterRate without = await load.MeasureUntilAsync(load.UntilAsync(load.Answers + options.Behind, cancel));
        long start = Stopwatch.GetTimestamp();
        subject.Members.Start(away);
        // Near enough: who follows at this rate is never without something under way.
        ClusterRate during = await load.MeasureUntilAsync(subject.Members.UntilAsync(
            $"{away} is near the head",
            status => status.Role == "master" && status.Replicas.Any(replica => replica.Name == away && replica.Healthy && replica.Processed + 1024 >= status.Durable.Event),
            cancel));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        ClusterRate after = await load.MeasureAsync(TimeSpan.FromSeconds(options.Seconds), cancel);
        await SayAsync(Invariant($"\n{subject.Engine}: a replica is killed, and started again {options.Behind:N0} events later; it has caught up {took.TotalSeconds:0.0} s after its start; {CatchUpInFlight} datagrams in flight all the time, optimism 1\n"));
        await SayAsync("| | events/s | ratio to before | latency p50, ms | p99, ms |\n|---|---:|---:|---:|---:|");
        foreach ((string what, ClusterRate rate) in ((string, ClusterRate)[])[("before: all there", whole), ("one replica away", without), ("while it catches up", during), ("after", after)])
            await SayAsync(Invariant($"| {what} | {rate.PerSecond:N0} | {rate.PerSecond / whole.PerSecond:0.00} | {rate.P50:0.0} | {rate.P99:0.0} |"));
    }

    /// <summary>Resident memory before and after so many events.</summary>
    private async Task MemoryAsync(ClusterSubject subject, CancellationToken cancel)
    {
        List<ProcessMemory> before = await ReadMemoryAsync(subject, cancel);
        ClusterRate rate;
        await using (ClusterLoad load = new(subject.Members.Public, Size, 1024))
            rate = await load.MeasureUntilAsync(load.UntilAsync(options.Events, cancel));
        StatusReport master = await subject.MasterAsync(cancel);
        List<ProcessMemory> after = await ReadMemoryAsync(subject, cancel);
        await SayAsync(Invariant($"\n{subject.Engine}: resident memory after {options.Events:N0} more events ({rate.PerSecond:N0} events/s with 1024 in flight; {master.Name} is master, its log ends at event {master.Durable.Event:N0}), MB; files that are mapped apart\n"));
        await SayAsync("| process | before | after | mapped files, after | peak of all |\n|---|---:|---:|---:|---:|");
        foreach (ProcessMemory now in after)
        {
            double was = before.Find(old => old.Id == now.Id)?.Own ?? double.NaN;
            await SayAsync(Invariant($"| {now.Name} | {was:N0} | {now.Own:N0} | {now.Files:N0} | {now.Peak:N0} |"));
        }
    }

    private static async Task<List<ProcessMemory>> ReadMemoryAsync(ClusterSubject subject, CancellationToken cancel)
    {
        List<ProcessMemory> all = [];
        foreach (string name in subject.Members.Names)
        {
            StatusReport status = await subject.Members.AskAsync(name, client => client.ReadStatusAsync(cancel));
            all.Add(ProcessMemory.Read($"{name}, {status.Role}", status.Process));
            all.AddRange(ProcessMemory.ReadChildren($"{name}'s dqlite node", status.Process));
        }
        all.Add(ProcessMemory.Read("balancer", subject.Members.Balancer));
        return all;
    }
}

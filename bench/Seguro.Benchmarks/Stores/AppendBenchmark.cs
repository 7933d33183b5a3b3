using System.Diagnostics;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>Appends of 500 B, one at a time and in groups of 100, beside what the bare database takes for the same: fenced where it can be.</summary>
internal sealed class AppendBenchmark(string[] engines, int rounds, int events)
{
    private const int Size = 500;
    private const int Group = 100;
    private const int WarmUp = 100;

    public async Task RunAsync(TextWriter output, CancellationToken cancel)
    {
        Dictionary<(string, int), (List<double> Seguro, List<double> Bare)> latencies = [];
        for (int round = 0; round < rounds; round++)
        {
            foreach (string engine in engines)
            {
                await using Subject subject = await Subject.StartAsync(engine, cancel);
                await using IStore store = await subject.OpenAsync(cancel);
                await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
                await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
                await using BareAppend bare = await BareAppend.OpenAsync(subject, cancel);
                Position head = (await log.ReadStateAsync(cancel)).Head.Position;
                foreach (int group in (int[])[1, Group])
                {
                    (List<double> mine, List<double> theirs) = latencies.TryGetValue((engine, group), out (List<double>, List<double>) known) ? known : (latencies[(engine, group)] = ([], []));
                    ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[group];
                    int count = group == 1 ? events : Math.Max(events / 10, 20);
                    for (int index = -WarmUp; index < count; index++)
                    {
                        for (int place = 0; place < group; place++)
                        {
                            byte[] payload = new byte[Size];
                            BitConverter.TryWriteBytes(payload.AsSpan(4), head.Number.Value + (ulong)place);
                            payloads[place] = payload;
                        }
                        // Turn about, so that both see the same machine.
                        long start = Stopwatch.GetTimestamp();
                        AppendResult result = await log.AppendAsync(lease.Term, head, payloads, cancel);
                        long middle = Stopwatch.GetTimestamp();
                        await bare.AppendAsync(payloads, cancel);
                        long end = Stopwatch.GetTimestamp();
                        head = result.IsCommitted ? result.Reached : throw new InvalidOperationException(result.Outcome.ToString());
                        if (index < 0)
                            continue;
                        mine.Add(Stopwatch.GetElapsedTime(start, middle).TotalMilliseconds);
                        theirs.Add(Stopwatch.GetElapsedTime(middle, end).TotalMilliseconds);
                    }
                }
            }
        }
        await output.WriteLineAsync($"Appends of {Size} B, {rounds} rounds, Seguro and the bare client turn about; milliseconds a commit\n");
        await output.WriteLineAsync("| store | events a commit | Seguro p50 | p99 | bare p50 | p99 | ratio of p50 | Seguro, events/s |\n|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (((string engine, int group), (List<double> mine, List<double> theirs)) in latencies.OrderBy(static pair => pair.Key.Item2))
        {
            mine.Sort();
            theirs.Sort();
            double average = mine.Average();
            await output.WriteLineAsync(
                $"| {engine} | {group} | {At(mine, 50):0.00} | {At(mine, 99):0.00} | {At(theirs, 50):0.00} | {At(theirs, 99):0.00} | {At(mine, 50) / At(theirs, 50):0.00} | {group * 1000 / average:N0} |");
        }
        await output.WriteLineAsync($"\nBare: {BareAppend.Description}");
    }

    private static double At(List<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];
}

using System.Diagnostics;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Urbit.Names;
using Seguro.Urbit.Piers;
using Seguro.Urbit.Transfer;

namespace Seguro.Benchmarks;

/// <summary>Import of a pier into each store, beside the bare database's bulk load of the same rows from the same pier.</summary>
internal sealed class ImportBenchmark(string[] engines, int rounds, string path)
{
    public async Task RunAsync(TextWriter output, CancellationToken cancel)
    {
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        Dictionary<string, List<double>> seguro = engines.ToDictionary(static engine => engine, static _ => new List<double>());
        Dictionary<string, List<double>> bare = engines.ToDictionary(static engine => engine, static _ => new List<double>());
        Dictionary<string, string> refused = [];
        for (int round = 0; round < rounds; round++)
        {
            foreach (string engine in engines)
            {
                try
                {
                    await using Subject subject = await Subject.StartAsync(engine, cancel);
                    seguro[engine].Add(await SeguroAsync(subject, pier, cancel));
                    bare[engine].Add(await BareImport.RunAsync(subject, pier, cancel));
                }
                catch (SeguroException error) when (error.Code == ErrorCode.TooLarge)
                {
                    refused[engine] = error.Message;
                }
            }
        }
        double megabytes = pier.Info.Bytes / 1e6;
        await output.WriteLineAsync($"Import of {pier.Info.Count:N0} events, {megabytes:N1} MB; median of {rounds} rounds\n");
        await output.WriteLineAsync("| store | Seguro, MB/s | the store's own bulk load, MB/s | ratio |\n|---|---:|---:|---:|");
        foreach (string engine in engines)
        {
            if (refused.TryGetValue(engine, out string? why))
            {
                await output.WriteLineAsync($"| {engine} | refused before anything was written | | |");
                await Console.Error.WriteLineAsync(why);
                continue;
            }
            double mine = megabytes / Median(seguro[engine]);
            double theirs = megabytes / Median(bare[engine]);
            await output.WriteLineAsync($"| {engine} | {mine:N0} | {theirs:N0} | {mine / theirs:0.00} |");
        }
    }

    internal static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static async Task<double> SeguroAsync(Subject subject, Pier pier, CancellationToken cancel)
    {
        await using IStore store = await subject.OpenAsync(cancel);
        Ship ship = ShipName.ToShip(pier.Info.Identity.Who);
        await using EventLog log = new(await store.CreateLogAsync(ship, PierImport.Origin(pier), PierImport.Metadata(pier), cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        long start = Stopwatch.GetTimestamp();
        await PierImport.RunAsync(pier, store, log, lease.Term, null, TimeProvider.System, cancel);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

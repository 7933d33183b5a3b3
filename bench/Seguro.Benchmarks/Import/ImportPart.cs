using System.Diagnostics;
using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A pier into each store, beside the bare database's bulk load of the same rows; and out again, beside a copy of the pier that comes out by LMDB's own <c>mdb_copy</c>.</summary>
internal sealed class ImportPart : IBenchmarkPart
{
    private const string Copier = "mdb_copy";

    // Of these, one round is enough.
    private const long LargeBytes = 100_000_000;

    private static readonly long[] Synthetic = [256L << 20, 1L << 30];

    public string Name => "import";

    public string Description => "A pier into each store and out again, beside the store's own bulk load and mdb_copy.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        if (run.Options.Pier is { } chosen)
        {
            await MeasureAsync(run, chosen, cancel);
            return;
        }
        if (RealData.Find("zod") is { } real)
            await MeasureAsync(run, real, cancel);
        foreach (long bytes in RealData.Find("zod") is null ? run.Options.Pick(Synthetic, [8L << 20]) : run.Options.Pick(Synthetic, []))
        {
            using TemporaryFolder folder = new("bench");
            SyntheticPier.Make(folder["pier"], bytes);
            await MeasureAsync(run, folder["pier"], cancel);
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, string path, CancellationToken cancel)
    {
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        string size = string.Create(CultureInfo.InvariantCulture, $"{pier.Info.Count:N0} events, {pier.Info.Bytes / 1e6:N1} MB");
        (string import, string export) = ($"import of {size}", $"export of {size}");
        Dictionary<(string Workload, string Subject, string Contestant), List<double>> seconds = [];
        bool isLarge = pier.Info.Bytes > LargeBytes;
        int rounds = isLarge ? 1 : run.Options.Rounds;
        if (!isLarge)
            await WarmUpAsync(pier, run.Options.Stores[0], cancel);
        for (int round = 0; round < rounds; round++)
        {
            foreach (string engine in run.Options.Stores)
            {
                run.Say($"{import}: {engine}, round {round + 1} of {rounds}");
                try
                {
                    await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
                    if (engine == "postgresql")
                        await DatabaseFacts.DescribePostgresAsync(run, database.BarePostgres(), cancel);
                    using TemporaryFolder folder = new("bench");
                    (double inward, double outward) = await SeguroAsync(database, pier, folder["out"], cancel);
                    Remember(import, engine, Measurement.Seguro, inward);
                    Remember(export, engine, Measurement.Seguro, outward);
                    Remember(import, engine, Measurement.Bare, await BareImport.RunAsync(database, pier, cancel));
                    if (await CopyAsync(folder["out"], folder["copy"], cancel) is { } copied)
                        Remember(export, engine, Copier, copied);
                    else
                        run.Note("mdb_copy is not installed (Debian's package lmdb-utils): exports are measured beside nothing.");
                }
                catch (SeguroException error) when (error.Code == ErrorCode.TooLarge)
                {
                    run.Note($"{import}, {engine}: {error.Message}");
                }
            }
        }
        foreach (((string workload, string subject, string contestant), List<double> all) in seconds)
        {
            run.Add(new Measurement
            {
                Part = "import",
                Workload = workload,
                Subject = subject,
                Contestant = contestant,
                BytesPerSecond = pier.Info.Bytes / Median.Of(all),
                EventsPerSecond = pier.Info.Count / Median.Of(all),
            });
        }

        void Remember(string workload, string subject, string contestant, double taken)
        {
            if (!seconds.TryGetValue((workload, subject, contestant), out List<double>? all))
                seconds[(workload, subject, contestant)] = all = [];
            all.Add(taken);
        }
    }

    /// <summary>Once for nothing, so that the first store does not pay for the compiling of what all use.</summary>
    private static async Task WarmUpAsync(Pier pier, string engine, CancellationToken cancel)
    {
        await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
        using TemporaryFolder folder = new("bench");
        await SeguroAsync(database, pier, folder["out"], cancel);
        await BareImport.RunAsync(database, pier, cancel);
    }

    /// <summary>Seconds in, seconds out.</summary>
    private static async Task<(double In, double Out)> SeguroAsync(RunningDatabase database, Pier pier, string target, CancellationToken cancel)
    {
        await using IStore store = await database.OpenAsync(cancel);
        Ship ship = ShipName.ToShip(pier.Info.Identity.Who);
        await using EventLog log = new(await store.CreateLogAsync(ship, PierImport.Origin(pier), PierImport.Metadata(pier), cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        long start = Stopwatch.GetTimestamp();
        await PierImport.RunAsync(pier, store, log, lease.Term, null, TimeProvider.System, cancel);
        double inward = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        await PierExport.RunAsync(log, await log.ReadStateAsync(cancel), target, pier.Info.VereVersion, null, TimeProvider.System, cancel);
        return (inward, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Seconds that LMDB's own tool takes for a copy, on the disk, of the pier's newest epoch; <see langword="null"/> where the tool is not there.</summary>
    private static async Task<double?> CopyAsync(string pier, string target, CancellationToken cancel)
    {
        if (!File.Exists($"/usr/bin/{Copier}"))
            return null;
        string epoch = Directory.EnumerateDirectories(Path.Combine(pier, ".urb", "log"), "0i*").Single();
        Directory.CreateDirectory(target);
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", $"{Copier} \"$1\" \"$2\" && sync \"$2/data.mdb\" \"$2\"", "sh", epoch, target]) { UseShellExecute = false })!;
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException($"{Copier} ended with {process.ExitCode}: see above.");
    }
}

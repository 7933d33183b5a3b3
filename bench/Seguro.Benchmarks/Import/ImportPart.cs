using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>
/// A pier into each store, beside the bare database's bulk load of the same rows; and out again,
/// beside a bare loop that reads the file of the pier that comes out, hashes it and writes it.
/// </summary>
internal sealed class ImportPart : IBenchmarkPart
{
    /// <summary>What an export is compared with.</summary>
    public const string Loop = "bare loop";

    private const int Piece = 1 << 20;

    // Of these, one round is enough.
    private const long LargeBytes = 100_000_000;

    private static readonly long[] Synthetic = [256L << 20, 1L << 30];

    public string Name => "import";

    public string Description => "A pier into each store and out again, beside the store's own bulk load and a bare loop that reads, hashes and writes.";

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
                    Remember(export, engine, Loop, CopyFile(folder["out"], folder["copy"], cancel));
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
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        long start = Stopwatch.GetTimestamp();
        await PierImport.RunAsync(pier, store, log, lease.Term, null, TimeProvider.System, cancel);
        double inward = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        await PierExport.RunAsync(log, await log.ReadStateAsync(cancel), target, pier.Info.VereVersion, null, TimeProvider.System, cancel);
        return (inward, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Seconds that a loop takes which reads the file of the pier's newest epoch, hashes it (SHA-256), and writes it to the disk.</summary>
    private static double CopyFile(string pier, string target, CancellationToken cancel)
    {
        string epoch = Directory.EnumerateDirectories(Path.Combine(pier, ".urb", "log"), "0i*").Single();
        byte[] piece = new byte[Piece];
        long start = Stopwatch.GetTimestamp();
        using (IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        using (FileStream from = new(Path.Combine(epoch, "data.mdb"), FileMode.Open, FileAccess.Read, FileShare.Read, 0))
        using (FileStream to = new(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
        {
            for (int read; (read = from.Read(piece)) > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                hash.AppendData(piece, 0, read);
                to.Write(piece, 0, read);
            }
            hash.GetHashAndReset();
            to.Flush(flushToDisk: true);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

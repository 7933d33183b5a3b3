using System.Diagnostics;
using System.Globalization;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Restoring;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A pier into a harbor that is a folder, and out again, beside Debian's <c>zstd</c> and <c>age</c> and a bare copy of the same bytes; and how many objects a ship makes in an hour.</summary>
internal sealed class HarborPart : IBenchmarkPart
{
    /// <summary>What is compared with: the slowest of the three, each on its own.</summary>
    public const string Slowest = "the slowest of zstd, age, cp";
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(30);

    public string Name => "harbor";

    public string Description => "A pier into a harbor and out again, beside zstd, age and cp; PUTs an hour; what a service with many owners costs.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using TemporaryFolder folder = new("bench");
        SyntheticPier.Make(folder["pier"], run.Options.Pick(512L << 20, 32L << 20));
        HarborKeys.Create(folder["key"], []);
        Dictionary<(string Workload, string Contestant), List<double>> rates = [];
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            run.Say($"harbor: round {round + 1} of {run.Options.Rounds}");
            await MeasureAsync(rates, folder, cancel);
        }
        // Medians of the rounds; and of those of the tools, the slowest.
        foreach (IGrouping<string, (string Contestant, double Rate)> workload in rates
            .Select(static one => (one.Key.Workload, one.Key.Contestant, Rate: Median(one.Value)))
            .GroupBy(static one => one.Workload, static one => (one.Contestant, one.Rate)))
        {
            foreach ((string contestant, double rate) in workload.Append((Slowest, workload.Where(static one => one.Contestant != Measurement.Seguro).Min(static one => one.Rate))))
                run.Add(new Measurement { Part = "harbor", Workload = workload.Key, Subject = "file", Contestant = contestant, BytesPerSecond = rate });
        }
        await CountAsync(run, folder, cancel);
        await ServiceCost.MeasureAsync(run, folder, cancel);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private static async Task MeasureAsync(Dictionary<(string Workload, string Contestant), List<double>> rates, TemporaryFolder folder, CancellationToken cancel)
    {
        string target = Directory.CreateDirectory(folder["target"]).FullName;
        using HostKey host = HostKey.Read(HarborKeys.HostFile(folder["key"]));
        using OwnerKey owner = OwnerKey.Read(HarborKeys.OwnerFile(folder["key"]));
        await using IHarborTarget harbor = HarborTarget.Open($"file:{target}");
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{folder["pier"]}"), new StoreOptions { ReadOnly = true }, cancel);
        Ship ship = (await store.ListLogsAsync(cancel))[0];
        await using EventLog log = new((await store.OpenLogAsync(ship, cancel))!, store.Capabilities);
        long bytes = (await log.ReadStateAsync(cancel)).Bytes;
        string size = string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");

        long started = Stopwatch.GetTimestamp();
        using (HarborBackup backup = new(log, harbor, host, new BackupOptions()))
            await backup.CatchUpAsync(cancel);
        double inward = Stopwatch.GetElapsedTime(started).TotalSeconds;
        HarborReader reader = await HarborReader.OpenAsync([harbor], owner, ship, static _ => { }, TimeProvider.System, cancel);
        started = Stopwatch.GetTimestamp();
        await HarborRestore.ToPierAsync(reader, folder["back"], "4.6", null, null, TimeProvider.System, cancel);
        double outward = Stopwatch.GetElapsedTime(started).TotalSeconds;

        string recipient = host.Recipients[0].ToString();
        (string plain, string packed, string locked) = (folder["plain"], folder["packed"], folder["locked"]);
        File.Copy(Directory.EnumerateFiles(folder["pier"], "data.mdb", SearchOption.AllDirectories).MaxBy(static file => new FileInfo(file).Length)!, plain, overwrite: true);
        long original = new FileInfo(plain).Length;
        // Each tool's rate is of the plain bytes, as Seguro's is; age works on what zstd left of them.
        Dictionary<string, double> toward = new()
        {
            ["zstd -3"] = await TimeAsync($"zstd -q -f -3 --single-thread '{plain}' -o '{packed}'", cancel),
            ["age, of what zstd made"] = await TimeAsync($"age -r {recipient} -o '{locked}' '{packed}'", cancel),
            ["cp and sync"] = await TimeAsync($"cp '{plain}' '{folder["copy"]}' && sync '{folder["copy"]}'", cancel),
        };
        Dictionary<string, double> back = new()
        {
            ["age -d"] = await TimeAsync($"age -d -i '{HarborKeys.OwnerFile(folder["key"])}' -o '{packed}' '{locked}'", cancel),
            ["zstd -d"] = await TimeAsync($"zstd -q -f -d '{packed}' -o '{plain}'", cancel),
            ["cp and sync"] = toward["cp and sync"],
        };
        Add($"backup of {size}", Measurement.Seguro, bytes / inward);
        Add($"restore of {size}", Measurement.Seguro, bytes / outward);
        foreach ((string workload, Dictionary<string, double> times) in new[] { ($"backup of {size}", toward), ($"restore of {size}", back) })
        {
            foreach ((string tool, double seconds) in times)
                Add(workload, tool, original / seconds);
        }
        Directory.Delete(folder["back"], recursive: true);
        Directory.Delete(target, recursive: true);
        foreach (string record in Directory.EnumerateFiles(folder.Path, "*.archived"))
            File.Delete(record);

        void Add(string workload, string contestant, double rate)
        {
            if (!rates.TryGetValue((workload, contestant), out List<double>? all))
                rates[(workload, contestant)] = all = [];
            all.Add(rate);
        }
    }

    /// <summary>Counts what an idle, a quiet and a busy ship puts while it is followed for half a minute, and says it for an hour.</summary>
    private static async Task CountAsync(BenchmarkRun run, TemporaryFolder folder, CancellationToken cancel)
    {
        TimeSpan watched = run.Options.Pick(Watched, TimeSpan.FromSeconds(12));
        foreach ((string kind, int perSecond) in new[] { ("idle", 0), ("quiet (1 event/s)", 1), ("busy (1,000 events/s)", 1000) })
        {
            run.Say($"harbor: a ship that is {kind}, {watched.TotalSeconds:0} s");
            string name = $"count-{perSecond}";
            Ship ship = Ship.Parse("~zod");
            await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder[name]}.db"), new StoreOptions { Create = true }, cancel);
            await using EventLog log = new(await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
            await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
            using HostKey host = HostKey.Read(HarborKeys.HostFile(folder["key"]));
            await using IHarborTarget target = HarborTarget.Open($"file:{Directory.CreateDirectory(folder[name]).FullName}");
            using HarborBackup backup = new(log, target, host, new BackupOptions());
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task following = Task.Run(() => backup.RunAsync(end.Token), CancellationToken.None);
            Position head = Position.Origin;
            byte[] payload = new byte[500];
            long started = Stopwatch.GetTimestamp();
            for (int second = 1; second <= watched.TotalSeconds; second++)
            {
                if (perSecond > 0)
                    head = (await log.AppendAsync(lease.Term, head, [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(payload, perSecond)], cancel)).Reached;
                TimeSpan rest = TimeSpan.FromSeconds(second) - Stopwatch.GetElapsedTime(started);
                if (rest > TimeSpan.Zero)
                    await Task.Delay(rest, cancel);
            }
            long puts = backup.Status.Segments;
            await end.CancelAsync();
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            run.Add(new Measurement
            {
                Part = "harbor",
                Workload = $"a ship that is {kind}",
                Subject = "file",
                Contestant = Measurement.Seguro,
                More = new Dictionary<string, double> { ["PUTs/hour"] = puts * 3600 / watched.TotalSeconds },
            });
        }
    }

    private static async Task<double> TimeAsync(string command, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { UseShellExecute = false })!;
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(started).TotalSeconds : throw new InvalidOperationException($"'{command.Split(' ')[0]}' ended with {process.ExitCode}: see above.");
    }
}

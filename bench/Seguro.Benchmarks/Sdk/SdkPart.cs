using System.Globalization;
using HdrHistogram;
using Seguro.Sdk;
using Seguro.Testing;
using SdkLog = Seguro.Sdk.SeguroLog;

namespace Seguro.Benchmarks;

/// <summary>
/// A program in C that keeps a log as vere's disk code does, over libseguro; the same by the .NET package, in this process; and the same program over bare LMDB. In turn, each on a new store.
/// </summary>
internal sealed class SdkPart : IBenchmarkPart
{
    /// <summary>The part's name.</summary>
    public const string Part = "sdk";

    /// <summary>The contestant that calls Seguro.Sdk.</summary>
    public const string Sdk = "Seguro.Sdk";

    /// <summary>The contestant that calls LMDB.</summary>
    public const string Lmdb = "LMDB";

    public string Name => Part;

    public string Description => "The log of vere's seam over libseguro, over the .NET package, and over bare LMDB.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using TemporaryFolder folder = new("bench-sdk");
        string native = await BuildAsync(folder, "seam_seguro.c");
        string bare = await BuildAsync(folder, "seam_lmdb.c");
        foreach (string engine in run.Options.Stores.Where(static engine => engine is "sqlite" or "lmdb"))
        {
            foreach (int batch in (int[])[1, 100])
            {
                int events = run.Options.Pick(4000, 400) * (batch == 1 ? 1 : 10); // 40 commits would measure how a process begins
                Dictionary<string, Score> scores = new() { [Measurement.Seguro] = new(), [Sdk] = new() };
                if (engine == "lmdb")
                    scores[Lmdb] = new();
                for (int round = 0; round < run.Options.Rounds; round++)
                {
                    run.Say($"sdk: {engine}, {batch} events a commit, round {round + 1} of {run.Options.Rounds}");
                    foreach (string contestant in round % 2 == 0 ? scores.Keys : scores.Keys.Reverse())
                    {
                        string place = Directory.CreateDirectory(folder[Guid.NewGuid().ToString("N")]).FullName;
                        Score score = scores[contestant];
                        if (contestant == Sdk)
                            await AppendAsync($"{engine}:{Path.Combine(place, "log")}", events, batch, score, cancel);
                        else
                            score.Add(await Tool.RunAsync([contestant == Lmdb ? bare : native, contestant == Lmdb ? place : $"{engine}:{Path.Combine(place, "log")}", $"{events}", $"{Bytes}", $"{batch}"]), batch);
                        Directory.Delete(place, recursive: true);
                    }
                }
                foreach ((string contestant, Score score) in scores)
                    run.Add(score.ToMeasurement(engine, contestant, batch));
            }
        }
        run.Add(await StartAsync(folder, native, run.Options.Pick(20, 3)));
    }

    private const int Bytes = 500;

    /// <summary>How large the library is, and how long a program takes that opens a log, appends one event, and ends: beside one that does so on LMDB, it is mostly .NET's start.</summary>
    private static async Task<Measurement> StartAsync(TemporaryFolder folder, string program, int times)
    {
        LongHistogram taken = LatencyFigures.NewHistogram();
        for (int i = 0; i < times; i++)
        {
            long start = TimeProvider.System.GetTimestamp();
            await Tool.RunAsync([program, $"sqlite:{folder[$"start-{i}.db"]}", "1", "500", "1"]);
            taken.Add(TimeProvider.System.GetElapsedTime(start));
        }
        long size = new FileInfo(Path.Combine(Installed, "lib", "libseguro.so.1")).Length;
        return new Measurement
        {
            Part = Part,
            Workload = "a program opens a log, appends an event, reads it, ends",
            Subject = "start",
            Contestant = Measurement.Seguro,
            Latency = LatencyFigures.From(taken),
            More = new Dictionary<string, double> { ["library, bytes"] = size },
        };
    }

    private static string Installed => Path.Combine(SharedData.Repository, "artifacts", "native");

    private static async Task<string> BuildAsync(TemporaryFolder folder, string library)
    {
        string sources = Path.Combine(SharedData.Repository, "test", "Seguro.SystemTests", "Native");
        string program = folder[Path.GetFileNameWithoutExtension(library)];
        string[] with = library == "seam_lmdb.c" ? ["-llmdb"] : [$"-L{Path.Combine(Installed, "lib")}", "-lseguro", $"-Wl,-rpath,{Path.Combine(Installed, "lib")}"];
        await Tool.RunAsync(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-I", sources, "-I", Path.Combine(Installed, "include"), Path.Combine(sources, "seam.c"), Path.Combine(sources, library), "-o", program, .. with]);
        return program;
    }

    private static async Task AppendAsync(string url, int events, int batch, Score score, CancellationToken cancel)
    {
        await using SdkLog log = await SdkLog.OpenAsync(url, "~zod", new SeguroLogOptions { Create = true }, cancel);
        await using SeguroWriter writer = await log.CampaignAsync(cancel: cancel);
        byte[] payload = new byte[batch * Bytes];
        ReadOnlyMemory<byte>[] payloads = [.. Enumerable.Range(0, batch).Select(i => payload.AsMemory(i * Bytes, Bytes))];
        for (int number = 1; number <= events; number += batch)
        {
            Random.Shared.NextBytes(payload);
            long start = TimeProvider.System.GetTimestamp();
            await writer.AppendAsync((ulong)number, payloads);
            score.Commits.Add(TimeProvider.System.GetElapsedTime(start));
        }
        long reading = TimeProvider.System.GetTimestamp();
        int read = 0;
        await foreach (LogEvent one in log.ReadAsync(1, (ulong)events, cancel))
            read += one.Payload.Length;
        score.Reads.Add(read / TimeProvider.System.GetElapsedTime(reading).TotalSeconds);
    }

    /// <summary>What a contestant did with one workload.</summary>
    private sealed class Score
    {
        public LongHistogram Commits { get; } = LatencyFigures.NewHistogram();

        /// <summary>Bytes a second, a round each.</summary>
        public List<double> Reads { get; } = [];

        /// <summary>What the program in C prints.</summary>
        public void Add(string said, int batch)
        {
            string[] words = said.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            foreach (string nanoseconds in words[..^2])
                Commits.RecordValue(long.Parse(nanoseconds, CultureInfo.InvariantCulture));
            Reads.Add((double)(words.Length - 2) * batch * Bytes / long.Parse(words[^1], CultureInfo.InvariantCulture) * 1e9);
        }

        public Measurement ToMeasurement(string engine, string contestant, int batch) => new()
        {
            Part = Part,
            Workload = $"{batch} events of {Bytes} B a commit, then all read",
            Subject = engine,
            Contestant = contestant,
            Latency = LatencyFigures.From(Commits),
            BytesPerSecond = Median.Of(Reads),
            Parameters = new Dictionary<string, double> { [Parameter.Group] = batch, [Parameter.Bytes] = Bytes },
        };
    }
}

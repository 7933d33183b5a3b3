using System.Diagnostics;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Owners;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>What <c>seguro harbor serve</c> costs with many owners registered: how long it takes to start, and what it holds in memory before and after a thousand of them put something.</summary>
internal static class ServiceCost
{
    private const int Callers = 1000;

    public static async Task MeasureAsync(BenchmarkRun run, TemporaryFolder folder, CancellationToken cancel)
    {
        int many = run.Options.Pick(100_000, 2_000);
        run.Say($"harbor: a service with {many:N0} owners");
        string storage = folder["provider"];
        string known = AccessKey.Create(folder["many"]);
        for (int i = 0; i < many; i++)
        {
            string owner = Directory.CreateDirectory(Path.Combine(storage, "owners", NameOf(i))).FullName; // as the registry has it, without its flushes
            await File.WriteAllTextAsync(Path.Combine(owner, known), new OwnerRecord(NameOf(i), known, 1 << 30, 1000, AddsOnly: false, DateTimeOffset.UtcNow).Write(), cancel);
        }
        ServiceCertificateFiles files = ServiceCertificateFiles.Make(folder["service"]);
        long started = Stopwatch.GetTimestamp();
        ProcessStartInfo start = new(NetworkProcess.Program, ["harbor", "serve", $"file:{storage}", "--listen", "127.0.0.1:0", "--certificate", files.Certificate, "--private-key", files.Key, "--balancer", "127.0.0.1", "--json"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        try
        {
            string ready = await process.StandardOutput.ReadLineAsync(cancel) ?? throw new InvalidOperationException("The service did not start: see above.");
            double startup = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            string listen = System.Text.Json.JsonDocument.Parse(ready).RootElement.GetProperty("listen").GetString()!;
            ProcessMemory before = ProcessMemory.Read("service", process.Id);
            started = Stopwatch.GetTimestamp();
            await Parallel.ForAsync(0, Callers, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel }, async (i, token) =>
            {
                await using IHarborTarget target = HarborTarget.Open($"harbor://{listen}/{NameOf((int)((long)i * many / Callers))}?key={AccessKey.FileOf(folder["many"])}&authority={files.Certificate}");
                await target.PutAsync("a/e/1", new MemoryStream(new byte[1000]), token);
            });
            double calls = Callers / Stopwatch.GetElapsedTime(started).TotalSeconds;
            ProcessMemory after = ProcessMemory.Read("service", process.Id);
            run.Add(new Measurement
            {
                Part = "harbor",
                Workload = $"a service with {many:N0} owners; {Callers:N0} of them connect and put 1 kB",
                Subject = "file",
                Contestant = Measurement.Seguro,
                More = new Dictionary<string, double>
                {
                    ["started after, ms"] = startup,
                    ["resident at first, MB"] = before.Own + before.Files,
                    ["then, MB"] = after.Own + after.Files,
                    ["at most, MB"] = after.Peak,
                    ["connected and put, a second"] = calls,
                },
            });
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string NameOf(int number) => $"planet-{number:D6}";
}

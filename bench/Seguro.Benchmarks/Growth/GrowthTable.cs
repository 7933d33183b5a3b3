namespace Seguro.Benchmarks;

/// <summary>Runs the parts about growth by themselves and prints what they found as one plain table.</summary>
internal static class GrowthTable
{
    public static async Task RunAsync(BenchmarkOptions options, string[] parts, long? largest, TextWriter output, CancellationToken cancel)
    {
        IBenchmarkPart[] all = [new LengthBenchmark(largest), new MembersBenchmark(), new ShipsBenchmark(), new DistanceBenchmark()];
        BenchmarkResult result = new() { Command = "growth", Began = DateTimeOffset.UtcNow, Machine = new Dictionary<string, string>() };
        BenchmarkRun run = new(options, result, Console.Error);
        try
        {
            foreach (IBenchmarkPart part in all.Where(part => parts.Contains(part.Name)))
                await part.RunAsync(run, cancel);
        }
        finally
        {
            foreach (Measurement m in result.Measurements)
            {
                string parameters = string.Join(' ', m.Parameters.Select(static pair => $"{pair.Key}={pair.Value:0.##}"));
                string latency = m.Latency is { } l ? $"p50 {l.P50:0.000} p99 {l.P99:0.000} max {l.Max:0.0} n {l.Count}" : "";
                string more = string.Join(' ', m.More.Select(static pair => $"{pair.Key}: {pair.Value:N0};"));
                await output.WriteLineAsync($"{m.Part} | {m.Subject} | {m.Workload} | {parameters} | {latency} | {m.EventsPerSecond:N0} | {more}");
            }
            foreach (string note in result.Notes)
                await output.WriteLineAsync(note);
            await output.WriteLineAsync($"took {DateTimeOffset.UtcNow - result.Began}");
        }
    }
}

using HdrHistogram;
using Seguro.Benchmarks;

namespace Seguro.Tests.Benchmarks;

/// <summary>Results made by hand, with just what a test is about.</summary>
internal static class SampleResult
{
    public static BenchmarkResult With(params IEnumerable<Measurement> measurements) => new()
    {
        Command = "./seguro bench --quick",
        Began = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero),
        Took = TimeSpan.FromMinutes(3),
        Machine = new Dictionary<string, string> { ["processor"] = "one | two", ["kernel"] = "Linux" },
        LoadBefore = "0.10 0.20 0.30",
        LoadAfter = "1.10 0.20 0.30",
        Measurements = [.. measurements],
        Notes = ["a note"],
    };

    /// <summary>An append of 500 B events, each of which takes so long.</summary>
    public static Measurement Append(string subject, string contestant, double milliseconds, int group = 1) => new()
    {
        Part = "append",
        Workload = $"500 B, groups of {group}",
        Subject = subject,
        Contestant = contestant,
        Parameters = new Dictionary<string, double> { [Parameter.Bytes] = 500, [Parameter.Group] = group },
        Latency = Latency(milliseconds),
        EventsPerSecond = group * 1000 / milliseconds,
        FlushesPerCommit = 1,
    };

    /// <summary>A takeover of which each took so long.</summary>
    public static Measurement Takeover(string subject, double milliseconds) => new()
    {
        Part = "takeover",
        Workload = "kill",
        Subject = subject,
        Contestant = Measurement.Seguro,
        Latency = Latency(milliseconds),
        Timeline = [.. Enumerable.Range(-50, 400).Select(static at => new TimelinePoint(at * 4, at < 0 ? 2 : 3))],
    };

    public static LatencyFigures Latency(double milliseconds)
    {
        LongHistogram histogram = LatencyFigures.NewHistogram();
        for (int i = 0; i < 100; i++)
            histogram.Add(TimeSpan.FromMilliseconds(milliseconds * (1 + (i / 1000.0))));
        return LatencyFigures.From(histogram)!;
    }
}

namespace Seguro.Benchmarks;

/// <summary>The plots that a result has the figures for.</summary>
internal static class ReportPlots
{
    private const double Small = 500;

    private static readonly (string Parameter, string Label)[] Growing =
    [
        (Parameter.Events, "events in the log"),
        (Parameter.Members, "members"),
        (Parameter.Ships, "ships in one store"),
        (Parameter.Delay, "delay between machines, one way, ms"),
    ];

    private static readonly PlotAxis Milliseconds = new("latency, ms", PlotScale.Logarithmic);
    private static readonly PlotAxis EventsPerSecond = new("events/s", PlotScale.Logarithmic);

    /// <summary>All of them, in the order of a report.</summary>
    public static IReadOnlyList<ReportPlot> Of(BenchmarkResult result)
    {
        IReadOnlyList<Measurement> all = result.Measurements;
        ReportPlot[] plots =
        [
            new("latency-distribution.svg", "append", "One event of 500 B, appended and durable: how many commits took how long", new PlotAxis("percentile", PlotScale.Percentile), Milliseconds,
                [.. all.Where(static one => one.Part == "append" && Is(one, Parameter.Bytes, Small) && Is(one, Parameter.Group, 1) && one.Latency is not null)
                    .Select(static one => new PlotSeries(NameOf(one), one.Subject, StrokeOf(one), Curve(one.Latency!)))]),
            new("throughput-group.svg", "append", "Events of 500 B: throughput against events a commit", Ticked("events a commit", all.Where(static one => one.Part == "append" && Is(one, Parameter.Bytes, Small)), Parameter.Group), EventsPerSecond,
                Lines(all.Where(static one => one.Part == "append" && Is(one, Parameter.Bytes, Small)), Parameter.Group, static one => one.EventsPerSecond)),
            new("latency-size.svg", "append", "One event at a time: median latency against its size", new PlotAxis("bytes of an event", PlotScale.Logarithmic), Milliseconds,
                Lines(all.Where(static one => one.Part == "append" && Is(one, Parameter.Group, 1)), Parameter.Bytes, static one => one.Latency?.P50)),
            new("throughput-inflight.svg", "inflight", "Events of 500 B: throughput against events in flight", Ticked("events in flight", all.Where(static one => one.Part == "inflight"), Parameter.InFlight), EventsPerSecond,
                Lines(all.Where(static one => one.Part == "inflight"), Parameter.InFlight, static one => one.EventsPerSecond)),
            new("latency-optimism.svg", "latency", "A datagram's answer: latency against optimism", new PlotAxis("optimism (replicas that must have processed the event)", PlotScale.Linear, [0, 1, 2]), Milliseconds,
                [.. Lines(OfCluster(all, "latency"), Parameter.Optimism, static one => one.Latency?.P50, static _ => "p50"),
                    .. Lines(OfCluster(all, "latency"), Parameter.Optimism, static one => one.Latency?.P99, static _ => "p99", static _ => PlotStroke.Dotted)]),
            new("rate-inflight.svg", "rate", "A cluster: answers a second against datagrams in flight", Ticked("datagrams in flight", OfCluster(all, "rate"), Parameter.InFlight), EventsPerSecond,
                Lines(OfCluster(all, "rate"), Parameter.InFlight, static one => one.EventsPerSecond,
                    static one => $"optimism {Figure.Count(OptimismOf(one))}", static one => OptimismOf(one) switch { 0 => PlotStroke.Solid, 1 => PlotStroke.Dashed, _ => PlotStroke.Dotted })),
            new("takeover.svg", "takeover", "kill -9 of the master: how long each question waited for its answer", new PlotAxis("asked, s after the kill", PlotScale.Linear), Milliseconds,
                [.. all.Where(static one => one is { Part: "takeover", Timeline.Count: > 1 })
                    .Select(static one => new PlotSeries(one.Subject, one.Subject, PlotStroke.Thin,
                        [.. one.Timeline!.Where(static point => point.Value > 0).Select(static point => (point.At / 1000, point.Value))]))]),
            .. Growing.SelectMany(axis => Growth(all, axis.Parameter, axis.Label)),
        ];
        return [.. plots.Where(static plot => plot.Series.Any(static series => series.Points.Count > 1))];
    }

    /// <summary>For each part in which a parameter grows: latency and throughput against it, a plot for each workload.</summary>
    private static IEnumerable<ReportPlot> Growth(IReadOnlyList<Measurement> all, string parameter, string label)
    {
        foreach (IGrouping<(string Part, string Workload), Measurement> work in all.Where(one => one.Parameters.ContainsKey(parameter)).GroupBy(static one => (one.Part, one.Workload)))
        {
            double[] values = [.. work.Select(one => one.Parameters[parameter]).Distinct()];
            if (values.Length < 2)
                continue;
            PlotAxis axis = values.Min() > 0 && values.Max() / values.Min() >= 20
                ? new PlotAxis(label, PlotScale.Logarithmic)
                : new PlotAxis(label, PlotScale.Linear, [.. values.Order()]);
            string name = string.Join('-', $"{work.Key.Part} {work.Key.Workload}".Split([' ', ',', '.', '/', ':'], StringSplitOptions.RemoveEmptyEntries));
            string title = $"{char.ToUpperInvariant(work.Key.Workload[0])}{work.Key.Workload[1..]}";
            yield return new ReportPlot($"{name}.svg", work.Key.Part, $"{title}: median latency against {label}", axis, Milliseconds, Lines(work, parameter, static one => one.Latency?.P50));
            yield return new ReportPlot($"{name}-rate.svg", work.Key.Part, $"{title}: throughput against {label}", axis, EventsPerSecond, Lines(work, parameter, static one => one.EventsPerSecond));
        }
    }

    /// <summary>A line for each database and contestant (and what else tells them apart), from the smallest value of the parameter to the largest.</summary>
    private static IReadOnlyList<PlotSeries> Lines(
        IEnumerable<Measurement> some, string parameter, Func<Measurement, double?> value, Func<Measurement, string>? apart = null, Func<Measurement, PlotStroke>? stroke = null) =>
    [
        .. from one in some
           where one.Parameters.ContainsKey(parameter) && value(one) > 0
           group one by (Name: apart is null ? NameOf(one) : $"{NameOf(one)}, {apart(one)}", one.Subject, one.Contestant) into line
           select new PlotSeries(
               line.Key.Name, line.Key.Subject, (stroke ?? StrokeOf)(line.First()),
               [.. line.GroupBy(one => one.Parameters[parameter]).OrderBy(static at => at.Key).Select(at => (at.Key, at.Max(value)!.Value))]),
    ];

    private static IEnumerable<Measurement> OfCluster(IReadOnlyList<Measurement> all, string part) => all.Where(one => one.Part == part && one.Contestant == Measurement.Seguro);

    // Few values are named each, so that nobody has to read them off a scale.
    private static PlotAxis Ticked(string label, IEnumerable<Measurement> some, string parameter) =>
        new(label, PlotScale.Logarithmic, [.. some.Where(one => one.Parameters.ContainsKey(parameter)).Select(one => one.Parameters[parameter]).Distinct().Order()]);

    /// <summary>Up to the percentile that so many measurements can tell; the longest stands there.</summary>
    private static IReadOnlyList<(double X, double Y)> Curve(LatencyFigures latency)
    {
        double last = 100 * (1 - (1 / (latency.Count + 1.0)));
        return [.. latency.Curve.Where(point => point.Percentile < last).Select(static point => (point.Percentile, point.Milliseconds)), (last, latency.Max)];
    }

    private static bool Is(Measurement one, string parameter, double value) => one.Parameters.TryGetValue(parameter, out double actual) && actual == value;

    private static double OptimismOf(Measurement one) => one.Parameters.TryGetValue(Parameter.Optimism, out double optimism) ? optimism : 0;

    private static string NameOf(Measurement one) => one.Contestant == Measurement.Seguro ? $"{one.Subject}, Seguro" : $"{one.Subject}, {one.Contestant}";

    private static PlotStroke StrokeOf(Measurement one) => one.Contestant switch
    {
        Measurement.Seguro => PlotStroke.Solid,
        Measurement.Bare => PlotStroke.Dashed,
        _ => PlotStroke.Dotted,
    };
}

using System.Text;

namespace Seguro.Benchmarks;

/// <summary>Measurements of a part as tables: each beside its opponents where Seguro did a workload once, and one under the other where it did it with several parameters.</summary>
internal static class ReportTables
{
    /// <summary>The tables of a part.</summary>
    public static string Of(IReadOnlyList<Measurement> part)
    {
        bool isOnce = part.GroupBy(static one => (one.Workload, one.Subject, one.Contestant)).All(static group => group.Count() == 1);
        bool hasOpponents = part.Any(static one => one.Contestant != Measurement.Seguro) && part.Any(static one => one.Contestant == Measurement.Seguro);
        return isOnce && hasOpponents ? Beside(part).ToString() : Below(part);
    }

    /// <summary>A row a pair: Seguro's figures and the other's.</summary>
    private static MarkdownTable Beside(IReadOnlyList<Measurement> part)
    {
        string[] more = MoreOf(part);
        MarkdownTable table = new([
            "workload", "store", "beside",
            "Seguro p50, ms", "p99", "p99.9", "theirs p50, ms", "p99", "p99.9", "ratio of p50",
            "Seguro, events/s", "theirs, events/s", "ratio of events/s", "Seguro, MB/s", "theirs, MB/s", "ratio of MB/s", "Seguro, flushes a commit", "theirs, flushes a commit",
            .. more.Select(static name => $"Seguro: {name}"), .. more.Select(static name => $"theirs: {name}"),
        ]);
        foreach (IGrouping<(string Workload, string Subject), Measurement> both in part.GroupBy(static one => (one.Workload, one.Subject)))
        {
            Measurement? mine = both.FirstOrDefault(static one => one.Contestant == Measurement.Seguro);
            Measurement?[] others = [.. both.Where(static one => one.Contestant != Measurement.Seguro)];
            foreach (Measurement? theirs in others.Length > 0 ? others : [null])
            {
                table.Add([
                    both.Key.Workload, both.Key.Subject, theirs?.Contestant,
                    Figure.Of(mine?.Latency?.P50), Figure.Of(mine?.Latency?.P99), Figure.Of(mine?.Latency?.P999),
                    Figure.Of(theirs?.Latency?.P50), Figure.Of(theirs?.Latency?.P99), Figure.Of(theirs?.Latency?.P999),
                    Figure.Ratio(mine?.Latency?.P50, theirs?.Latency?.P50),
                    Figure.Of(mine?.EventsPerSecond), Figure.Of(theirs?.EventsPerSecond), Figure.Ratio(mine?.EventsPerSecond, theirs?.EventsPerSecond),
                    Figure.Megabytes(mine?.BytesPerSecond), Figure.Megabytes(theirs?.BytesPerSecond), Figure.Ratio(mine?.BytesPerSecond, theirs?.BytesPerSecond),
                    Figure.Of(mine?.FlushesPerCommit), Figure.Of(theirs?.FlushesPerCommit),
                    .. more.Select(name => MoreOf(mine, name)), .. more.Select(name => MoreOf(theirs, name)),
                ]);
            }
        }
        return table;
    }

    /// <summary>A row a measurement, a table a workload that was done with several parameters; ratios are to the bare client, where it did the same.</summary>
    private static string Below(IReadOnlyList<Measurement> part)
    {
        StringBuilder text = new();
        // What has neither latency nor rate (memory, for example) has figures of its own.
        foreach (IGrouping<bool, Measurement> kind in part.GroupBy(static one => one.Latency is null && one.EventsPerSecond is null))
        {
            Measurement[] some = [.. kind];
            string[] parameters = [.. some.SelectMany(static one => one.Parameters.Keys).Distinct().Where(name => some.Select(one => ValueOf(one, name)).Distinct().Count() > 1)];
            string[] more = MoreOf(some);
            MarkdownTable table = new([
                "workload", .. parameters.Select(NameOf), "store", "who", "p50, ms", "p90", "p99", "p99.9", "longest", "p50 to bare",
                "events/s", "to bare", "MB/s", "to bare", "flushes a commit", .. more,
            ]);
            bool hasOthers = some.Any(static one => one.Contestant != Measurement.Seguro);
            foreach (Measurement one in some)
            {
                Measurement? bare = one.Contestant == Measurement.Bare ? null : Comparison.BareOf(one, part);
                table.Add([
                    one.Workload, .. parameters.Select(name => one.Parameters.TryGetValue(name, out double value) ? Figure.Count(value) : ""), one.Subject, hasOthers ? one.Contestant : "",
                    Figure.Of(one.Latency?.P50), Figure.Of(one.Latency?.P90), Figure.Of(one.Latency?.P99), Figure.Of(one.Latency?.P999), Figure.Of(one.Latency?.Max),
                    Figure.Ratio(one.Latency?.P50, bare?.Latency?.P50),
                    Figure.Of(one.EventsPerSecond), Figure.Ratio(one.EventsPerSecond, bare?.EventsPerSecond),
                    Figure.Megabytes(one.BytesPerSecond), Figure.Ratio(one.BytesPerSecond, bare?.BytesPerSecond),
                    Figure.Of(one.FlushesPerCommit), .. more.Select(name => MoreOf(one, name)),
                ]);
            }
            text.Append(text.Length > 0 ? "\n" : "").Append(table);
        }
        return text.ToString();
    }

    private static string NameOf(string parameter) => parameter switch
    {
        Parameter.InFlight => "in flight",
        Parameter.Delay => "delay, ms one way",
        _ => parameter,
    };

    private static double? ValueOf(Measurement one, string parameter) => one.Parameters.TryGetValue(parameter, out double value) ? value : null;

    private static string[] MoreOf(IEnumerable<Measurement> some) => [.. some.SelectMany(static one => one.More.Keys).Distinct()];

    private static string MoreOf(Measurement? one, string name) => one is not null && one.More.TryGetValue(name, out double value) ? Figure.Of(value) : "";
}

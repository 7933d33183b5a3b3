using System.Globalization;

namespace Seguro.Benchmarks;

/// <summary>The bars that the design sets (§6), each with how it is read from measurements.</summary>
internal static class Bars
{
    private const double Small = 500;

    public static IReadOnlyList<Bar> All { get; } =
    [
        new(
            "one event at a time, commit latency p50, postgresql", "the same fenced insert by bare Npgsql, same cluster", "≤ 1.05 ×",
            static result => Each(result, One("append", "postgresql", Measurement.Bare), static pair => AtMost(pair, Latency(pair), 1.05))),
        new(
            "64 events in flight, 500 B, postgresql", "bare Npgsql, one row a transaction on 64 connections", "reported",
            static result => Each(
                result,
                pair => pair.Mine.Part == "inflight" && pair.Mine.Subject == "postgresql" && Has(pair, Parameter.InFlight, 64) && IsSmall(pair) && pair.Theirs.Contestant == Measurement.Bare,
                static pair => Reported(pair, Rate(pair)))),
        new(
            "one at a time, dqlite", "the Go client (go-dqlite) inserting the same rows", "≤ 1.05 × p50",
            static result => Each(
                result,
                static pair => pair.Mine.Part is "append" or "prototype" && pair.Mine.Subject == "dqlite" && IsSmall(pair) && IsOne(pair) && pair.Theirs.Contestant == "go-dqlite",
                static pair => AtMost(pair, Latency(pair), 1.05))),
        new(
            "batches, dqlite", "the 2022 prototype's benchmark (5 events a transaction, go-dqlite)", "≥ 15 × the events/s",
            static result => Each(
                result,
                static pair => pair.Mine.Part == "prototype" && pair.Mine.Subject == "dqlite" && pair.Mine.Workload.StartsWith("batches", StringComparison.Ordinal),
                static pair => AtLeast(pair, Rate(pair), 15))),
        new(
            "optimism 0, datagram in to answer out", "the same hops by bare sockets and threads, with a bare LMDB commit in the middle", "≤ 1.5 × p50",
            static result => Each(
                result,
                static pair => pair.Mine.Part == "latency" && Value(pair.Mine, Parameter.Optimism) == 0 && pair.Theirs.Contestant == ClusterLatency.Hops,
                static pair => AtMost(pair, Latency(pair), 1.5))),
        new("optimism m", "optimism 0", "reported, p50 and p99", Optimism),
        new("takeover after kill -9 of the master, first answer", "the lease of 1 s", "p99 ≤ 1.3 ×; on a loaded machine ≤ 2 s", Takeovers),
        new(
            "a replica far behind catches up: the master's answers a second", "before", "≥ 0.9 ×, where it shares no processor with the replica: ≤ 1.1 × its processor time an event", CatchUp),
        new(
            "import of a pier", "the store's own bulk load", "≥ 0.8 ×",
            static result => Each(
                result, static pair => pair.Mine.Part == "import" && pair.Mine.Workload.StartsWith("import", StringComparison.Ordinal), static pair => AtLeast(pair, Bytes(pair), 0.8))),
        new(
            "export of a pier", "a bare loop that reads, hashes (SHA-256) and writes the same bytes", "≥ 0.8 ×",
            static result => Each(
                result,
                static pair => pair.Mine.Part == "import" && pair.Mine.Workload.StartsWith("export", StringComparison.Ordinal) && pair.Theirs.Contestant == ImportPart.Loop,
                static pair => AtLeast(pair, Bytes(pair), 0.8))),
        new(
            "a mirror of a running pier: the writer's commits a second", "without a mirror", "≥ 0.98 ×",
            static result => Each(
                result, static pair => pair.Mine.Part == "mirror" && pair.Mine.Workload == MirrorPart.Cost && pair.Theirs.Contestant == MirrorPart.Alone, static pair => AtLeast(pair, Rate(pair), 0.98))),
        new(
            "a request to a ship on vere, gated, optimism 0", "the same king and worker without the relay", "≤ 1.1 × p50",
            static result => Each(result, Vere(VereRequests.OneByOne(0), VereRequests.Alone), static pair => AtMost(pair, Latency(pair), 1.1))),
        new(
            "requests to a ship on vere, gated, optimism 0", "the same king and worker without the relay", "≥ 0.9 × the requests/s",
            static result => Each(result, Vere(VereRequests.Together, VereRequests.Alone), static pair => AtLeast(pair, Rate(pair), 0.9))),
        new(
            "a request to a ship on vere, gated, optimism 1", "without the relay + one commit of the store + one round trip", "≤ 1.2 × p50",
            static result => Each(result, Vere(VereRequests.OneByOne(1), VereRequests.AloneAndCommit), static pair => AtMost(pair, Latency(pair), 1.2))),
        new(
            "takeover of a ship on vere, kill -9 until the next answer, replicas replayed", "the lease + a bare start of the same king on the same pier", "≤ 1.2 × p50",
            static result => Each(result, Vere(VereTakeovers.Workload, VereTakeovers.LeaseAndStart), static pair => AtMost(pair, Latency(pair), 1.2))),
        new(
            "a mirror of a running vere: requests answered a second", "the vere alone", "≥ 0.98 ×",
            static result => Each(result, Vere(VereMirror.Together, VereRequests.Alone), static pair => AtLeast(pair, Rate(pair), 0.98))),
        new(
            "backup to a harbor, restore from it", HarborPart.Slowest, "≥ 0.8 ×",
            static result => Each(result, static pair => pair.Mine.Part == "harbor" && pair.Theirs.Contestant == HarborPart.Slowest, static pair => AtLeast(pair, Bytes(pair), 0.8))),
        new(
            "libseguro, the log of vere's seam: commit latency p50", "the same by Seguro.Sdk", "≤ 1.1 ×",
            static result => Each(result, static pair => pair.Mine.Part == SdkPart.Part && pair.Theirs.Contestant == SdkPart.Sdk, static pair => AtMost(pair, Latency(pair), 1.1))),
        new(
            "libseguro, the log of vere's seam: commit latency p50", "the same on bare LMDB, as vere does it", "reported",
            static result => Each(
                result, static pair => pair.Mine.Part == SdkPart.Part && pair.Theirs.Contestant == SdkPart.Lmdb,
                static pair => Reported(pair, Latency(pair)))),
        new("a mirror of a running pier: event in the store", "its commit in the pier", "≤ 100 ms p99", MirrorDelays),
        new(
            "jam, cue, mug", "nockjs", "≥ 20 × nockjs",
            static result => Each(result, static pair => pair.Mine.Part == "nouns" && pair.Mine.Subject == "pill", static pair => AtLeast(pair, Bytes(pair), 20))),
        new(
            "Nock: a decrement loop, Ackermann, a tree", "nockjs", "≥ 20 × nockjs",
            static result => Each(result, static pair => pair.Mine.Part == "nouns" && pair.Mine.Subject == "Nock", static pair => AtLeast(pair, 1 / Latency(pair), 20))),
        new("jam, cue, mug", "vere's C", "≥ 0.5 × C", static _ => []),
        new("memory of a member that idles", "nothing", "< 50 MB, mapped files apart", Memory),
        new("memory after many events", "the same before them", "flat in the log's length: ≤ 1.25 ×", Growth),
    ];

    /// <summary>What the run says of the bars: a table of those that it measured, and the names of the others.</summary>
    public static string Of(BenchmarkResult result)
    {
        MarkdownTable table = new("what", "beside", "bar", "on", "measured", "");
        List<string> unmeasured = [];
        foreach (Bar bar in All)
        {
            BarReading[] readings = [.. bar.Read(result)];
            if (readings.Length == 0)
                unmeasured.Add($"{bar.What} (beside {bar.Beside})");
            foreach (BarReading reading in readings)
                table.Add(bar.What, bar.Beside, bar.Limit, reading.Subject, reading.Measured, reading.IsMet switch { true => "met", false => "**not met**", null => "reported" });
        }
        string others = unmeasured.Count == 0 ? "" : $"Not measured in this run: {string.Join("; ", unmeasured)}.\n";
        return unmeasured.Count == All.Count ? others : unmeasured.Count == 0 ? table.ToString() : $"{table}\n{others}";
    }

    private static IEnumerable<BarReading> Optimism(BenchmarkResult result)
    {
        foreach (IGrouping<string, Measurement> store in result.Measurements.Where(static one => one.Part == "latency" && one.Parameters.ContainsKey(Parameter.Optimism)).GroupBy(static one => one.Subject))
        {
            if (store.FirstOrDefault(static one => one.Parameters[Parameter.Optimism] == 0)?.Latency is not { } zero)
                continue;
            foreach (Measurement one in store.Where(static one => one.Parameters[Parameter.Optimism] > 0 && one.Latency is not null))
            {
                yield return new BarReading(
                    $"{store.Key}, optimism {Figure.Count(one.Parameters[Parameter.Optimism])}",
                    $"p50 {Figure.Ratio(one.Latency!.P50, zero.P50)} × ({Figure.Of(one.Latency.P50)} ms), p99 {Figure.Ratio(one.Latency.P99, zero.P99)} × ({Figure.Of(one.Latency.P99)} ms)",
                    null);
            }
        }
    }

    private static IEnumerable<BarReading> Takeovers(BenchmarkResult result) => result.Measurements
        .Where(static one => one is { Part: "takeover", Latency: not null })
        .Select(static one => new BarReading(
            one.Subject,
            $"p99 of {Figure.Count(one.Latency!.Count)}: {Figure.Of(one.Latency.P99)} ms (p50 {Figure.Of(one.Latency.P50)}, longest {Figure.Of(one.Latency.Max)})",
            one.Latency.P99 <= 1300));

    private static IEnumerable<BarReading> MirrorDelays(BenchmarkResult result) => result.Measurements
        .Where(static one => one is { Part: "mirror", Workload: MirrorPart.Delay, Latency: not null })
        .Select(static one => new BarReading(one.Subject, $"p99 {Figure.Of(one.Latency!.P99)} ms (p50 {Figure.Of(one.Latency.P50)}, longest {Figure.Of(one.Latency.Max)})", one.Latency.P99 <= 100));

    private static IEnumerable<BarReading> CatchUp(BenchmarkResult result) => result.Measurements
        .Where(static one => one is { Part: "catchup", Workload: ClusterCatchUp.During } && one.More.ContainsKey(ClusterCatchUp.Cost))
        .Select(static one => new BarReading(
            one.Subject,
            string.Create(CultureInfo.InvariantCulture, $"{one.More["ratio to before"]:0.00} × answers a second on shared cores; {one.More[ClusterCatchUp.Cost]:0.00} × processor time"),
            one.More[ClusterCatchUp.Cost] <= 1.1));

    private static IEnumerable<BarReading> Memory(BenchmarkResult result) =>
        from store in Members(result)
        where store.All(static one => one.More.ContainsKey(ClusterMemory.Idle))
        let most = store.MaxBy(static one => one.More[ClusterMemory.Idle])
        select new BarReading(
            $"{store.Key}, {most.Workload} (the largest)",
            $"{Figure.Of(most.More[ClusterMemory.Idle])} MB; after some load {Figure.Of(most.More[ClusterMemory.Before])} MB",
            most.More[ClusterMemory.Idle] < 50);

    private static IEnumerable<BarReading> Growth(BenchmarkResult result) =>
        from store in Members(result)
        let most = store.MaxBy(RatioOf)
        select new BarReading($"{store.Key}, {most.Workload} (that grew most)", string.Create(CultureInfo.InvariantCulture, $"{RatioOf(most):0.00} ×"), RatioOf(most) <= 1.25);

    private static double RatioOf(Measurement one) => one.More[ClusterMemory.After] / one.More[ClusterMemory.Before];

    private static IEnumerable<IGrouping<string, Measurement>> Members(BenchmarkResult result) => result.Measurements
        .Where(static one => one.Part == "memory" && one.Workload.StartsWith("member", StringComparison.Ordinal) && one.More.TryGetValue(ClusterMemory.Before, out double before) && !double.IsNaN(before))
        .GroupBy(static one => one.Subject);

    /// <summary>What a bar says of each pair that it is about; pairs that lack the figure say nothing.</summary>
    private static IEnumerable<BarReading> Each(BenchmarkResult result, Func<Comparison, bool> isMeant, Func<Comparison, BarReading?> read) =>
        Comparison.All(result.Measurements).Where(isMeant).Select(read).OfType<BarReading>();

    private static Func<Comparison, bool> Vere(string workload, string contestant) => pair => pair.Mine.Part == VerePart.Part && pair.Mine.Workload == workload && pair.Theirs.Contestant == contestant;

    private static Func<Comparison, bool> One(string part, string subject, string contestant) =>
        pair => pair.Mine.Part == part && pair.Mine.Subject == subject && IsSmall(pair) && IsOne(pair) && pair.Theirs.Contestant == contestant;

    private static bool IsSmall(Comparison pair) => Value(pair.Mine, Parameter.Bytes) is null or Small;

    private static bool IsOne(Comparison pair) => Has(pair, Parameter.Group, 1);

    private static bool Has(Comparison pair, string parameter, double value) => Value(pair.Mine, parameter) == value;

    private static double? Value(Measurement measurement, string parameter) => measurement.Parameters.TryGetValue(parameter, out double value) ? value : null;

    private static double? Latency(Comparison pair) => pair.Mine.Latency?.P50 / pair.Theirs.Latency?.P50;

    private static double? Rate(Comparison pair) => pair.Mine.EventsPerSecond / pair.Theirs.EventsPerSecond;

    private static double? Bytes(Comparison pair) => pair.Mine.BytesPerSecond / pair.Theirs.BytesPerSecond;

    private static BarReading? AtMost(Comparison pair, double? ratio, double limit) => Reading(pair, ratio, ratio <= limit);

    private static BarReading? AtLeast(Comparison pair, double? ratio, double limit) => Reading(pair, ratio, ratio >= limit);

    private static BarReading? Reported(Comparison pair, double? ratio) => Reading(pair, ratio, isMet: true) is { } reading ? reading with { IsMet = null } : null;

    private static BarReading? Reading(Comparison pair, double? ratio, bool isMet) =>
        ratio is { } value ? new BarReading($"{pair.Mine.Subject}: {pair.Mine.Workload}", string.Create(CultureInfo.InvariantCulture, $"{value:0.00} ×"), isMet) : null;
}

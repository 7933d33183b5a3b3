using System.CommandLine;
using System.Diagnostics;
using Seguro.Benchmarks;
using Seguro.Testing;

Option<string[]> stores = new("--stores")
{
    Description = "Which stores to measure.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = static _ => ["lmdb", "sqlite", "rocksdb", "postgresql", "dqlite", "etcd"],
};
Option<int> rounds = new("--rounds") { Description = "How often; the stores take turns, the median is reported.", DefaultValueFactory = static _ => 3 };
Option<string?> pier = new("--pier") { Description = "The pier to import; without it the real one in ../shared/data." };
Option<long> bytes = new("--bytes") { Description = "Make a pier of so many bytes and import that." };
Option<string[]> storeParts = new("--parts") { Description = "What of the stores to measure.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => ["floors", "append", "inflight", "replay", "prototype"] };
Option<bool> quick = new("--quick") { Description = "Less of all." };
Option<int> seconds = new("--seconds") { Description = "How long each turn of each contestant lasts.", DefaultValueFactory = static _ => 3 };
Option<string?> file = new("--file") { Description = "A jammed noun; without it the largest pill in ../shared/data." };
Option<int> repeats = new("--repeats") { Description = "How often Seguro does each thing in a round.", DefaultValueFactory = static _ => 5 };
Option<string[]> clusterStores = new("--stores") { Description = "On which stores the cluster runs.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => ["dqlite", "postgresql"] };
Option<string[]> parts = new("--parts")
{
    Description = "What of the cluster to measure.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = static _ => ["latency", "rate", "catchup", "takeover", "memory"],
};
Option<int> questions = new("--questions") { Description = "Datagrams, and bare commits, of one turn.", DefaultValueFactory = static _ => 1000 };
Option<long> behind = new("--behind") { Description = "How many events a replica misses.", DefaultValueFactory = static _ => 100_000 };
Option<int> kills = new("--kills") { Description = "How often the master is killed.", DefaultValueFactory = static _ => 10 };
Option<long> loaded = new("--events") { Description = "How many events the memory is measured after.", DefaultValueFactory = static _ => 100_000 };
Argument<string> path = new("PATH") { Description = "The pier to make." };

RootCommand root = new("Measures Seguro beside the bare databases, in one run. Prints tables in Markdown.")
{
    new Command("import", "Import of a pier into each store, beside the store's own bulk load of the same rows.") { stores, rounds, pier, bytes },
    new Command("stores", "Appends to every store, beside the bare databases.") { stores, rounds, storeParts, quick },
    new Command("balancer", "Datagrams from a client through the balancer to three members and back, beside bare loops of sockets.") { rounds, seconds },
    new Command("nouns", "Jam, cue and mug of a pill, and programs in plain Nock, beside npm's @urbit/nockjs.") { rounds, file, repeats },
    new Command("cluster", "Three members, a balancer and a client, each a process: latency, rate, catching up, takeover, memory; beside bare commits.")
    {
        clusterStores, parts, rounds, questions, seconds, behind, kills, loaded,
    },
    new Command("pier", "Makes a pier of seeded random events, for trying things out.") { path, bytes },
};
root.Subcommands[0].SetAction(async (parse, cancel) =>
{
    using TemporaryFolder folder = new("bench");
    string input = parse.GetValue(pier) ?? Path.Combine(SharedData.Path, "zod");
    if (parse.GetValue(bytes) is > 0 and long size)
        SyntheticPier.Make(input = folder["synthetic"], size);
    await new ImportBenchmark(parse.GetRequiredValue(stores), parse.GetValue(rounds), input).RunAsync(Console.Out, cancel);
});
root.Subcommands[1].SetAction(async (parse, cancel) =>
{
    await using Subjects subjects = new();
    BenchmarkResult result = new() { Command = "stores", Began = DateTimeOffset.UtcNow, Machine = new Dictionary<string, string>() };
    BenchmarkRun run = new(new BenchmarkOptions(parse.GetValue(quick), parse.GetValue(rounds), parse.GetRequiredValue(stores)), result, Console.Error);
    IBenchmarkPart[] all = [new FloorsPart(), new AppendPart(subjects), new InFlightPart(subjects), new ReplayPart(subjects), new PrototypePart(subjects)];
    foreach (IBenchmarkPart part in all.Where(part => parse.GetRequiredValue(storeParts).Contains(part.Name)))
    {
        long start = Stopwatch.GetTimestamp();
        await part.RunAsync(run, cancel);
        run.Say($"{part.Name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    }
    foreach (Measurement m in result.Measurements)
    {
        string more = string.Join(' ', m.More.Select(pair => $"{pair.Key}={pair.Value:0.00}"));
        Console.WriteLine($"{m.Part,-10} {m.Workload,-36} {m.Subject,-11} {m.Contestant,-10} p50 {m.Latency?.P50,9:0.000} p99 {m.Latency?.P99,9:0.000} ev/s {m.EventsPerSecond,9:N0} MB/s {m.BytesPerSecond / 1e6,7:0.00} flushes {m.FlushesPerCommit,6:0.00} n {m.Latency?.Count} {more}");
    }
    foreach (string note in result.Notes)
        Console.WriteLine(note);
});
root.Subcommands[2].SetAction((parse, cancel) =>
    new BalancerBenchmark(parse.GetValue(rounds), TimeSpan.FromSeconds(parse.GetValue(seconds))).RunAsync(Console.Out, cancel));
root.Subcommands[3].SetAction((parse, cancel) =>
    new NounBenchmark(parse.GetValue(file), parse.GetValue(rounds), parse.GetValue(repeats)).RunAsync(Console.Out, cancel));
root.Subcommands[4].SetAction((parse, cancel) => new ClusterBenchmark(
    new ClusterBenchmarkOptions(
        parse.GetRequiredValue(clusterStores), parse.GetRequiredValue(parts), parse.GetValue(rounds), parse.GetValue(questions), parse.GetValue(seconds),
        parse.GetValue(behind), parse.GetValue(kills), parse.GetValue(loaded)),
    Console.Out).RunAsync(cancel));
root.Subcommands[5].SetAction(parse => SyntheticPier.Make(parse.GetRequiredValue(path), Math.Max(parse.GetValue(bytes), 1 << 20)));
return await root.Parse(args).InvokeAsync(cancellationToken: CancellationToken.None);

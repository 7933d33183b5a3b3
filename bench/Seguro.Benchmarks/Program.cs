using System.CommandLine;
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
Option<int> events = new("--events") { Description = "How many events to append one at a time.", DefaultValueFactory = static _ => 1000 };
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
Option<string[]> growthParts = new("--parts")
{
    Description = "Which parts.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = static _ => ["length", "members", "ships", "distance"],
};
Option<bool> quick = new("--quick") { Description = "Little of everything." };
Option<long?> largest = new("--largest") { Description = "The longest log, in events." };
Argument<string> path = new("PATH") { Description = "The pier to make." };

RootCommand root = new("Measures Seguro beside the bare databases, in one run. Prints tables in Markdown.")
{
    new Command("import", "Import of a pier into each store, beside the store's own bulk load of the same rows.") { stores, rounds, pier, bytes },
    new Command("append", "Appends of 500 B, one at a time and in groups of 100, beside the bare database.") { stores, rounds, events },
    new Command("balancer", "Datagrams from a client through the balancer to three members and back, beside bare loops of sockets.") { rounds, seconds },
    new Command("nouns", "Jam, cue and mug of a pill, and programs in plain Nock, beside npm's @urbit/nockjs.") { rounds, file, repeats },
    new Command("cluster", "Three members, a balancer and a client, each a process: latency, rate, catching up, takeover, memory; beside bare commits.")
    {
        clusterStores, parts, rounds, questions, seconds, behind, kills, loaded,
    },
    new Command("growth", "How cost grows: parts length, members, ships, distance.") { stores, rounds, growthParts, quick, largest },
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
root.Subcommands[1].SetAction((parse, cancel) =>
    new AppendBenchmark(parse.GetRequiredValue(stores), parse.GetValue(rounds), parse.GetValue(events)).RunAsync(Console.Out, cancel));
root.Subcommands[2].SetAction((parse, cancel) =>
    new BalancerBenchmark(parse.GetValue(rounds), TimeSpan.FromSeconds(parse.GetValue(seconds))).RunAsync(Console.Out, cancel));
root.Subcommands[3].SetAction((parse, cancel) =>
    new NounBenchmark(parse.GetValue(file), parse.GetValue(rounds), parse.GetValue(repeats)).RunAsync(Console.Out, cancel));
root.Subcommands[4].SetAction((parse, cancel) => new ClusterBenchmark(
    new ClusterBenchmarkOptions(
        parse.GetRequiredValue(clusterStores), parse.GetRequiredValue(parts), parse.GetValue(rounds), parse.GetValue(questions), parse.GetValue(seconds),
        parse.GetValue(behind), parse.GetValue(kills), parse.GetValue(loaded)),
    Console.Out).RunAsync(cancel));
root.Subcommands[5].SetAction((parse, cancel) => GrowthTable.RunAsync(
    new BenchmarkOptions(parse.GetValue(quick), parse.GetValue(rounds), parse.GetRequiredValue(stores)), parse.GetRequiredValue(growthParts), parse.GetValue(largest), Console.Out, cancel));
root.Subcommands[6].SetAction(parse => SyntheticPier.Make(parse.GetRequiredValue(path), Math.Max(parse.GetValue(bytes), 1 << 20)));
return await root.Parse(args).InvokeAsync(cancellationToken: CancellationToken.None);

using System.CommandLine;
using Seguro.Testing;

Option<double> minutes = new("--minutes") { Description = "For how long faults are made.", DefaultValueFactory = static _ => 5 };
Option<ulong> seed = new("--seed") { Description = "Draws the faults.", DefaultValueFactory = static _ => 1 };
Option<string> store = new("--store") { Description = "The members' database.", DefaultValueFactory = static _ => "dqlite" };
store.AcceptOnlyFromAmong("dqlite", "postgres");
Option<string> ship = new("--ship") { Description = "demo: a kernel on Seguro's Nock machine. vere: the program that stands in for vere, its datagrams routed to the master by the balancer's kernel, or with --direct its port on whoever is master.", DefaultValueFactory = static _ => "demo" };
ship.AcceptOnlyFromAmong("demo", "vere");
Option<bool> direct = new("--direct") { Description = "No balancer: a vere's UDP port is on whoever is master (--ship vere)." };
Option<string> replicas = new("--replicas") { Description = "What replicas do with a vere's events (--ship vere): recorded, replayed, computed, hot.", DefaultValueFactory = static _ => "replayed" };
replicas.AcceptOnlyFromAmong("recorded", "replayed", "computed", "hot");
Option<NemesisFault[]> only = new("--only") { Description = "Only these faults.", AllowMultipleArgumentsPerToken = true };
Option<int> rate = new("--rate") { Description = "How many datagrams the client sends each second.", DefaultValueFactory = static _ => 40 };
Option<bool> keep = new("--keep") { Description = "Keep the evidence even where everything holds." };
Option<bool> quiet = new("--quiet") { Description = "Print the table alone." };
RootCommand command = new("Runs a cluster of real processes, kills, stops and parts them while a client talks to the ship, and compares what the client saw with the logs. Needs root, for networks of their own.")
{
    minutes, seed, store, ship, direct, replicas, only, rate, keep, quiet,
};
command.SetAction(async (parse, cancel) =>
{
    if (await NetworkNamespace.WhyNotAsync() is { } why)
    {
        Console.Error.WriteLine($"error: {why}\n  next: run it as root, on a machine that allows network namespaces");
        return 1;
    }
    if (parse.GetValue(direct) && parse.GetRequiredValue(ship) != "vere")
    {
        Console.Error.WriteLine("error: without a balancer only a vere has a port of its own\n  next: --ship vere --direct");
        return 1;
    }
    string folder = Directory.CreateTempSubdirectory($"seguro-nemesis-{parse.GetValue(seed)}-").FullName;
    NemesisOptions options = new()
    {
        Seed = parse.GetValue(seed),
        Duration = TimeSpan.FromMinutes(parse.GetValue(minutes)),
        Folder = folder,
        Store = parse.GetRequiredValue(store),
        Ship = parse.GetRequiredValue(ship),
        IsDirect = parse.GetValue(direct),
        Replicas = parse.GetRequiredValue(replicas),
        Rate = parse.GetValue(rate),
        Only = parse.GetValue(only) ?? [],
    };
    NemesisResult result = await NemesisRun.RunAsync(options, line =>
    {
        if (!parse.GetValue(quiet))
            Console.WriteLine(line);
    }, cancel);
    Console.Write(result);
    if (result.Holds && !parse.GetValue(keep))
        Directory.Delete(folder, recursive: true);
    else
        Console.WriteLine($"kept: {folder}");
    return result.Holds ? 0 : 1;
});
return await command.Parse(args).InvokeAsync(cancellationToken: CancellationToken.None);

using System.CommandLine;
using Seguro.Testing;

Option<double> minutes = new("--minutes") { Description = "For how long faults are made.", DefaultValueFactory = static _ => 5 };
Option<ulong> seed = new("--seed") { Description = "Draws the faults.", DefaultValueFactory = static _ => 1 };
Option<string> store = new("--store") { Description = "The members' database.", DefaultValueFactory = static _ => "dqlite" };
store.AcceptOnlyFromAmong("dqlite", "postgres");
Option<NemesisFault[]> only = new("--only") { Description = "Only these faults.", AllowMultipleArgumentsPerToken = true };
Option<int> rate = new("--rate") { Description = "How many datagrams the client sends each second.", DefaultValueFactory = static _ => 40 };
Option<bool> keep = new("--keep") { Description = "Keep the evidence even where everything holds." };
Option<bool> quiet = new("--quiet") { Description = "Print the table alone." };
RootCommand command = new("Runs a cluster of real processes, kills, stops and parts them while a client talks to the ship, and compares what the client saw with the logs. Needs root, for networks of their own.")
{
    minutes, seed, store, only, rate, keep, quiet,
};
command.SetAction(async (parse, cancel) =>
{
    if (await NetworkNamespace.WhyNotAsync() is { } why)
    {
        Console.Error.WriteLine($"error: {why}\n  next: run it as root, on a machine that allows network namespaces");
        return 1;
    }
    string folder = Directory.CreateTempSubdirectory($"seguro-nemesis-{parse.GetValue(seed)}-").FullName;
    NemesisOptions options = new()
    {
        Seed = parse.GetValue(seed),
        Duration = TimeSpan.FromMinutes(parse.GetValue(minutes)),
        Folder = folder,
        Store = parse.GetRequiredValue(store),
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

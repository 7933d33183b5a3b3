using System.CommandLine;
using Seguro.Benchmarks;
using Seguro.Testing;

string[] every = ["lmdb", "sqlite", "rocksdb", "postgresql", "dqlite", "etcd"];
string[] names = [.. BenchmarkParts.Choices.Select(static choice => choice.Name)];
Option<bool> quick = new("--quick") { Description = "All in about three minutes: fewer rounds, fewer and smaller events. For a look, not for figures to publish." };
Option<int?> rounds = new("--rounds") { Description = "How often the contestants take turns; medians are reported. [default: 3, or 1 with --quick]" };
Option<string[]> stores = new("--stores")
{
    Description = "On which databases.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => every,
};
stores.AcceptOnlyFromAmong(every);
Option<string[]> parts = new("--parts")
{
    Description = "What to measure; all where left out.\n" + string.Join('\n', BenchmarkParts.Choices.Select(static choice => $"{choice.Name}: {choice.Description}")),
    HelpName = "PART",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = static _ => [],
};
parts.AcceptOnlyFromAmong(names);
Option<string?> output = new("--out") { HelpName = "DIR", Description = "Where result.json, tables.md and the plots go. [default: artifacts/bench in the repository]" };
Option<long?> largest = new("--largest") { HelpName = "EVENTS", Description = "The longest log that is grown." };
Option<string?> pier = new("--pier") { HelpName = "PATH", Description = "Import this pier instead of the usual ones." };
Option<string?> vereBinary = new("--vere-binary") { HelpName = "PATH", Description = "For the part vere: your vere, measured beside the stand-in; with --vere-pier." };
Option<string?> verePier = new("--vere-pier") { HelpName = "PIER", Description = "For the part vere: the pier of a fake ~zod of that vere, stopped; copies of it are used." };
Argument<string> file = new("RESULT") { Description = "A result.json." };
Option<string?> beside = new("--out") { HelpName = "DIR", Description = "Where tables and plots go; beside the file where left out." };
Argument<string> path = new("PATH") { Description = "The pier to make." };
Option<long> bytes = new("--bytes") { Description = "How many bytes of events it has.", DefaultValueFactory = static _ => 1 << 20 };

Command report = new("report", "Makes the tables and plots of a result.json anew.") { file, beside };
Command synthetic = new("pier", "Makes a pier of seeded random events, for trying things out.") { path, bytes };
Command needs = new("needs", "Names what has to be installed for these options.") { quick, rounds, stores, parts, output, pier, largest, vereBinary, verePier };
needs.Hidden = true;
RootCommand root = new("Measures Seguro beside the bare databases, in one run; writes JSON, tables and plots.") { quick, rounds, stores, parts, output, pier, largest, vereBinary, verePier, report, synthetic, needs };
root.SetAction(async (parse, cancel) =>
{
    bool isQuick = parse.GetValue(quick);
    BenchmarkOptions options = new(
        isQuick, Math.Max(1, parse.GetValue(rounds) ?? (isQuick ? 1 : 3)), parse.GetRequiredValue(stores),
        parse.GetValue(pier), parse.GetValue(largest), parse.GetValue(vereBinary), parse.GetValue(verePier));
    string folder = parse.GetValue(output) ?? Path.Combine(SharedData.Repository, "artifacts", "bench");
    BenchmarkResult result = await new BenchmarkSession(folder, Console.Error)
        .RunAsync(string.Join(' ', (string[])["./seguro bench", .. args]), options, BenchmarkParts.Choose(parse.GetRequiredValue(parts)), cancel);
    Print(folder, ReportWriter.Write(result, folder));
    Console.Write(Bars.Of(result));
    foreach (string failure in result.Failures)
        await Console.Error.WriteLineAsync($"failed: {failure}");
    return result.Failures.Count == 0 ? 0 : 1;
});
report.SetAction(parse =>
{
    string from = parse.GetRequiredValue(file);
    string folder = parse.GetValue(beside) ?? Path.GetDirectoryName(Path.GetFullPath(from))!;
    try
    {
        Print(folder, ReportWriter.Write(BenchmarkResult.Read(from), folder));
        return 0;
    }
    catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"error: {error.Message}\n  next: name a result.json that `seguro bench` wrote, and a folder that can be written");
        return 1;
    }
});
needs.SetAction(parse =>
{
    foreach (string need in BenchmarkParts.NeedsOf(parse.GetRequiredValue(parts), parse.GetRequiredValue(stores)))
        Console.WriteLine(need);
});
synthetic.SetAction(parse => SyntheticPier.Make(parse.GetRequiredValue(path), Math.Max(parse.GetValue(bytes), 1 << 20)));
ParseResult parsed = root.Parse(args);
// Servers and members are ended one after the other, which takes some seconds.
int code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) }, CancellationToken.None);
return parsed.Errors.Count > 0 ? 2 : code;

static void Print(string folder, IReadOnlyList<string> files)
{
    foreach (string name in files)
        Console.Error.WriteLine(Path.Combine(folder, name));
}

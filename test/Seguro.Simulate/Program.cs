using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Seguro.Testing;

Option<int> seeds = new("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = static _ => 1000 };
Option<ulong> seed = new("--seed") { Description = "The first seed; those that follow count up from it.", DefaultValueFactory = static _ => 1 };
Option<double?> minutes = new("--minutes") { Description = "Run for so long, however many seeds that are." };
Option<ShellBug> shellBug = new("--shell-bug") { HelpName = "BUG", Description = "Plant this mistake in the shell." };
Option<int> failures = new("--failures") { Description = "End after so many failures.", DefaultValueFactory = static _ => 1 };
Option<int> traced = new("--trace") { Description = "How many inputs of each member a report shows.", DefaultValueFactory = static _ => 48 };
Option<bool> fleet = new("--fleet") { Description = "Nodes that hold several ships, by leases of nodes." };
RootCommand command = new("Simulates clusters of Seguro under faults, one seed after the other, and checks the invariants of docs/reliability.md.")
{
    seeds, seed, minutes, shellBug, failures, traced, fleet,
};
command.SetAction(parse =>
{
    long started = Stopwatch.GetTimestamp();
    TimeSpan? limit = parse.GetValue(minutes) is { } most ? TimeSpan.FromMinutes(most) : null;
    SortedDictionary<string, (int Count, ulong Seed)> violated = new(StringComparer.Ordinal);
    int run = 0;
    long events = 0, effects = 0, takeovers = 0, phantoms = 0, steps = 0;
    TimeSpan simulated = default;
    for (ulong next = parse.GetValue(seed); limit is null ? run < parse.GetValue(seeds) : Stopwatch.GetElapsedTime(started) < limit; next++, run++)
    {
        SimulationPlan plan = parse.GetValue(fleet) ? SimulationPlan.DrawFleet(next) : SimulationPlan.Draw(next);
        SimulationResult result = Simulation.Run(plan with { ShellBug = parse.GetValue(shellBug), Traced = parse.GetValue(traced) });
        events += result.Committed;
        effects += result.Effects;
        takeovers += result.Takeovers;
        phantoms += result.Phantoms;
        steps += result.Steps;
        simulated += result.Virtual;
        if (result.Holds)
            continue;
        string name = result.Violated.ToString()!;
        (int Count, ulong Seed) known = violated.GetValueOrDefault(name, (0, next));
        violated[name] = (known.Count + 1, known.Seed);
        if (violated.Values.Sum(static entry => entry.Count) >= parse.GetValue(failures))
        {
            Console.WriteLine(result.Report);
            run++;
            break;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {next}: {result.Failure}"));
    }
    TimeSpan took = Stopwatch.GetElapsedTime(started);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{run} seeds in {took.TotalSeconds:0.0} s ({run / took.TotalMinutes:0} a minute), {simulated.TotalHours:0.0} hours of virtual time, {steps:N0} steps"));
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{events:N0} events committed, {effects:N0} effects, {takeovers:N0} takeovers, {phantoms:N0} effects lost at optimism 0, within its bound"));
    foreach ((string name, (int count, ulong first)) in violated)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {count} seeds, the first is {first}"));
    Console.WriteLine(violated.Count == 0 ? "all invariants hold" : "violated");
    return violated.Count == 0 ? 0 : 1;
});
return command.Parse(args).Invoke();

using System.Diagnostics;
using System.Globalization;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>What many ships cost the three nodes that hold them, all on this machine, while nobody speaks with them; and how long it takes until others are their masters when a node dies.</summary>
internal sealed class NodesPart : IBenchmarkPart
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public string Name => "nodes";

    public string Description => "Three nodes that hold 1 to 300 ships (--largest: more): memory, threads, processor and commits at rest; a node that dies, and comes back.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        foreach (int ships in run.Options.Largest is { } most ? [.. ((int[])[1, 10, 100, 300, 1000]).Where(count => count <= most)] : run.Options.Pick<int[]>([1, 10, 100, 300], [1, 10]))
        {
            run.Say($"nodes: {ships} ships");
            await MeasureAsync(run, ships, cancel);
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, int ships, CancellationToken cancel)
    {
        await using RunningNodes nodes = await RunningNodes.StartAsync(cancel);
        await Task.Delay(TimeSpan.FromSeconds(5), cancel); // what a start leaves to do
        double empty = Memory(nodes).Max();
        long began = Stopwatch.GetTimestamp();
        await nodes.AddAsync(ships, cancel);
        TimeSpan added = Stopwatch.GetElapsedTime(began);
        await nodes.UntilAsync("holding its ships", nodes.Names, report => IsWhole(report, ships), cancel);
        TimeSpan whole = Stopwatch.GetElapsedTime(began);
        await Task.Delay(TimeSpan.FromSeconds(10), cancel);

        (double processor, long commits, long rested) = (Processor(nodes), nodes.Commits, Stopwatch.GetTimestamp());
        await Task.Delay(run.Options.Pick(Rest, TimeSpan.FromSeconds(10)), cancel);
        double seconds = Stopwatch.GetElapsedTime(rested).TotalSeconds;
        (processor, commits) = (Processor(nodes) - processor, nodes.Commits - commits);
        Dictionary<string, double> figures = new()
        {
            ["s until all were added"] = added.TotalSeconds,
            ["s until all have a master everywhere"] = whole.TotalSeconds,
            ["MB of a node, most"] = Memory(nodes).Max(),
            ["kB a ship, of a node"] = (Memory(nodes).Max() - empty) * 1000 / ships,
            ["threads of a node, most"] = nodes.Processes.Max(static one => Threads(one.Node)),
            ["% of a core, all nodes, at rest"] = processor / seconds * 100,
            ["commits a second, all, at rest"] = commits / seconds,
        };

        FleetReport before = await nodes.ReadAsync(nodes.Names[0], cancel);
        string killed = before.Ships.GroupBy(static ship => ship.Master).MaxBy(static group => group.Count())!.Key;
        string[] moving = [.. before.Ships.Where(ship => ship.Master == killed).Select(static ship => ship.Ship)];
        string[] left = [.. nodes.Names.Where(name => name != killed)];
        long died = Stopwatch.GetTimestamp();
        await nodes.KillAsync(killed);
        figures["ships of the killed node"] = moving.Length;
        foreach ((string share, int count) in new[] { ("half", (moving.Length + 1) / 2), ("99 %", (int)Math.Ceiling(moving.Length * 0.99)), ("all", moving.Length) })
        {
            await UntilMovedAsync(nodes, left, moving, count, cancel);
            figures[$"s until {share} have another master"] = Stopwatch.GetElapsedTime(died).TotalSeconds;
        }
        long back = Stopwatch.GetTimestamp();
        nodes.Start(killed);
        await nodes.UntilAsync("holding its ships again", [killed], report => IsWhole(report, ships), cancel);
        figures["s until the node holds all again"] = Stopwatch.GetElapsedTime(back).TotalSeconds;
        run.Add(new Measurement
        {
            Part = "nodes",
            Workload = string.Create(CultureInfo.InvariantCulture, $"{ships:N0} ships, nobody speaks with them; then kill -9 of a node"),
            Subject = "dqlite",
            Contestant = Measurement.Seguro,
            Parameters = new Dictionary<string, double> { [Parameter.Ships] = ships, [Parameter.Members] = nodes.Names.Count },
            More = figures,
        });
    }

    /// <summary>A ship has another master when that one says so itself.</summary>
    private static async Task UntilMovedAsync(RunningNodes nodes, string[] left, string[] moving, int count, CancellationToken cancel)
    {
        while (true)
        {
            FleetReport[] reports = await Task.WhenAll(left.Select(name => nodes.ReadAsync(name, cancel)));
            HashSet<string> served = [.. reports.SelectMany(static report => report.Ships).Where(static ship => ship.Role == "master").Select(static ship => ship.Ship)];
            if (moving.Count(served.Contains) >= count)
                return;
            await Task.Delay(Glance, cancel);
        }
    }

    private static bool IsWhole(FleetReport report, int ships) => report.Ships.Count == ships && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 });

    private static IEnumerable<double> Memory(RunningNodes nodes) => nodes.Processes.Select(static one => ProcessMemory.Read("", one.Node).Own);

    private static double Processor(RunningNodes nodes) => nodes.Processes.Sum(static one => ProcessTimes.Of(one.Node) + one.Children.Sum(ProcessTimes.Of));

    private static double Threads(int process) => Directory.GetDirectories($"/proc/{process}/task").Length;
}

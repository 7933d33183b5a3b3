using System.Globalization;
using Seguro.Cli.Demo;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Ships;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>Three nodes on this machine that hold many ships, a process each with a dqlite node of its own: what <c>seguro node init</c> and <c>seguro run</c> make of an empty folder.</summary>
internal sealed class RunningNodes : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryFolder _folder = new("bench");
    private readonly Watchdog _watchdog = new(); // should this process die, so do the nodes
    private readonly Dictionary<string, DemoProcess> _running = [];

    private RunningNodes() => _watchdog.Folder(_folder.Path);

    public IReadOnlyList<string> Names { get; } = ["m1", "m2", "m3"];

    /// <summary>The process numbers of those that run, their databases' besides.</summary>
    public IEnumerable<(int Node, int[] Children)> Processes => _running.Values.Select(static process => (process.Id, ProcessMemory.ChildrenOf(process.Id).ToArray()));

    /// <summary>How many entries the log of the nodes' dqlite has, as one of them noted it: each commit is one.</summary>
    public long Commits => long.Parse(
        File.ReadLines(Path.Combine(_folder["nodes"], Names[0], "data", "dqlite", "seguro-record")).First(static line => line.StartsWith("log ", StringComparison.Ordinal)).Split(' ')[2], CultureInfo.InvariantCulture);

    public static async Task<RunningNodes> StartAsync(CancellationToken cancel)
    {
        RunningNodes nodes = new();
        try
        {
            await DemoProcess.RunAsync(nodes._folder.Path, "init", DemoProcess.Seguro("node", "init", nodes._folder["nodes"], "--nodes", "3"), cancel);
            foreach (string name in nodes.Names)
                nodes.Start(name);
            await nodes.UntilAsync("ready", nodes.Names, static report => report.IsReady, cancel);
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    public void Start(string name)
    {
        DemoProcess process = DemoProcess.Start(_folder.Path, name, "run", "-c", Path.Combine(_folder["nodes"], name, "seguro.json"), "--set", "member:udp=");
        _running.Add(name, process);
        _watchdog.Process(process.Id);
    }

    /// <summary>kill −9.</summary>
    public async Task KillAsync(string name)
    {
        _running.Remove(name, out DemoProcess? process);
        _watchdog.Gone(process!.Id);
        await process.KillAsync();
        await process.DisposeAsync();
    }

    /// <summary>Puts so many ships with the demo kernel on the list.</summary>
    public async Task AddAsync(int ships, CancellationToken cancel)
    {
        using AdminClient client = ClientOf(Names[0]);
        for (int number = 0; number < ships; number++)
            await client.AddShipAsync(new RegisteredShip { Ship = ShipName.ToShip((UInt128)number).Name, Kernel = "demo" }, cancel);
    }

    /// <summary>Looks at a node.</summary>
    public async Task<FleetReport> ReadAsync(string name, CancellationToken cancel)
    {
        using AdminClient client = ClientOf(name);
        return await client.ReadShipsAsync(cancel);
    }

    /// <summary>Waits until all of these say so.</summary>
    public async Task UntilAsync(string what, IEnumerable<string> among, Func<FleetReport, bool> isSo, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        foreach (string name in among)
        {
            string said = "nothing";
            while (true)
            {
                _running[name].MustRun();
                try
                {
                    FleetReport report = await ReadAsync(name, limit.Token);
                    if (isSo(report))
                        break;
                    said = $"{report.Ships.Count} ships, {report.Ships.Count(static ship => ship is { Healthy: true, Master.Length: > 0 })} healthy with a master";
                }
                catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable)
                {
                    said = error.Message;
                }
                if (limit.IsCancellationRequested)
                    throw new SeguroException(ErrorCode.ProcessFailed, $"{name} was not {what} after {Patience.TotalMinutes} minutes: {said}", "See the machine's load.");
                await Task.Delay(Glance, cancel);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_running.Values.Select(static process => process.DisposeAsync().AsTask()));
        _watchdog.Dispose();
        _folder.Dispose();
    }

    private AdminClient ClientOf(string name) => new(Path.Combine(_folder["nodes"], name, "data", "admin.sock"));
}

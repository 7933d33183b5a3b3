using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Node;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Ships;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Cli;

namespace Seguro.Tests.Node.Ships;

/// <summary>Nodes that hold many ships, in this process, over one file of sqlite: configurations, links, piers and admin sockets are real.</summary>
internal sealed class NodeBed : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    private readonly TemporaryFolder _folder = new("nodes");
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Running)> _running = new(StringComparer.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public List<string> Notices { get; } = [];

    /// <summary>Makes the files by <c>seguro node init</c>, and starts the nodes: m1, m2, …</summary>
    public static async Task<NodeBed> StartAsync(int nodes, params string[] settings)
    {
        NodeBed bed = new();
        (await CommandRun.OfAsync("node", "init", bed._folder["f"], "--nodes", $"{nodes}", "--store", bed.Store)).Ok();
        for (int node = 1; node <= nodes; node++)
        {
            ConfigurationEdit.Apply(bed.Configuration($"m{node}"), new Dictionary<string, string> { ["allowUnsafeSettings"] = "true" });
            bed.Start($"m{node}", settings);
        }
        return bed;
    }

    private string Store => $"sqlite:{_folder["log.db"]}";

    public string Configuration(string node) => Path.Combine(_folder["f"], node, "seguro.json");

    public string Data(string node) => Path.Combine(_folder["f"], node, "data");

    public AdminClient Client(string node, string? ship = null) => new(Path.Combine(Data(node), "admin.sock"), ship is null ? null : Ship.Parse(ship));

    /// <summary>What <c>/health</c> answers.</summary>
    public async Task<HttpStatusCode> HealthAsync(string node)
    {
        using HttpClient http = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Data(node), "admin.sock")), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://member") };
        using HttpResponseMessage response = await http.GetAsync("/health", Cancel);
        return response.StatusCode;
    }

    /// <summary>Puts an event on the list of ships, whatever it says.</summary>
    public async Task AppendToListAsync(string change)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(Store), new StoreOptions(), Cancel);
        IStoredLog stored = await store.CreateLogAsync(ShipRegistry.Name, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        await using EventLog log = new(stored, store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(3), BootClock.Instance, Cancel);
        Assert.True((await log.AppendAsync(lease.Term, (await log.ReadStateAsync(Cancel)).Head.Position, [Encoding.UTF8.GetBytes(change)], Cancel)).IsCommitted);
    }

    public void Start(string node, params string[] settings)
    {
        NodeConfiguration configuration = ConfigurationReader.Read(Configuration(node), ["member:udp=", .. settings]);
        CancellationTokenSource stop = new();
        ILogger log = new CollectingLog(Notices);
        _running[node] = (stop, Task.Run(() => SeguroNode.RunAsync(configuration, log, stop.Token), CancellationToken.None));
    }

    public async Task StopAsync(string node)
    {
        _running.Remove(node, out (CancellationTokenSource Stop, Task Running) one);
        await one.Stop.CancelAsync();
        await one.Running;
        one.Stop.Dispose();
    }

    /// <summary>Waits until a node says of its ships what is wanted.</summary>
    public async Task<FleetReport> UntilAsync(string node, Func<FleetReport, bool> wanted, string otherwise)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Longest);
        using AdminClient client = Client(node);
        string said = "nothing";
        while (!limit.IsCancellationRequested)
        {
            Assert.False(_running[node].Running.IsFaulted, $"{node} ended: {_running[node].Running.Exception}");
            try
            {
                FleetReport report = await client.ReadShipsAsync(Cancel);
                if (wanted(report))
                    return report;
                said = $"{string.Join(", ", report.Ships)}; {string.Join(" ", report.Warnings)}";
            }
            catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable)
            {
                said = error.Message; // not up yet
            }
            await Task.Delay(Glance, CancellationToken.None);
        }
        lock (Notices)
            Assert.Fail($"{otherwise}; {node} says {said}\n{string.Join('\n', Notices)}");
        return null!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string node in _running.Keys.ToArray())
        {
            (CancellationTokenSource stop, Task running) = _running[node];
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }
        _folder.Dispose();
    }
}

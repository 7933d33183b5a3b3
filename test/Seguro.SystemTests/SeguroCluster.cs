using System.Diagnostics;
using System.Globalization;
using System.Net;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Node.Admin;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Three members of a cluster and a balancer, the processes that a user would start, over a store that is there already.</summary>
internal sealed class SeguroCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = new("cluster");
    private readonly Dictionary<string, SeguroProcess> _running = [];
    private readonly string _inside = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
    private SeguroProcess? _balancer;

    /// <summary>The members' names.</summary>
    public IReadOnlyList<string> Names { get; } = ["m1", "m2", "m3"];

    /// <summary>The ship's public address.</summary>
    public IPEndPoint Public { get; } = new(IPAddress.Loopback, FreePort.Next());

    /// <summary>Makes the cluster and starts all of it.</summary>
    public static async Task<SeguroCluster> StartAsync(string store)
    {
        SeguroCluster cluster = new();
        try
        {
            await cluster.InitAsync("--store", store, "--balancer", cluster._inside);
            cluster.StartBalancer();
            cluster.StartKilled();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private string Root => _folder["cluster"];

    /// <summary>A member's folder.</summary>
    public string Folder(string name) => Path.Combine(Root, name);

    /// <summary>A member's configuration.</summary>
    public string Configuration(string name) => Path.Combine(Root, name, "seguro.json");

    /// <summary>Starts the balancer.</summary>
    public void StartBalancer() => _balancer = SeguroProcess.Start(
        "balancer", "--listen", Public.ToString(), "--inside", _inside, "--key-file", Path.Combine(Root, "balancer.keys"));

    /// <summary>Starts a member.</summary>
    public void Start(string name) => _running[name] = SeguroProcess.Start("run", "-c", Path.Combine(Root, name, "seguro.json"));

    /// <summary>Starts those that were killed.</summary>
    public void StartKilled()
    {
        foreach (string name in Names.Where(name => !_running.ContainsKey(name)))
            Start(name);
    }

    /// <summary>Ends a member with kill −9.</summary>
    public async Task KillAsync(string name)
    {
        _running.Remove(name, out SeguroProcess? process);
        await process!.DisposeAsync();
    }

    /// <summary>Ends all members and the balancer with kill −9.</summary>
    public async Task KillAllAsync()
    {
        foreach (string name in _running.Keys)
            await KillAsync(name);
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        _balancer = null;
    }

    /// <summary>Waits until a running member says that it is as wanted.</summary>
    public async Task<StatusReport> UntilAsync(string what, Func<StatusReport, bool> wanted, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        List<string> said = [];
        while (true)
        {
            said.Clear();
            foreach ((string name, SeguroProcess process) in _running)
            {
                if (process.HasExited)
                {
                    SeguroProcess.Result ended = await process.EndAsync();
                    Assert.Fail($"{name} ended with {ended.ExitCode}: {ended.Output}{ended.Errors}");
                }
                using AdminClient client = new(Path.Combine(Root, name, "data", "admin.sock"));
                try
                {
                    StatusReport status = await client.ReadStatusAsync(cancel);
                    if (wanted(status))
                        return status;
                    said.Add($"{name}: {status.Role}, term {status.Term}, processed {status.Processed.Event}, {string.Join(" ", status.Warnings)}");
                }
                catch (SeguroException error)
                {
                    said.Add($"{name}: {error.Message}"); // not up yet
                }
            }
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"{what} did not come to be:\n{string.Join("\n", said)}");
            await Task.Delay(Glance, cancel);
        }
    }

    /// <summary>Waits until there is a master above a term with that many healthy replicas.</summary>
    public Task<StatusReport> UntilMasterAsync(ulong above, int replicas, CancellationToken cancel) => UntilAsync(
        $"a master above term {above} with {replicas} replicas",
        status => status.Role == "master" && status.Term > above && status.Replicas.Count(static replica => replica.Healthy) >= replicas,
        cancel);

    /// <summary>Everything that a client was told is in the log and in every member, once and in order; nothing else left, and every question has its answer.</summary>
    public async Task VerifyAsync(string storeUrl, AnswerLedger ledger, ShipProbe probe, CancellationToken cancel)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(storeUrl), new StoreOptions(), cancel);
        await using IStoredLog stored = (await store.OpenLogAsync(Ship.Parse("~zod"), cancel))!;
        AnswerAudit audit = await ledger.CompareAsync(probe, new EventLog(stored, store.Capabilities), (ulong)DemoKernel.Life, cancel);
        TestContext.Current.TestOutputHelper?.WriteLine(audit.ToString());
        Assert.Equal("", audit.Evidence);
        Assert.Equal(0, audit.Lost);
        Assert.Equal(0, audit.Phantoms);
        Assert.Equal(0, audit.OutOfOrder);
        Assert.Equal(probe.Sent, audit.Answered);
        string chain = audit.Head.Chain.ToString();
        foreach (string name in Names)
        {
            StatusReport status = await UntilAsync(
                $"{name} at the head",
                status => status.Name == name && status.Durable.Event >= audit.Head.Number.Value && status.Processed.Event >= audit.Head.Number.Value,
                cancel);
            Assert.Equal(chain, status.Durable.Chain);
            Assert.Equal(chain, status.Processed.Chain);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (SeguroProcess process in _running.Values)
            await process.DisposeAsync();
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        _folder.Dispose();
    }

    private async Task InitAsync(params string[] words) => (await SeguroProcess.RunAsync(["cluster", "init", Root, "--ship", "~zod", "--kernel", "demo", "--members", "3", .. words])).Ok();
}

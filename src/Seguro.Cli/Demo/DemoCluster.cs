using System.Diagnostics;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Demo;

/// <summary>Three real dqlite nodes on this machine, each a process of its own, with TLS between all of them.</summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private const int Nodes = 3;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);

    private readonly Dictionary<ulong, DqliteNodeOptions> _options;
    private readonly Dictionary<ulong, DqliteNodeProcess> _running = [];
    private readonly DqliteMembership _membership;
    private readonly ClusterCertificates _certificates;
    private readonly SeguroExecutable _executable = SeguroExecutable.Current();

    private DemoCluster(string certificates, Dictionary<ulong, DqliteNodeOptions> options)
    {
        _options = options;
        Certificates = certificates;
        _certificates = ClusterCertificates.Load(certificates);
        _membership = new DqliteMembership([.. options.Values.Select(static node => node.Address)], _certificates, StartTime);
    }

    /// <summary>The folder with the certificates, for clients.</summary>
    public string Certificates { get; }

    /// <summary>The store's URL.</summary>
    public StoreUrl Url => StoreUrl.Parse("dqlite://" + string.Join(',', _options.Values.Select(static node => node.Address.ToString())));

    /// <summary>How many nodes run now.</summary>
    public int Running => _running.Count;

    /// <summary>Starts three nodes in a folder, each a voter.</summary>
    public static async Task<DemoCluster> StartAsync(string folder, CancellationToken cancel)
    {
        string certificates = Path.Combine(folder, "certificates");
        using (CertificateAuthority authority = CertificateAuthority.Create(certificates, "demo"))
            authority.Issue(certificates, new ClusterIdentity("demo", "demo"), ["127.0.0.1"]);
        Dictionary<ulong, DqliteNodeOptions> options = [];
        int[] ports = FreePorts.Take(Nodes);
        for (ulong id = 1; id <= Nodes; id++)
        {
            options[id] = new DqliteNodeOptions
            {
                Folder = Path.Combine(folder, $"node{id}"),
                Id = id,
                Address = NodeAddress.Parse($"127.0.0.1:{ports[id - 1]}"),
                Cluster = "demo",
                Bootstrap = id == 1,
                Certificates = certificates,
            };
        }
        DemoCluster cluster = new(certificates, options);
        try
        {
            await Task.WhenAll(options.Keys.Select(id => cluster.StartNodeAsync(id, cancel)));
            for (ulong id = 2; id <= Nodes; id++)
                await cluster._membership.JoinAsync(id, options[id].Address, cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the leader with kill −9; says which node it was, and its process.</summary>
    public async Task<(ulong Id, int Process)> KillLeaderAsync(CancellationToken cancel)
    {
        ulong id = (await _membership.LeaderAsync(cancel)).Id;
        DqliteNodeProcess node = Take(id);
        int pid = node.Status.Process ?? throw new SeguroException(ErrorCode.ProcessFailed, $"node {id} has no process", "Run the demo again.");
        using (Process process = Process.GetProcessById(pid))
            process.Kill(); // SIGKILL
        await node.DisposeAsync(); // its supervisor would start it again at once
        return (id, pid);
    }

    /// <summary>The node that leads now.</summary>
    public async Task<ulong> LeaderAsync(CancellationToken cancel) => (await _membership.LeaderAsync(cancel)).Id;

    /// <summary>Starts a node that was killed, on its old data.</summary>
    public Task RestartAsync(ulong id, CancellationToken cancel) => StartNodeAsync(id, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (DqliteNodeProcess node in _running.Values)
            await node.DisposeAsync();
        _running.Clear();
        _certificates.Dispose();
    }

    private async Task StartNodeAsync(ulong id, CancellationToken cancel)
    {
        DqliteNodeProcess node = await DqliteNodeProcess.StartAsync(_executable, _options[id], StartTime, cancel);
        lock (_running)
            _running[id] = node;
    }

    private DqliteNodeProcess Take(ulong id)
    {
        lock (_running)
        {
            return _running.Remove(id, out DqliteNodeProcess? node)
                ? node
                : throw new SeguroException(ErrorCode.ProcessFailed, $"node {id} does not run", "Run the demo again.");
        }
    }
}

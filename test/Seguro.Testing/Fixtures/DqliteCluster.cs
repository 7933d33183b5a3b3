using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Testing;

/// <summary>A dqlite cluster of real processes in temporary folders on free loopback ports, with encryption unless asked otherwise.</summary>
public sealed class DqliteCluster : IAsyncDisposable
{
    // For elections beside other tests that write gigabytes to the same disk: each of the nodes has to flush its vote.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder;
    private readonly SeguroExecutable _executable;
    private readonly ClusterCertificates? _certificates;
    private readonly Func<DqliteNodeOptions, DqliteNodeOptions> _adjust;
    private readonly IReadOnlyList<LinePlace> _places;
    private readonly List<DqliteClusterNode> _nodes = [];

    private DqliteCluster(TemporaryFolder folder, bool plain, Func<DqliteNodeOptions, DqliteNodeOptions> adjust, IReadOnlyList<LinePlace> places)
    {
        _places = places;
        _folder = folder;
        _adjust = adjust;
        _executable = SeguroExecutable.In(AppContext.BaseDirectory);
        if (plain)
            return;
        using (CertificateAuthority authority = CertificateAuthority.Create(folder["ca"], "test"))
            authority.Issue(folder["tls"], new ClusterIdentity("test", "member"), ["127.0.0.1", "localhost", .. places.Select(static place => place.Host)]);
        Certificates = folder["tls"];
        Authority = folder["ca"];
        _certificates = ClusterCertificates.Load(Certificates);
    }

    /// <summary>The nodes, in the order of their ids, those removed from the cluster included.</summary>
    public IReadOnlyList<DqliteClusterNode> Nodes => _nodes;

    /// <summary>The folder with the cluster's certificates; <see langword="null"/> for a plain cluster.</summary>
    public string? Certificates { get; }

    /// <summary>The folder of the authority that issued them; <see langword="null"/> for a plain cluster.</summary>
    public string? Authority { get; }

    /// <summary>The URL of the cluster, as the command line takes it.</summary>
    public string Url => (Certificates is null ? "dqlite+plain://" : "dqlite://") + string.Join(',', _nodes.Select(static node => node.Address.ToString()));

    /// <summary>What opening the cluster as a store needs.</summary>
    public StoreOptions StoreOptions => new() { Create = true, Certificates = Certificates };

    /// <summary>The cluster's membership.</summary>
    public DqliteMembership Membership => new([.. _nodes.Select(static node => node.Address)], _certificates, Patience);

    /// <summary>Starts a cluster of <paramref name="nodes"/> voters.</summary>
    /// <param name="nodes">How many.</param>
    /// <param name="plain">Without encryption.</param>
    /// <param name="diskMegabytes">The size of each node's disk, a tmpfs of its own (needs root); 0: the system's disk.</param>
    /// <param name="adjust">Changes each node's options before its start.</param>
    /// <param name="places">Where each node is; none: all on loopback.</param>
    /// <param name="cancel">Ends the start.</param>
    public static async Task<DqliteCluster> StartAsync(
        int nodes, bool plain = false, int diskMegabytes = 0, Func<DqliteNodeOptions, DqliteNodeOptions>? adjust = null, IReadOnlyList<LinePlace>? places = null,
        CancellationToken cancel = default)
    {
        DqliteCluster cluster = new(new TemporaryFolder("dqlite"), plain, adjust ?? (static options => options), places ?? []);
        try
        {
            for (int i = 0; i < nodes; i++)
                cluster.Prepare(diskMegabytes);
            await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync(cancel)));
            foreach (DqliteClusterNode node in cluster.Nodes.Skip(1))
                await cluster.Membership.JoinAsync(node.Options.Id, node.Address, cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes one more node with the next number, neither started nor a member of the cluster.</summary>
    public DqliteClusterNode Prepare(int diskMegabytes = 0)
    {
        int id = _nodes.Count + 1;
        string folder = _folder[$"node{id}"];
        TemporaryDisk? disk = diskMegabytes > 0 ? new TemporaryDisk($"dqlite-disk{id}", diskMegabytes) : null;
        if (disk is not null)
            folder = disk["node"];
        LinePlace? place = id <= _places.Count ? _places[id - 1] : null;
        DqliteNodeOptions options = _adjust(new DqliteNodeOptions
        {
            Folder = folder,
            Id = (ulong)id,
            Address = new HostAddress(place?.Host ?? "127.0.0.1", FreePort.Next()),
            Cluster = "test",
            Bootstrap = id == 1,
            Certificates = Certificates,
        });
        DqliteClusterNode node = new(In(place), options, disk);
        _nodes.Add(node);
        return node;
    }

    /// <summary>The node that leads now; waits until one does.</summary>
    public async Task<DqliteClusterNode> LeaderAsync(CancellationToken cancel)
    {
        DqliteServer leader = await Membership.LeaderAsync(cancel);
        return _nodes[(int)leader.Id - 1];
    }

    /// <summary>Waits until a node other than <paramref name="old"/> leads, as the others see it.</summary>
    public async Task<DqliteClusterNode> OtherLeaderAsync(DqliteClusterNode old, CancellationToken cancel)
    {
        DqliteMembership others = new([.. _nodes.Where(node => node != old && node.Process is not null).Select(static node => node.Address)], _certificates, Patience);
        while (true)
        {
            DqliteServer leader = await others.LeaderAsync(cancel);
            if (leader.Id != old.Options.Id)
                return _nodes[(int)leader.Id - 1];
        }
    }

    /// <summary>A connection with one node.</summary>
    public async Task<DqliteConnection> ConnectAsync(DqliteClusterNode node, CancellationToken cancel) =>
        await DqliteConnection.ConnectAsync(node.Address, _certificates?.ClientOptions(node.Address.Host), cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (DqliteClusterNode node in _nodes)
            await node.DisposeAsync();
        _certificates?.Dispose();
        _folder.Dispose();
    }

    private SeguroExecutable In(LinePlace? place)
    {
        IReadOnlyList<string> command = [_executable.File, .. _executable.First];
        command = place?.Command(command) ?? command;
        return new SeguroExecutable(command[0], [.. command.Skip(1)]);
    }
}

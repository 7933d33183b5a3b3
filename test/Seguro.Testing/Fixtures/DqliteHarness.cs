using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Xunit;

namespace Seguro.Testing;

/// <summary>A dqlite cluster of three nodes for the conformance suite, with TLS; every connection goes through a relay that can cut it.</summary>
public sealed class DqliteHarness : StoreHarness
{
    /// <summary>The window of the suite's database, in bytes.</summary>
    public const long Window = 128L << 20;

    private const int DiskMegabytes = 2048;

    private readonly List<TcpRelay> _relays = [];
    private readonly List<DqliteCluster> _others = [];
    private DqliteCluster? _cluster;

    /// <summary>The nodes.</summary>
    public DqliteCluster Cluster => _cluster ?? throw new InvalidOperationException("The harness was not started.");

    /// <summary>Why faults that need root can't be made, where they can't.</summary>
    public static IReadOnlyDictionary<Faults, string> ExcusedWithoutRoot { get; } = TemporaryDisk.IsAllowed
        ? new Dictionary<Faults, string>()
        : new Dictionary<Faults, string> { [Faults.FillDisk] = "a small disk can be mounted by root only" };

    /// <inheritdoc/>
    public override string Url => Cluster.Url;

    /// <inheritdoc/>
    public override Faults Supports =>
        Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FlipByte | (TemporaryDisk.IsAllowed ? Faults.FillDisk : Faults.None);

    private StoreOptions Options => Cluster.StoreOptions with { Window = Window };

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync() => _cluster = await DqliteCluster.StartAsync(
        3, diskMegabytes: TemporaryDisk.IsAllowed ? DiskMegabytes : 0, adjust: BehindRelay, cancel: TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<IStore> OpenAsync(CancellationToken cancel) => await DqliteStore.OpenAsync(StoreUrl.Parse(Url), Options, cancel);

    /// <summary>A cluster of one node.</summary>
    public override async Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        DqliteCluster other = await DqliteCluster.StartAsync(1, cancel: cancel);
        _others.Add(other);
        return async token => await DqliteStore.OpenAsync(StoreUrl.Parse(other.Url), other.StoreOptions with { Window = Window }, token);
    }

    /// <inheritdoc/>
    public override async Task CrashServerAsync(CancellationToken cancel)
    {
        DqliteClusterNode leader = await Cluster.LeaderAsync(cancel);
        await leader.CrashAsync(cancel);
        await WritesAsync(cancel);
    }

    /// <inheritdoc/>
    public override Task CutConnectionsAsync(CancellationToken cancel)
    {
        foreach (TcpRelay relay in _relays)
            relay.Cut();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task ChangeLeaderAsync(CancellationToken cancel)
    {
        DqliteClusterNode leader = await Cluster.LeaderAsync(cancel);
        await using (DqliteConnection connection = await Cluster.ConnectAsync(leader, cancel))
        {
            try
            {
                await connection.TransferAsync(0, cancel);
            }
            catch (DqliteException)
            {
                // It leads no longer, or is in the middle of another change.
            }
        }
        await WritesAsync(cancel);
    }

    /// <summary>
    /// Cuts the leader off from the other nodes and stops its clock (SIGSTOP) while they elect another. It goes on when its client asks the first thing:
    /// then it takes itself for the leader, with the data of its time, until it misses the others (about 0.3 s).
    /// </summary>
    public override async Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel)
    {
        DqliteClusterNode old = await Cluster.LeaderAsync(cancel);
        StoreOptions brief = Options with { Patience = TimeSpan.FromSeconds(3) };
        DqliteStore client = await DqliteStore.OpenAsync(StoreUrl.Parse($"dqlite://{old.Address}"), brief, cancel);
        Action heal = await CutOffAsync(old, cancel);
        return new DeposedLeader(new RousingStore(client, old.Resume), async () =>
        {
            old.Resume();
            heal();
            await WritesAsync(CancellationToken.None);
        });
    }

    /// <summary>
    /// Stops the leader and cuts its connections with the other nodes, those with clients not; returns when another one leads. What is returned joins it with
    /// the others again; to let it go on is the caller's.
    /// </summary>
    public async Task<Action> CutOffAsync(DqliteClusterNode leader, CancellationToken cancel)
    {
        leader.Pause();
        try
        {
            foreach ((DqliteClusterNode node, TcpRelay relay) in Cluster.Nodes.Zip(_relays))
                relay.Refuse(port => Cluster.Nodes.Any(other => (other == leader || node == leader) && other.Process is { } process && SocketOwner.Is(process, port)));
            await Cluster.OtherLeaderAsync(leader, cancel);
        }
        catch
        {
            leader.Resume();
            Heal();
            throw;
        }
        return Heal;

        void Heal() => _relays.ForEach(static relay => relay.Refuse(null));
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel)
    {
        IAsyncDisposable[] ballast = [.. Cluster.Nodes.Select(static node => node.Disk!.Fill())];
        return Task.FromResult<IAsyncDisposable>(new FullDisks(this, ballast));
    }

    /// <summary>Changes a byte in the nodes' memory, by SQL: of what lies on a disk, dqlite keeps checksums.</summary>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => FlippedByte.FlipAsync(stored, ReplaceAsync, cancel);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        foreach (DqliteCluster other in _others)
            await other.DisposeAsync();
        foreach (TcpRelay relay in _relays)
            await relay.DisposeAsync();
    }

    private DqliteNodeOptions BehindRelay(DqliteNodeOptions options)
    {
        int port = FreePort.Next();
        _relays.Add(new TcpRelay(options.Address.Port, port));
        return options with { Listen = new HostAddress("127.0.0.1", port) };
    }

    /// <summary>Returns when the cluster takes a write.</summary>
    private async Task WritesAsync(CancellationToken cancel)
    {
        await using DqliteStore store = await DqliteStore.OpenAsync(StoreUrl.Parse(Url), Options with { Patience = TimeSpan.FromSeconds(60) }, cancel);
        await store.OpenLogAsync(Ship.Parse("~nobody-nobody"), cancel);
    }

    private async Task ReplaceAsync(ReadOnlyMemory<byte> old, ReadOnlyMemory<byte> other, CancellationToken cancel)
    {
        await using DqliteConnection connection = await Cluster.ConnectAsync(await Cluster.LeaderAsync(cancel), cancel);
        await connection.OpenDatabaseAsync("seguro", cancel);
        const string sql = "UPDATE event SET payload = CAST(substr(payload, 1, instr(payload, ?1) - 1) || ?2 || substr(payload, instr(payload, ?1) + length(?1)) AS BLOB) "
            + "WHERE instr(payload, ?1) > 0";
        DqliteResult result = await connection.ExecAsync(sql, [old, other], cancel);
        if (result.Rows != 1)
            throw new InvalidOperationException($"{result.Rows} events hold the bytes.");
    }

    private sealed class FullDisks(DqliteHarness harness, IReadOnlyList<IAsyncDisposable> ballast) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (IAsyncDisposable some in ballast)
                await some.DisposeAsync();
            await harness.WritesAsync(CancellationToken.None);
        }
    }

    private sealed class RousingStore(IStore inner, Action rouse) : IStore
    {
        public StoreCapabilities Capabilities => inner.Capabilities;

        public ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
        {
            rouse();
            return inner.OpenLogAsync(ship, cancel);
        }

        public ValueTask<IStoredLog> CreateLogAsync(
            Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel) =>
            inner.CreateLogAsync(ship, origin, metadata, cancel);

        public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => inner.ListLogsAsync(cancel);

        public ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel) => inner.ReadIdentityAsync(cancel);

        public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => inner.ReadRoomAsync(cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

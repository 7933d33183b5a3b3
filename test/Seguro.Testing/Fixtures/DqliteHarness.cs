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

    private const long DiskBytes = 2L << 30;

    private readonly List<TcpRelay> _relays = [];
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
        Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | (TemporaryDisk.IsAllowed ? Faults.FillDisk : Faults.None);

    private StoreOptions Options => Cluster.StoreOptions with { DqliteWindow = Window };

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync() => _cluster = await DqliteCluster.StartAsync(
        3, diskBytes: TemporaryDisk.IsAllowed ? DiskBytes : 0, adjust: BehindRelay, cancel: TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<IStore> OpenAsync(CancellationToken cancel) => await DqliteStore.OpenAsync(StoreUrl.Parse(Url), Options, cancel);

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
    /// Stops the leader, so that the others elect another. It goes on when its client asks the first thing: then it takes itself for the leader, with the
    /// data of its time, until it hears of the others' term.
    /// </summary>
    public override async Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel)
    {
        DqliteClusterNode old = await Cluster.LeaderAsync(cancel);
        StoreOptions brief = Options with { Patience = TimeSpan.FromSeconds(3) };
        DqliteStore client = await DqliteStore.OpenAsync(StoreUrl.Parse($"dqlite://{old.Address}"), brief, cancel);
        old.Pause();
        bool paused = true;
        try
        {
            await Cluster.OtherLeaderAsync(old, cancel);
        }
        catch
        {
            old.Resume();
            throw;
        }
        return new DeposedLeader(new RousingStore(client, Rouse), async () =>
        {
            Rouse();
            await WritesAsync(CancellationToken.None);
        });

        void Rouse()
        {
            if (paused)
                old.Resume();
            paused = false;
        }
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel)
    {
        foreach (DqliteClusterNode node in Cluster.Nodes)
            node.Disk!.Fill();
        return Task.FromResult<IAsyncDisposable>(new FullDisks(this));
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        foreach (TcpRelay relay in _relays)
            await relay.DisposeAsync();
    }

    private DqliteNodeOptions BehindRelay(DqliteNodeOptions options)
    {
        int port = FreePort.Next();
        _relays.Add(new TcpRelay(options.Address.Port, port));
        return options with { Listen = new DqliteAddress("127.0.0.1", port) };
    }

    /// <summary>Returns when the cluster takes a write.</summary>
    private async Task WritesAsync(CancellationToken cancel)
    {
        await using DqliteStore store = await DqliteStore.OpenAsync(StoreUrl.Parse(Url), Options with { Patience = TimeSpan.FromSeconds(60) }, cancel);
        await store.OpenLogAsync(Ship.Parse("~nobody-nobody"), cancel);
    }

    private sealed class FullDisks(DqliteHarness harness) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (DqliteClusterNode node in harness.Cluster.Nodes)
                node.Disk!.Free();
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

        public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => inner.ReadRoomAsync(cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

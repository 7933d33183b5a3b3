using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;

namespace Seguro.Testing;

/// <summary>A PostgreSQL cluster for the conformance suite: a primary and two standbys, any one of which must have a commit.</summary>
public sealed class PostgresHarness : StoreHarness
{
    private PostgresCluster? _cluster;
    private PostgresServer? _deposed;

    /// <summary>The servers.</summary>
    public PostgresCluster Cluster => _cluster ?? throw new InvalidOperationException("The harness was not started.");

    /// <summary>All servers, without one that is cut off: a real cluster's manager keeps clients from a deposed primary.</summary>
    public override string Url => PostgresCluster.UrlOf([.. Cluster.Servers.Where(server => server != _deposed)]);

    /// <inheritdoc/>
    public override Faults Supports =>
        Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FlipByte
        | (PostgresCluster.CanFillDisks ? Faults.FillDisk : Faults.None);

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync() => _cluster = await PostgresCluster.StartAsync(ownDisk: PostgresCluster.CanFillDisks);

    /// <inheritdoc/>
    public override async ValueTask<IStore> OpenAsync(CancellationToken cancel) =>
        await PostgresStore.OpenAsync(StoreUrl.Parse(Url), new StoreOptions { Create = true }, cancel);

    /// <summary>A database of its own on the same servers.</summary>
    public override async Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        string url = await Cluster.MakeDatabaseAsync(cancel);
        return async token => await PostgresStore.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, token);
    }

    /// <inheritdoc/>
    public override Task CrashServerAsync(CancellationToken cancel) => Cluster.CrashPrimaryAsync(cancel);

    /// <inheritdoc/>
    public override Task CutConnectionsAsync(CancellationToken cancel) => Cluster.CutAsync(cancel);

    /// <inheritdoc/>
    public override Task ChangeLeaderAsync(CancellationToken cancel) => Cluster.FailOverAsync(cancel);

    /// <inheritdoc/>
    public override async Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel)
    {
        PostgresServer old = Cluster.Primary;
        await Cluster.PromoteAsync(cancel);
        try
        {
            await PostgresCluster.FenceOffAsync(old, cancel);
            _deposed = old;
            StoreOptions brief = new() { Patience = TimeSpan.FromSeconds(2) };
            return new DeposedLeader(await PostgresStore.OpenAsync(StoreUrl.Parse(PostgresCluster.SocketUrlOf(old)), brief, cancel), HealAsync);
        }
        catch
        {
            await HealAsync();
            throw;
        }

        async ValueTask HealAsync()
        {
            _deposed = null;
            await Cluster.RejoinAsync(old, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel) => Cluster.FillDiskAsync();

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => Cluster.DamageAsync(stored, cancel);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}

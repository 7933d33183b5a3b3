using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A real, empty database with so many members, at places of a <see cref="DelayLine"/> or on loopback; ended when disposed of.</summary>
internal sealed class RunningDatabase : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("growth");

    private RunningDatabase(string engine) => Engine = engine;

    /// <summary>The store's name.</summary>
    public string Engine { get; }

    /// <summary>The cluster, where it is one of PostgreSQL.</summary>
    public PostgresCluster? Postgres { get; private init; }

    /// <summary>The cluster, where it is one of dqlite.</summary>
    public DqliteCluster? Dqlite { get; private init; }

    /// <summary>The cluster, where it is one of etcd.</summary>
    public EtcdCluster? Etcd { get; private init; }

    /// <summary>How Seguro opens it.</summary>
    public string Url => Postgres?.Url ?? Dqlite?.Url ?? Etcd?.Url ?? $"{Engine}:{_folder[Engine]}";

    /// <summary>Where the first member's data is.</summary>
    public string Data => Postgres?.Servers[0].Data ?? Dqlite?.Nodes[0].Options.Folder ?? Etcd?.Servers[0].Data ?? _folder.Path;

    /// <summary>The process of the first member, and those that it started; none where the database is a part of this process.</summary>
    public IReadOnlyList<int> Processes => (Postgres?.Servers[0].Pid ?? Dqlite?.Nodes[0].Process ?? Etcd?.Servers[0].Pid) is { } main
        ? [main, .. ProcessMemory.ChildrenOf(main)]
        : [];

    /// <summary>Starts it.</summary>
    /// <param name="engine">Which.</param>
    /// <param name="members">How many members; a store that is no cluster has one.</param>
    /// <param name="synchronous">Of PostgreSQL: which standbys a commit waits for.</param>
    /// <param name="places">Where the members are.</param>
    /// <param name="latency">Of dqlite: the one-way latency that it is to expect; <see langword="null"/>: Seguro's default.</param>
    /// <param name="cancel">Ends the start.</param>
    public static async Task<RunningDatabase> StartAsync(
        string engine, int members, CancellationToken cancel, string synchronous = "ANY 1", IReadOnlyList<LinePlace>? places = null, TimeSpan? latency = null)
    {
        switch (engine)
        {
            case "postgresql":
                return new RunningDatabase(engine) { Postgres = await PostgresCluster.StartAsync(members - 1, synchronous: synchronous, places: places) };
            case "dqlite":
                DqliteCluster dqlite = await DqliteCluster.StartAsync(
                    members, adjust: options => options with { NetworkLatency = latency ?? options.NetworkLatency }, places: places, cancel: cancel);
                return new RunningDatabase(engine) { Dqlite = dqlite };
            case "etcd":
                return new RunningDatabase(engine) { Etcd = await EtcdCluster.StartAsync(members, places: places, cancel: cancel) };
            case "lmdb" or "sqlite" or "rocksdb":
                return new RunningDatabase(engine);
            default:
                throw new ArgumentException($"There is no store '{engine}'.", nameof(engine));
        }
    }

    /// <summary>Opens it with Seguro.</summary>
    public ValueTask<IStore> OpenAsync(CancellationToken cancel, long? window = null, TimeSpan? patience = null)
    {
        StoreOptions options = new() { Create = true, AllowUnsafeSettings = true, Certificates = Dqlite?.Certificates ?? Etcd?.Certificates };
        options = options with { Window = window ?? options.Window, Patience = patience ?? options.Patience };
        return StoreConnection.OpenAsync(StoreUrl.Parse(Url), options, cancel);
    }

    /// <summary>Which member leads, from 0.</summary>
    public async Task<int> LeaderAsync(CancellationToken cancel) =>
        Dqlite is not null ? Dqlite.Nodes.ToList().IndexOf(await Dqlite.LeaderAsync(cancel))
        : Etcd is not null ? Etcd.Servers.ToList().IndexOf(await Etcd.LeaderAsync(cancel))
        : 0;

    /// <summary>Makes the first member the leader.</summary>
    public async Task LeadWithFirstAsync(CancellationToken cancel)
    {
        for (int attempt = 0; attempt < 10 && await LeaderAsync(cancel) is not 0 and var leader; attempt++)
        {
            if (Etcd is not null)
            {
                await Etcd.MoveLeaderAsync(cancel);
                continue;
            }
            await using DqliteConnection connection = await Dqlite!.ConnectAsync(Dqlite.Nodes[leader], cancel);
            try
            {
                await connection.TransferAsync(Dqlite.Nodes[0].Options.Id, cancel);
            }
            catch (DqliteException)
            {
                // It leads no longer: look again.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Postgres is not null)
            await Postgres.DisposeAsync();
        if (Dqlite is not null)
            await Dqlite.DisposeAsync();
        if (Etcd is not null)
            await Etcd.DisposeAsync();
        _folder.Dispose();
    }
}

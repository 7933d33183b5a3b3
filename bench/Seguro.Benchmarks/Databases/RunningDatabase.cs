using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A real database, empty at first: servers on this machine, on loopback or at places of a <see cref="DelayLine"/>, or a folder; ended when disposed of.</summary>
internal sealed class RunningDatabase : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("bench");
    private int _places;

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
    public string Url => Server ?? $"{Engine}:{_folder[Engine]}";

    /// <summary>It is servers, not a folder.</summary>
    public bool IsServer => Server is not null;

    /// <summary>Where the first member's data is.</summary>
    public string Data => Postgres?.Servers[0].Data ?? Dqlite?.Nodes[0].Options.Folder ?? Etcd?.Servers[0].Data ?? _folder.Path;

    /// <summary>The process of the first member, and those that it started; none where the database is a part of this process.</summary>
    public IReadOnlyList<int> Processes => (Postgres?.Servers[0].Pid ?? Dqlite?.Nodes[0].Process ?? Etcd?.Servers[0].Pid) is { } main
        ? [main, .. ProcessMemory.ChildrenOf(main)]
        : [];

    /// <summary>Starts it.</summary>
    /// <param name="engine">Which.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <param name="members">How many members, where it is servers.</param>
    /// <param name="synchronous">Of PostgreSQL: which standbys a commit waits for.</param>
    /// <param name="places">Where the members are.</param>
    /// <param name="latency">Of dqlite: the one-way latency that it is to expect; <see langword="null"/>: Seguro's default.</param>
    public static async Task<RunningDatabase> StartAsync(
        string engine, CancellationToken cancel, int members = 3, string synchronous = "ANY 1", IReadOnlyList<LinePlace>? places = null, TimeSpan? latency = null)
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
    public ValueTask<IStore> OpenAsync(CancellationToken cancel, long? window = null, TimeSpan? patience = null) => OpenAsync(Url, window, patience, cancel);

    /// <summary>Opens it for a log that it does not have yet; where it is a folder, a new one: a pier holds one ship.</summary>
    public ValueTask<IStore> OpenNewAsync(CancellationToken cancel) => OpenAsync(Server ?? $"{Engine}:{NewPath(Engine)}", null, null, cancel);

    /// <summary>A path that nothing is at, for files of the bare database.</summary>
    public string NewPath(string name) => _folder[$"{name}{Interlocked.Increment(ref _places)}"];

    /// <summary>The bare client's connections to PostgreSQL's primary, as a user who may make tables; the caller's to dispose of.</summary>
    public NpgsqlDataSource BarePostgres() => NpgsqlDataSource.Create(Postgres!.Primary.AdminConnection);

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

    private string? Server => Postgres?.Url ?? Dqlite?.Url ?? Etcd?.Url;

    private ValueTask<IStore> OpenAsync(string url, long? window, TimeSpan? patience, CancellationToken cancel)
    {
        StoreOptions options = new() { Create = true, AllowUnsafeSettings = true, Certificates = Dqlite?.Certificates ?? Etcd?.Certificates };
        options = options with { Window = window ?? options.Window, Patience = patience ?? options.Patience };
        return StoreConnection.OpenAsync(StoreUrl.Parse(url), options, cancel);
    }
}

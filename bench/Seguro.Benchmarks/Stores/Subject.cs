using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A real database of one kind, empty at first: servers on this machine, or a folder.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("bench");
    private PostgresCluster? _postgres;
    private DqliteCluster? _dqlite;
    private EtcdCluster? _etcd;
    private int _opened;

    private Subject(string engine) => Engine = engine;

    public string Engine { get; }

    /// <summary>How Seguro opens it.</summary>
    public string Url => Server ?? $"{Engine}:{_folder["seguro"]}";

    /// <summary>A place for the bare database's own files.</summary>
    public string BarePath => _folder["bare"];

    /// <summary>The database is servers, not a folder.</summary>
    public bool IsServer => Server is not null;

    /// <summary>The bare client's connection to the same cluster's primary.</summary>
    public NpgsqlDataSource BarePostgres() => NpgsqlDataSource.Create(_postgres!.Primary.AdminConnection);

    /// <summary>The dqlite cluster.</summary>
    public DqliteCluster Dqlite => _dqlite!;

    /// <summary>The etcd cluster.</summary>
    public EtcdCluster Etcd => _etcd!;

    private string? Server => _postgres?.Url ?? _dqlite?.Url ?? _etcd?.Url;

    public static async Task<Subject> StartAsync(string engine, CancellationToken cancel)
    {
        Subject subject = new(engine);
        if (engine == "postgresql")
            subject._postgres = await PostgresCluster.StartAsync();
        else if (engine == "dqlite")
            subject._dqlite = await DqliteCluster.StartAsync(3, cancel: cancel);
        else if (engine == "etcd")
            subject._etcd = await EtcdCluster.StartAsync(cancel: cancel);
        return subject;
    }

    public ValueTask<IStore> OpenAsync(CancellationToken cancel) => OpenAsync(Url, cancel);

    /// <summary>Opens the database for a log that it does not have yet; where it is a folder, a new one: a pier holds one ship.</summary>
    public ValueTask<IStore> OpenNewAsync(CancellationToken cancel) => OpenAsync(Server ?? $"{Engine}:{NewPath("seguro")}", cancel);

    /// <summary>A place that nothing is at, for files of the bare database.</summary>
    public string NewPath(string name) => _folder[$"{name}{Interlocked.Increment(ref _opened)}"];

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        if (_dqlite is not null)
            await _dqlite.DisposeAsync();
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        _folder.Dispose();
    }

    private ValueTask<IStore> OpenAsync(string url, CancellationToken cancel) =>
        StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true, Certificates = _dqlite?.Certificates ?? _etcd?.Certificates }, cancel);
}

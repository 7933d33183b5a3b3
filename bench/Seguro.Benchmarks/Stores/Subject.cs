using Npgsql;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A real, empty database of one kind, for one measurement: made new each time, so that none profits from another's warmth.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("bench");
    private PostgresCluster? _postgres;
    private DqliteCluster? _dqlite;
    private EtcdCluster? _etcd;

    private Subject(string engine) => Engine = engine;

    public string Engine { get; }

    /// <summary>How Seguro opens it.</summary>
    public string Url => Engine switch
    {
        "postgresql" => _postgres!.Url,
        "dqlite" => _dqlite!.Url,
        "etcd" => _etcd!.Url,
        _ => $"{Engine}:{_folder["seguro"]}",
    };

    /// <summary>A place for the bare database's own files.</summary>
    public string BarePath => _folder["bare"];

    /// <summary>The bare client's connection to the same cluster's primary.</summary>
    public NpgsqlDataSource BarePostgres() => NpgsqlDataSource.Create(_postgres!.Primary.AdminConnection);

    /// <summary>The dqlite cluster.</summary>
    public DqliteCluster Dqlite => _dqlite!;

    /// <summary>The etcd cluster.</summary>
    public EtcdCluster Etcd => _etcd!;

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

    public ValueTask<IStore> OpenAsync(CancellationToken cancel) =>
        StoreConnection.OpenAsync(StoreUrl.Parse(Url), new StoreOptions { Create = true, Certificates = _dqlite?.Certificates ?? _etcd?.Certificates }, cancel);

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
}

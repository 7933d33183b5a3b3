using Seguro.Core;
using Seguro.Piers.Store;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Etcd;
using Seguro.Stores.Postgres;
using Seguro.Stores.RocksDb;
using Seguro.Stores.Sqlite;

namespace Seguro.Stores;

/// <summary>Opens stores by URL.</summary>
public static class StoreConnection
{
    /// <summary>Opens the store that a URL names.</summary>
    /// <exception cref="SeguroException">It can't be reached, belongs to another program, was made by a newer Seguro, …</exception>
    public static async ValueTask<IStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        return url.Engine switch
        {
            "dqlite" => await DqliteStore.OpenAsync(url, options, cancel),
            "etcd" => await EtcdStore.OpenAsync(url, options, cancel),
            "lmdb" => await LmdbStore.OpenAsync(url.Rest, options.Create, options.Time, cancel),
            "postgresql" => await PostgresStore.OpenAsync(url, options, cancel),
            "rocksdb" => await RocksDbStore.OpenAsync(url, options, cancel),
            "sqlite" => await SqliteStore.OpenAsync(url, options, cancel),
            _ => throw new SeguroException(ErrorCode.Unsupported, $"the store '{url.Engine}' is not built in", "Use another store."),
        };
    }
}

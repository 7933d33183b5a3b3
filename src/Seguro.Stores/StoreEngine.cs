using System.Diagnostics.CodeAnalysis;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Etcd;
using Seguro.Stores.Postgres;
using Seguro.Stores.RocksDb;
using Seguro.Stores.Sqlite;

namespace Seguro.Stores;

/// <summary>A kind of store, by its word in URLs. Whatever must be known of all kinds is here; the rest is in a folder of its own for each.</summary>
/// <param name="Name">The word.</param>
/// <param name="Form">What follows it.</param>
/// <param name="Example">A URL for messages.</param>
/// <param name="Open">Opens one.</param>
public sealed record StoreEngine(string Name, StoreForm Form, string Example, Func<StoreUrl, StoreOptions, CancellationToken, ValueTask<IStore>> Open)
{
    /// <summary>All that are built in.</summary>
    public static IReadOnlyList<StoreEngine> All { get; } =
    [
        new("lmdb", StoreForm.Path, "lmdb:PATH", static async (url, options, cancel) =>
            await LmdbStore.OpenAsync(url.Rest, options.Create, options.ReadOnly, PierEvidence.Parse(options.Despite), options.Time, cancel)),
        new("sqlite", StoreForm.Path, "sqlite:PATH", static async (url, options, cancel) => await SqliteStore.OpenAsync(url, options, cancel)),
        new("rocksdb", StoreForm.Path, "rocksdb:PATH", OpenRocksDbAsync),
        new("dqlite", StoreForm.Addresses, "dqlite://HOST:PORT,HOST:PORT", static async (url, options, cancel) => await DqliteStore.OpenAsync(url, options, cancel)),
        new("etcd", StoreForm.Addresses, "etcd://HOST:PORT,HOST:PORT", static async (url, options, cancel) => await EtcdStore.OpenAsync(url, options, cancel)),
        new("postgresql", StoreForm.Server, "postgresql://USER@HOST/DATABASE", static async (url, options, cancel) => await PostgresStore.OpenAsync(url, options, cancel)),
    ];

    /// <summary>RocksDB is in this build. The switch is the linker's, too: libseguro is built without, since RocksDB's package can't be compiled ahead of time.</summary>
    [FeatureSwitchDefinition("Seguro.Stores.RocksDb")]
    private static bool HasRocksDb => !AppContext.TryGetSwitch("Seguro.Stores.RocksDb", out bool isOn) || isOn;

    /// <summary>Its files are on one machine; members elsewhere can't share it.</summary>
    public bool IsOfOneMachine => Form is StoreForm.Path;

    /// <summary>It keeps no more than a window of the log: members hold it in memory, or its quota bounds it (<see cref="IWindowedStore"/>).</summary>
    public bool HasWindow => Form is StoreForm.Addresses;

    /// <summary>The engine of that word; <see langword="null"/> where there is none.</summary>
    public static StoreEngine? Find(string name) => All.FirstOrDefault(engine => engine.Name == name);

    private static async ValueTask<IStore> OpenRocksDbAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        if (HasRocksDb)
            return await RocksDbStore.OpenAsync(url, options, cancel);
        throw new SeguroException(
            ErrorCode.Unsupported, "libseguro has no rocksdb", "Use another store (sqlite or lmdb keep a log on this machine), or the .NET package, which has it.");
    }
}

using Npgsql;
using Seguro.Stores.Dqlite;

namespace Seguro.Benchmarks;

/// <summary>The same appends by a database's own client: prepared, one transaction a group, durable, in a table of its own that goes with it.</summary>
internal abstract class BareAppend : Contestant
{
    public const string Description =
        "PostgreSQL and dqlite insert with a fence (a term compared in the same statement), one prepared statement a commit; etcd puts a key an event in a transaction that compares a fence's revision; LMDB, SQLite and RocksDB put the rows in one synchronous transaction.";

    public override string Name => Measurement.Bare;

    public static async Task<BareAppend> OpenAsync(RunningDatabase database, CancellationToken cancel) => database.Engine switch
    {
        "lmdb" => new BareLmdb(database.NewPath("bare")),
        "sqlite" => new BareSqlite(database.NewPath("bare")),
        "rocksdb" => new BareRocksDb(database.NewPath("bare")),
        "postgresql" => await BarePostgres.OpenAsync(database.BarePostgres(), cancel),
        "dqlite" => await DqliteAsync(database, isFenced: true, cancel),
        "etcd" => await BareEtcd.OpenAsync(database.Etcd!, cancel),
        _ => throw new ArgumentException($"No bare client of {database.Engine} is known."),
    };

    /// <summary>To a primary.</summary>
    /// <param name="source">The connection, of a user who may make tables; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BareAppend> PostgresAsync(NpgsqlDataSource source, CancellationToken cancel) => await BarePostgres.OpenAsync(source, cancel);

    /// <summary>To the leader of a subject's cluster, with a fence or without.</summary>
    public static async Task<BareDqlite> DqliteAsync(RunningDatabase database, bool isFenced, CancellationToken cancel) =>
        await BareDqlite.OpenAsync(async token => await database.Dqlite!.ConnectAsync(await database.Dqlite!.LeaderAsync(token), token), cancel, isFenced);

    /// <summary>To a cluster's leader.</summary>
    /// <param name="connection">The connection; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BareAppend> DqliteAsync(DqliteConnection connection, CancellationToken cancel) =>
        await BareDqlite.OpenAsync(_ => Task.FromResult(connection), cancel);
}

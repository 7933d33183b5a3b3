using Google.Protobuf;
using LightningDB;
using Microsoft.Data.Sqlite;
using Npgsql;
using RocksDbSharp;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Etcd;
using Seguro.Stores.Etcd.Wire;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>The same appends by each database's bare client: prepared, one transaction a group, durable.</summary>
internal sealed class BareAppend : IAsyncDisposable
{
    public const string Description =
        "PostgreSQL and dqlite insert with a fence (a term compared in the same statement), one prepared statement a commit; etcd puts a key an event in a transaction that compares a fence's revision; LMDB, SQLite and RocksDB put the rows in one synchronous transaction.";

    private readonly Func<ReadOnlyMemory<byte>[], CancellationToken, ValueTask> _append;
    private readonly Func<ValueTask> _close;

    private BareAppend(Func<ReadOnlyMemory<byte>[], CancellationToken, ValueTask> append, Func<ValueTask> close)
    {
        _append = append;
        _close = close;
    }

    public ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel) => _append(payloads, cancel);

    public ValueTask DisposeAsync() => _close();

    public static async Task<BareAppend> OpenAsync(Subject subject, CancellationToken cancel) => subject.Engine switch
    {
        "lmdb" => Lmdb(subject.BarePath),
        "sqlite" => Sqlite(subject.BarePath),
        "rocksdb" => Rocks(subject.BarePath),
        "postgresql" => await PostgresAsync(subject.BarePostgres(), cancel),
        "dqlite" => await DqliteAsync(await subject.Dqlite.ConnectAsync(await subject.Dqlite.LeaderAsync(cancel), cancel), cancel),
        "etcd" => await EtcdAsync(subject, cancel),
        _ => throw new ArgumentException(subject.Engine),
    };

    private static BareAppend Lmdb(string path)
    {
        LightningEnvironment environment = new(path, new EnvironmentConfiguration { MapSize = 1L << 40, MaxDatabases = 2 });
        environment.Open();
        LightningDatabase events;
        using (LightningTransaction first = environment.BeginTransaction())
        {
            events = first.OpenDatabase("EVENTS", new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create | DatabaseOpenFlags.IntegerKey });
            first.Commit().ThrowOnError();
        }
        ulong next = 1;
        return new BareAppend(
            (payloads, _) =>
            {
                using LightningTransaction transaction = environment.BeginTransaction();
                foreach (ReadOnlyMemory<byte> payload in payloads)
                    transaction.Put(events, BitConverter.GetBytes(next++), payload.Span, PutOptions.NoOverwrite).ThrowOnError();
                transaction.Commit().ThrowOnError();
                return ValueTask.CompletedTask;
            },
            () =>
            {
                environment.Dispose();
                return ValueTask.CompletedTask;
            });
    }

    private static BareAppend Sqlite(string path)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        foreach (string sql in (string[])["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)"])
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
        SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO event VALUES ($n, $payload)";
        SqliteParameter number = insert.Parameters.Add("$n", SqliteType.Integer);
        SqliteParameter bytes = insert.Parameters.Add("$payload", SqliteType.Blob);
        long next = 1;
        return new BareAppend(
            (payloads, _) =>
            {
                using SqliteTransaction transaction = connection.BeginTransaction();
                insert.Transaction = transaction;
                foreach (ReadOnlyMemory<byte> payload in payloads)
                {
                    number.Value = next++;
                    bytes.Value = payload.ToArray();
                    insert.ExecuteNonQuery();
                }
                transaction.Commit();
                return ValueTask.CompletedTask;
            },
            async () =>
            {
                await insert.DisposeAsync();
                await connection.DisposeAsync();
            });
    }

    private static BareAppend Rocks(string path)
    {
        RocksDb database = RocksDb.Open(new DbOptions().SetCreateIfMissing(true).SetCompression(Compression.No), path);
        WriteOptions synchronous = new WriteOptions().SetSync(true);
        ulong next = 1;
        return new BareAppend(
            (payloads, _) =>
            {
                using WriteBatch batch = new();
                byte[] key = new byte[8];
                foreach (ReadOnlyMemory<byte> payload in payloads)
                {
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(key, next++);
                    batch.Put(key, payload.Span);
                }
                database.Write(batch, synchronous);
                return ValueTask.CompletedTask;
            },
            () =>
            {
                database.Dispose();
                return ValueTask.CompletedTask;
            });
    }

    /// <summary>To a primary.</summary>
    /// <param name="source">The connection, of a user who may make tables; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BareAppend> PostgresAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        await using (NpgsqlCommand create = new(
            "CREATE TABLE bare (n bigint PRIMARY KEY, payload bytea); CREATE TABLE bare_fence (term bigint); INSERT INTO bare_fence VALUES (1)", connection))
            await create.ExecuteNonQueryAsync(cancel);
        NpgsqlCommand insert = new(
            "INSERT INTO bare SELECT $1 + e.place, e.payload FROM (SELECT FROM bare_fence WHERE term = 1 FOR UPDATE) f, unnest($2) WITH ORDINALITY AS e (payload, place)", connection);
        NpgsqlParameter<long> previous = new();
        NpgsqlParameter<ReadOnlyMemory<byte>[]> rows = new();
        insert.Parameters.Add(previous);
        insert.Parameters.Add(rows);
        long last = 0;
        return new BareAppend(
            async (payloads, token) =>
            {
                previous.TypedValue = last;
                rows.TypedValue = payloads;
                if (last == 0)
                    await insert.PrepareAsync(token);
                await insert.ExecuteNonQueryAsync(token);
                last += payloads.Length;
            },
            async () =>
            {
                await insert.DisposeAsync();
                await connection.DisposeAsync();
                await source.DisposeAsync();
            });
    }

    /// <summary>To a cluster's leader.</summary>
    /// <param name="connection">The connection; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BareAppend> DqliteAsync(DqliteConnection connection, CancellationToken cancel)
    {
        await connection.OpenDatabaseAsync("bare", cancel);
        await connection.ExecAsync("CREATE TABLE fence (term INTEGER)", [], cancel);
        await connection.ExecAsync("INSERT INTO fence VALUES (1)", [], cancel);
        await connection.ExecAsync("CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)", [], cancel);
        DqliteStatement? one = null;
        DqliteStatement? many = null;
        long next = 1;
        return new BareAppend(
            async (payloads, token) =>
            {
                DqliteValue[] values = new DqliteValue[payloads.Length * 2];
                for (int place = 0; place < payloads.Length; place++)
                {
                    values[place * 2] = next++;
                    values[(place * 2) + 1] = payloads[place];
                }
                string rows = string.Join(',', Enumerable.Repeat("(?,?)", payloads.Length));
                string sql = $"INSERT INTO event SELECT column1, column2 FROM (VALUES {rows}) WHERE (SELECT term FROM fence) = 1";
                DqliteStatement statement = payloads.Length == 1
                    ? one ??= await connection.PrepareAsync(sql, token)
                    : many ??= await connection.PrepareAsync(sql, token);
                await connection.ExecAsync(statement, values, token);
            },
            connection.DisposeAsync);
    }

    private static async Task<BareAppend> EtcdAsync(Subject subject, CancellationToken cancel)
    {
        EtcdServer leader = await subject.Etcd.LeaderAsync(cancel);
        ClusterCertificates certificates = ClusterCertificates.Load(subject.Etcd.Certificates!);
        EtcdMember member = new(new DqliteAddress("127.0.0.1", leader.ClientPort), certificates, TimeSpan.FromSeconds(10));
        KV.KVClient kv = member.Kv;
        ByteString fence = ByteString.CopyFromUtf8("bare/fence");
        TxnResponse made = await kv.TxnAsync(new TxnRequest { Success = { EtcdStore.Put(fence, new byte[1]) } }, cancellationToken: cancel);
        ulong next = 1;
        return new BareAppend(
            async (payloads, token) =>
            {
                TxnRequest request = new() { Compare = { new Compare { Target = Compare.Types.Target.Mod, Key = fence, ModRevision = made.Header.Revision } } };
                foreach (ReadOnlyMemory<byte> payload in payloads)
                    request.Success.Add(EtcdStore.Put(ByteString.CopyFromUtf8($"bare/{next++:x16}"), payload));
                if (!(await kv.TxnAsync(request, cancellationToken: token)).Succeeded)
                    throw new InvalidOperationException("The fence moved.");
            },
            () =>
            {
                member.Dispose();
                certificates.Dispose();
                return ValueTask.CompletedTask;
            });
    }
}

using System.Diagnostics;
using Google.Protobuf;
using LightningDB;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using RocksDbSharp;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Piers;
using Seguro.Stores.Dqlite;
using Seguro.Stores.Etcd;
using Seguro.Stores.Etcd.Wire;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>The bulk loads that the databases' own clients would do: number and payload, no fence, no chain, durable every 8 MiB as Seguro's groups are.</summary>
internal static class BareImport
{
    private const long GroupBytes = 8 << 20;
    private const int DqliteBytes = 512 << 10;
    private const int DqliteRows = 100; // two parameters a row, 255 at the most
    private const int EtcdBytes = 512 << 10;
    private const int EtcdPuts = 100; // operations of a transaction: 128 at the most

    /// <summary>Loads a pier; returns seconds.</summary>
    public static async Task<double> RunAsync(RunningDatabase database, Pier pier, CancellationToken cancel) => database.Engine switch
    {
        "lmdb" => Lmdb(database.NewPath("bare"), pier),
        "sqlite" => Sqlite(database.NewPath("bare"), pier),
        "rocksdb" => Rocks(database.NewPath("bare"), pier),
        "postgresql" => await PostgresAsync(database, pier, cancel),
        "dqlite" => await DqliteAsync(database, pier, cancel),
        "etcd" => await EtcdAsync(database, pier, cancel),
        _ => throw new ArgumentException(database.Engine),
    };

    private static double Lmdb(string path, Pier pier)
    {
        using LightningEnvironment environment = new(path, new EnvironmentConfiguration { MapSize = 1L << 40, MaxDatabases = 2 });
        environment.Open();
        long start = Stopwatch.GetTimestamp();
        LightningTransaction transaction = environment.BeginTransaction();
        LightningDatabase events = transaction.OpenDatabase("EVENTS", new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create | DatabaseOpenFlags.IntegerKey });
        long bytes = 0;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            transaction.Put(events, BitConverter.GetBytes(read.Number.Value), read.Payload.Span, PutOptions.AppendData).ThrowOnError();
            if ((bytes += read.Payload.Length) < GroupBytes)
                continue;
            transaction.Commit().ThrowOnError();
            transaction.Dispose();
            transaction = environment.BeginTransaction();
            bytes = 0;
        }
        transaction.Commit().ThrowOnError();
        transaction.Dispose();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Sqlite(string path, Pier pier)
    {
        using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        Execute("CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)");
        long start = Stopwatch.GetTimestamp();
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO event VALUES ($n, $payload)";
        SqliteParameter number = insert.Parameters.Add("$n", SqliteType.Integer);
        SqliteParameter payload = insert.Parameters.Add("$payload", SqliteType.Blob);
        Execute("BEGIN");
        long bytes = 0;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            number.Value = (long)read.Number.Value;
            payload.Value = read.Payload.ToArray();
            insert.ExecuteNonQuery();
            if ((bytes += read.Payload.Length) < GroupBytes)
                continue;
            Execute("COMMIT");
            Execute("BEGIN");
            bytes = 0;
        }
        Execute("COMMIT");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;

        void Execute(string sql)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    private static double Rocks(string path, Pier pier)
    {
        using RocksDb database = RocksDb.Open(new DbOptions().SetCreateIfMissing(true).SetCompression(Compression.No), path);
        WriteOptions synchronous = new WriteOptions().SetSync(true);
        long start = Stopwatch.GetTimestamp();
        WriteBatch batch = new();
        byte[] key = new byte[8];
        long bytes = 0;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(key, read.Number.Value);
            batch.Put(key, read.Payload.Span);
            if ((bytes += read.Payload.Length) < GroupBytes)
                continue;
            database.Write(batch, synchronous);
            batch.Clear();
            bytes = 0;
        }
        database.Write(batch, synchronous);
        batch.Dispose();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> PostgresAsync(RunningDatabase database, Pier pier, CancellationToken cancel)
    {
        await using NpgsqlDataSource source = database.BarePostgres();
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        await using (NpgsqlCommand create = new("CREATE TABLE bare (n bigint PRIMARY KEY, payload bytea); ALTER TABLE bare ALTER payload SET STORAGE EXTERNAL", connection))
            await create.ExecuteNonQueryAsync(cancel);
        long start = Stopwatch.GetTimestamp();
        await using (NpgsqlBinaryImporter rows = await connection.BeginBinaryImportAsync("COPY bare FROM STDIN (FORMAT BINARY)", cancel))
        {
            foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
            {
                await rows.StartRowAsync(cancel);
                await rows.WriteAsync((long)read.Number.Value, NpgsqlDbType.Bigint, cancel);
                await rows.WriteAsync(read.Payload, NpgsqlDbType.Bytea, cancel);
            }
            await rows.CompleteAsync(cancel);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> DqliteAsync(RunningDatabase database, Pier pier, CancellationToken cancel)
    {
        await using DqliteConnection connection = await database.Dqlite!.ConnectAsync(await database.Dqlite!.LeaderAsync(cancel), cancel);
        await connection.OpenDatabaseAsync("bare", cancel);
        await connection.ExecAsync("PRAGMA cache_spill=0", [], cancel);
        await connection.ExecAsync("CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)", [], cancel);
        long start = Stopwatch.GetTimestamp();
        List<DqliteValue> values = [];
        long bytes = 0;
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            if (values.Count > 0 && (bytes + read.Payload.Length > DqliteBytes || values.Count == 2 * DqliteRows))
                await FlushAsync();
            values.Add((long)read.Number.Value);
            values.Add(read.Payload.ToArray());
            bytes += read.Payload.Length;
        }
        await FlushAsync();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;

        async ValueTask FlushAsync()
        {
            string rows = string.Join(',', Enumerable.Repeat("(?,?)", values.Count / 2));
            await connection.ExecAsync("INSERT INTO event VALUES " + rows, values.ToArray(), cancel);
            values.Clear();
            bytes = 0;
        }
    }

    // A key a piece of an event: a request holds 1.5 MiB at the most.
    private static async Task<double> EtcdAsync(RunningDatabase database, Pier pier, CancellationToken cancel)
    {
        EtcdServer leader = await database.Etcd!.LeaderAsync(cancel);
        using ClusterCertificates certificates = ClusterCertificates.Load(database.Etcd!.Certificates!);
        using EtcdMember member = new(new HostAddress("127.0.0.1", leader.ClientPort), certificates, TimeSpan.FromSeconds(10));
        long start = Stopwatch.GetTimestamp();
        TxnRequest request = new();
        long bytes = 0;
        foreach (PierPiece piece in pier.ReadPieces(pier.Info.First, pier.Info.Last, EtcdBytes))
        {
            if (request.Success.Count == EtcdPuts || bytes + piece.Bytes.Length > EtcdBytes)
                await FlushAsync();
            request.Success.Add(EtcdStore.Put(ByteString.CopyFromUtf8($"bare/{piece.Number.Value:x16}/{piece.Offset:x8}"), piece.Bytes.ToArray()));
            bytes += piece.Bytes.Length;
        }
        await FlushAsync();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;

        async ValueTask FlushAsync()
        {
            await member.Kv.TxnAsync(request, cancellationToken: cancel);
            request = new TxnRequest();
            bytes = 0;
        }
    }
}

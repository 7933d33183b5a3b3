using Microsoft.Data.Sqlite;

namespace Seguro.Benchmarks;

/// <summary>SQLite by Microsoft.Data.Sqlite: a write-ahead log, synchronous.</summary>
internal sealed class BareSqlite : BareAppend
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteParameter _number;
    private readonly SqliteParameter _payload;
    private long _last;

    public BareSqlite(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        _connection.Open();
        foreach (string sql in (string[])["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)"])
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO event VALUES ($n, $payload)";
        _number = _insert.Parameters.Add("$n", SqliteType.Integer);
        _payload = _insert.Parameters.Add("$payload", SqliteType.Blob);
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            _number.Value = ++_last;
            _payload.Value = payload.ToArray();
            _insert.ExecuteNonQuery();
        }
        transaction.Commit();
        return ValueTask.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await _insert.DisposeAsync();
        await _connection.DisposeAsync();
    }

    protected override ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        using SqliteCommand count = _connection.CreateCommand();
        count.CommandText = "SELECT count(*), coalesce(sum(length(payload)), 0) FROM event";
        using SqliteDataReader row = count.ExecuteReader();
        row.Read();
        return ValueTask.FromResult((row.GetInt64(0), row.GetInt64(1)));
    }
}

using Npgsql;

namespace Seguro.Benchmarks;

/// <summary>PostgreSQL by Npgsql: one prepared statement a commit, which compares a term, and locks it as Seguro's does.</summary>
internal sealed class BarePostgres : BareAppend
{
    private static int _tables;

    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;
    private readonly string _table;
    private readonly NpgsqlCommand _insert;
    private readonly NpgsqlParameter<long> _previous = new();
    private readonly NpgsqlParameter<ReadOnlyMemory<byte>[]> _rows = new();
    private long _last;

    private BarePostgres(NpgsqlDataSource source, NpgsqlConnection connection, string table)
    {
        _source = source;
        _connection = connection;
        _table = table;
        _insert = new NpgsqlCommand(
            $"INSERT INTO {table} SELECT $1 + e.place, e.payload FROM (SELECT FROM {table}_fence WHERE term = 1 FOR UPDATE) f, unnest($2) WITH ORDINALITY AS e (payload, place)", connection);
        _insert.Parameters.Add(_previous);
        _insert.Parameters.Add(_rows);
    }

    /// <summary>Makes an empty table.</summary>
    /// <param name="source">To the primary, of a user who may make tables; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BarePostgres> OpenAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        string table = $"bare{Interlocked.Increment(ref _tables)}";
        await ExecuteAsync(
            connection,
            $"{Table(table)}; CREATE TABLE {table}_fence (term bigint); INSERT INTO {table}_fence VALUES (1)",
            cancel);
        return new BarePostgres(source, connection, table);
    }

    /// <summary>Makes a table of events. The server is kept from trying to compress them, as in Seguro's own table: jam does not compress.</summary>
    public static string Table(string name) => $"CREATE TABLE {name} (n bigint PRIMARY KEY, payload bytea); ALTER TABLE {name} ALTER payload SET STORAGE EXTERNAL";

    /// <summary>The events of such a table, and their bytes.</summary>
    public static async ValueTask<(long Events, long Bytes)> CountAsync(NpgsqlConnection connection, string table, CancellationToken cancel)
    {
        await using NpgsqlCommand count = new($"SELECT count(*), coalesce(sum(length(payload)), 0)::bigint FROM {table}", connection);
        await using NpgsqlDataReader row = await count.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    /// <summary>Runs statements without a result.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        _previous.TypedValue = _last;
        _rows.TypedValue = payloads;
        if (_last == 0)
            await _insert.PrepareAsync(cancel);
        if (await _insert.ExecuteNonQueryAsync(cancel) != payloads.Length)
            throw new InvalidOperationException("The fence moved.");
        _last += payloads.Length;
    }

    public override async ValueTask DisposeAsync()
    {
        await ExecuteAsync(_connection, $"DROP TABLE {_table}, {_table}_fence", CancellationToken.None);
        await _insert.DisposeAsync();
        await _connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    protected override ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel) => CountAsync(_connection, _table, cancel);
}

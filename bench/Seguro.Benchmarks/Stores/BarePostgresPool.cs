using System.Threading.Channels;
using Npgsql;

namespace Seguro.Benchmarks;

/// <summary>
/// PostgreSQL by Npgsql as a program would use it that does not group: a row a transaction, on many connections, without a fence (which would let
/// only one of them commit at a time). Commits may overlap.
/// </summary>
internal sealed class BarePostgresPool : BareAppend
{
    /// <summary>Of 80 that the servers allow; who finds none free waits.</summary>
    public const int Connections = 64;

    private static int _tables;

    private readonly NpgsqlDataSource _source;
    private readonly string _table;
    private readonly Channel<NpgsqlCommand> _free = Channel.CreateUnbounded<NpgsqlCommand>();
    private readonly List<NpgsqlConnection> _connections = [];
    private long _last;

    private BarePostgresPool(NpgsqlDataSource source, string table)
    {
        _source = source;
        _table = table;
    }

    /// <summary>Makes an empty table, and opens the connections.</summary>
    /// <param name="source">To the primary, of a user who may make tables; owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<BarePostgresPool> OpenAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        BarePostgresPool pool = new(source, $"pool{Interlocked.Increment(ref _tables)}");
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
                pool._connections.Add(connection);
                if (i == 0)
                    await BarePostgres.ExecuteAsync(connection, BarePostgres.Table(pool._table), cancel);
                NpgsqlCommand insert = new($"INSERT INTO {pool._table} VALUES ($1, $2)", connection)
                {
                    Parameters = { new NpgsqlParameter<long>(), new NpgsqlParameter<ReadOnlyMemory<byte>> { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea } },
                };
                await insert.PrepareAsync(cancel);
                pool._free.Writer.TryWrite(insert);
            }
            return pool;
        }
        catch
        {
            await pool.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        NpgsqlCommand insert = await _free.Reader.ReadAsync(cancel);
        try
        {
            foreach (ReadOnlyMemory<byte> payload in payloads)
            {
                ((NpgsqlParameter<long>)insert.Parameters[0]).TypedValue = Interlocked.Increment(ref _last);
                ((NpgsqlParameter<ReadOnlyMemory<byte>>)insert.Parameters[1]).TypedValue = payload;
                await insert.ExecuteNonQueryAsync(cancel);
            }
        }
        finally
        {
            _free.Writer.TryWrite(insert);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_connections.Count > 0)
            await BarePostgres.ExecuteAsync(_connections[0], $"DROP TABLE IF EXISTS {_table}", CancellationToken.None);
        while (_free.Reader.TryRead(out NpgsqlCommand? insert))
            await insert.DisposeAsync();
        foreach (NpgsqlConnection connection in _connections)
            await connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    protected override ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel) => BarePostgres.CountAsync(_connections[0], _table, cancel);
}

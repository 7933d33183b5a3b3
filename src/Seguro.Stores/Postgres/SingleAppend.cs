using Npgsql;
using NpgsqlTypes;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>The command that appends one event with the fence, made once for a session and a log: making it anew, with its parameters, costs more than sending it.</summary>
/// <remarks>For one append at a time.</remarks>
sealed class SingleAppend : IDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlCommand _command;
    private readonly NpgsqlParameter<long> _term = NewNumber();
    private readonly NpgsqlParameter<long> _previous = NewNumber();
    private readonly NpgsqlParameter<long> _size = NewNumber();
    private readonly NpgsqlParameter<ReadOnlyMemory<byte>> _payload = new() { NpgsqlDbType = NpgsqlDbType.Bytea };
    private readonly byte[] _previousChain = new byte[Chain.Size];
    private readonly byte[] _chain = new byte[Chain.Size];

    public SingleAppend(NpgsqlConnection connection, int log)
    {
        _connection = connection;
        _command = new NpgsqlCommand(Statements.AppendOne, connection);
        _command.Add(log);
        _command.Parameters.Add(_term);
        _command.Parameters.Add(_previous);
        _command.Add(_previousChain);
        _command.Add(_chain);
        _command.Parameters.Add(_size);
        _command.Parameters.Add(_payload);
    }

    /// <summary>It belongs to this session.</summary>
    public bool IsOf(NpgsqlConnection connection) => _connection == connection;

    /// <summary>Writes the event if term and head are as it expects.</summary>
    /// <returns>Whether it was written.</returns>
    public async ValueTask<bool> WriteAsync(Append append, int seconds, CancellationToken cancel)
    {
        NewEvent added = append.Events[0];
        _command.CommandTimeout = seconds;
        _term.TypedValue = (long)append.Term.Value;
        _previous.TypedValue = (long)append.Previous.Number.Value;
        _size.TypedValue = added.Size;
        _payload.TypedValue = added.Bytes;
        append.Previous.Chain.CopyTo(_previousChain);
        added.Chain.CopyTo(_chain);
        try
        {
            return await _command.ExecuteNonQueryAsync(cancel) == 1;
        }
        finally
        {
            _payload.TypedValue = default;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();

    private static NpgsqlParameter<long> NewNumber() => new() { NpgsqlDbType = NpgsqlDbType.Bigint };
}

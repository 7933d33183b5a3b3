using Npgsql;
using NpgsqlTypes;

namespace Seguro.Stores.Postgres;

/// <summary>Positional parameters ($1, $2 …) in order, typed, without boxing.</summary>
static class Parameters
{
    public static void Add(this NpgsqlCommand command, long value) => command.Parameters.Add(Of(value));

    public static void Add(this NpgsqlCommand command, int value) => command.Parameters.Add(Of(value));

    public static void Add(this NpgsqlCommand command, string value) => command.Parameters.Add(Of(value));

    public static void Add(this NpgsqlCommand command, ReadOnlyMemory<byte> value) => command.Parameters.Add(Of(value));

    public static void Add(this NpgsqlCommand command, byte[] value) => command.Parameters.Add(Of((ReadOnlyMemory<byte>)value));

    public static void Add(this NpgsqlCommand command, string[] values) =>
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });

    public static void Add(this NpgsqlCommand command, long[] values) =>
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });

    public static void Add(this NpgsqlCommand command, ReadOnlyMemory<byte>[] values) =>
        command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });

    public static NpgsqlParameter Of(long value) => new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };

    public static NpgsqlParameter Of(int value) => new NpgsqlParameter<int> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Integer };

    public static NpgsqlParameter Of(string value) => new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Of(ReadOnlyMemory<byte> value) =>
        new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea };
}

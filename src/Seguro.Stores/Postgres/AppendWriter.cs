using Npgsql;
using NpgsqlTypes;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>Writes a group of events with the fence: by one statement, or by COPY where there is much of it.</summary>
static class AppendWriter
{
    /// <summary>From this many bytes on, rows go by COPY.</summary>
    public const long BulkFrom = 1 << 20;

    /// <summary>Writes the group if term and head are as it expects.</summary>
    /// <returns>Whether it was written.</returns>
    public static ValueTask<bool> WriteAsync(
        NpgsqlConnection connection, int log, Append append, long bytes, int seconds, CancellationToken cancel) =>
        bytes < BulkFrom
            ? InOneStatementAsync(connection, log, append, seconds, cancel)
            : ByCopyAsync(connection, log, append, seconds, cancel);

    internal static async ValueTask<bool> InOneStatementAsync(
        NpgsqlConnection connection, int log, Append append, int seconds, CancellationToken cancel)
    {
        int count = append.Events.Count;
        long[] sizes = new long[count];
        byte[] chains = new byte[count * Chain.Size];
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            NewEvent added = append.Events[i];
            sizes[i] = added.Size;
            added.Chain.CopyTo(chains.AsSpan(i * Chain.Size));
            payloads[i] = added.Bytes;
        }
        await using NpgsqlCommand command = new(Statements.Append, connection) { CommandTimeout = seconds };
        AddFence(command.Parameters, log, append);
        command.Add(sizes);
        command.Add(chains);
        command.Add(payloads);
        return await command.ExecuteNonQueryAsync(cancel) == count;
    }

    /// <summary>
    /// The rows first, the fence last and in the same round trip as the commit: the hot row is locked only while the server works, not while rows
    /// travel, and never while it waits for this client.
    /// </summary>
    internal static async ValueTask<bool> ByCopyAsync(NpgsqlConnection connection, int log, Append append, int seconds, CancellationToken cancel)
    {
        try
        {
            await using (NpgsqlBatch begin = new(connection) { Timeout = seconds })
            {
                begin.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
                NpgsqlBatchCommand mark = new(Statements.MarkBulk);
                mark.Parameters.Add(Parameters.Of(log));
                begin.BatchCommands.Add(mark);
                await begin.ExecuteNonQueryAsync(cancel);
            }
            await using (NpgsqlBinaryImporter rows = await connection.BeginBinaryImportAsync(Statements.BulkRows, cancel))
            {
                rows.Timeout = TimeSpan.FromSeconds(seconds);
                foreach (NewEvent added in append.Events)
                {
                    await rows.StartRowAsync(cancel);
                    await rows.WriteAsync(log, NpgsqlDbType.Integer, cancel);
                    await rows.WriteAsync((long)added.Number.Value, NpgsqlDbType.Bigint, cancel);
                    await rows.WriteAsync((long)append.Term.Value, NpgsqlDbType.Bigint, cancel);
                    await rows.WriteAsync(added.Size, NpgsqlDbType.Bigint, cancel);
                    await rows.WriteAsync(added.Chain.ToArray(), NpgsqlDbType.Bytea, cancel);
                    await rows.WriteAsync(added.Bytes, NpgsqlDbType.Bytea, cancel);
                }
                await rows.CompleteAsync(cancel);
            }
            await using NpgsqlBatch end = new(connection) { Timeout = seconds };
            NpgsqlBatchCommand fence = new(Statements.BulkFence);
            AddFence(fence.Parameters, log, append);
            end.BatchCommands.Add(fence);
            end.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
            await end.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (PostgresException exception) when (!PostgresFailure.EndsConnection(exception))
        {
            await using NpgsqlCommand undo = new("ROLLBACK", connection) { CommandTimeout = seconds };
            await undo.ExecuteNonQueryAsync(cancel);
            // The fence did not match, or another writer put an event in the same place.
            if (exception.SqlState is PostgresFailure.DivisionByZero or PostgresFailure.UniqueViolation)
                return false;
            throw;
        }
    }

    private static void AddFence(NpgsqlParameterCollection parameters, int log, Append append)
    {
        parameters.Add(Parameters.Of(log));
        parameters.Add(Parameters.Of((long)append.Term.Value));
        parameters.Add(Parameters.Of((long)append.Previous.Number.Value));
        parameters.Add(Parameters.Of((ReadOnlyMemory<byte>)append.Previous.Chain.ToArray()));
        parameters.Add(Parameters.Of((long)append.Last.Number.Value));
        parameters.Add(Parameters.Of((ReadOnlyMemory<byte>)append.Last.Chain.ToArray()));
        parameters.Add(Parameters.Of(append.Size));
    }
}

using Seguro.Core;

namespace Seguro.Stores.Dqlite;

sealed partial class DqliteStoredLog
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) =>
        client.ReadAsync<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(
            async (session, token) =>
            {
                using DqliteRows rows = await session.QueryAsync(DqliteSql.Metadata, [keys.Log], token);
                Dictionary<string, ReadOnlyMemory<byte>> values = [];
                while (rows.Read())
                    values[rows.Text(0)] = rows.Blob(1).ToArray();
                return values;
            },
            cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        // SQLite leaves a page alone where the new bytes are the old ones: such an update would not go through the majority. The state decides.
        bool changes = expected is not { } now || !now.Span.SequenceEqual(value.Span);
        return WriteAsync(
            async (session, token) =>
            {
                if (changes)
                {
                    DqliteResult result = expected is { } old
                        ? await session.ExecAsync(DqliteSql.ChangeMetadata, [keys.Log, Word(term.Value), key, value, old], token)
                        : await session.ExecAsync(DqliteSql.AddMetadata, [keys.Log, Word(term.Value), key, value], token);
                    if (result.Rows > 0)
                        return WriteOutcome.Committed.Instance;
                }
                LogState state = await ConfirmedStateAsync(session, token);
                using DqliteRows rows = await session.QueryAsync(DqliteSql.MetadataValue, [keys.Log, key], token);
                ReadOnlyMemory<byte>? current = rows.Read() ? rows.Blob(0) : null;
                return LogRules.DecideMetadata(state, term, current, expected, value);
            },
            onCommitted: null,
            cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(first, EventNumber.None);
        WriteOutcome outcome = await WriteAsync(
            async (session, token) =>
            {
                if (keys.Of(first.Previous) is { } key)
                {
                    DqliteResult result = await session.ExecAsync(DqliteSql.MoveBase, [keys.Log, Word(term.Value), key], token);
                    if (result.Rows > 0)
                        return WriteOutcome.Committed.Instance;
                }
                LogState state = await ConfirmedStateAsync(session, token);
                return LogRules.DecideTrim(state, term, first);
            },
            onCommitted: null,
            cancel);
        if (outcome is not WriteOutcome.Committed)
            return outcome;
        try
        {
            // The fragments go first: an event's row says how much its fragments hold.
            await DeleteAsync(DqliteSql.TrimFragments, [keys.Log], cancel);
            await DeleteAsync(DqliteSql.TrimEvents, [keys.Log, (long)DqliteSql.TrimStep], cancel);
            return outcome;
        }
        catch (UnknownOutcomeException unknown)
        {
            return new WriteOutcome.Unknown(unknown.Message);
        }
        catch (SeguroException error) when (error.Code == ErrorCode.StoreUnavailable)
        {
            return new WriteOutcome.Unknown(error.Message);
        }
    }

    /// <summary>Deletes in steps, each a transaction of its own, so that appends come between and no transaction is large.</summary>
    private async ValueTask DeleteAsync(string step, DqliteValue[] parameters, CancellationToken cancel)
    {
        while ((await client.WriteAsync((session, token) => session.ExecAsync(step, parameters, token), cancel)).Rows > 0)
            cancel.ThrowIfCancellationRequested();
    }
}

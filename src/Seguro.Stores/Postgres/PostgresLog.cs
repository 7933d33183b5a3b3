using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>A ship's log in PostgreSQL: appends, staging, trimming, metadata. Leases and reading are in the other files.</summary>
/// <remarks>
/// A write is one statement (or one batch) in one round trip. Where it changed nothing, a barrier tells why: an update of the hot row that returns the
/// state. Because it is a write, its commit waits for the standbys, and with it for everything that was committed before; so an earlier
/// attempt that is visible, but whose wait for the standbys was cut short, is called committed only when the standbys have it too.
/// </remarks>
sealed partial class PostgresLog : IStoredLog
{
    private const int Tries = 5;
    private const int RowsRemovedAtOnce = 2000;
    private const int FragmentsRemovedAtOnce = 8;

    private readonly PostgresSource _source;
    private readonly AppendSignal _signal;
    private readonly int _id;
    private readonly int _promisedCopies;

    // Two sessions, so that a renewal does not stand in line behind a large append.
    private readonly WriteLanes _appendLanes;
    private readonly WriteLanes _leaseLanes;
    private readonly WriteLane _appends;
    private readonly WriteLane _leases;
    private SingleAppend? _single;
    private bool _isDisposed;

    /// <param name="source">The servers.</param>
    /// <param name="signal">Tells other objects of this log in this process of appends.</param>
    /// <param name="lanes">The sessions for appends, and those for leases.</param>
    /// <param name="ship">Whose log it is.</param>
    /// <param name="id">Its number in the database.</param>
    /// <param name="promisedCopies">How many durable copies a commit was said to have.</param>
    public PostgresLog(PostgresSource source, AppendSignal signal, (WriteLanes Appends, WriteLanes Leases) lanes, Ship ship, int id, int promisedCopies)
    {
        _source = source;
        _signal = signal;
        _id = id;
        _promisedCopies = promisedCopies;
        Ship = ship;
        (_appendLanes, _leaseLanes) = lanes;
        _appends = _appendLanes.Rent();
        _leases = _leaseLanes.Rent();
    }

    /// <inheritdoc/>
    public Ship Ship { get; }

    /// <summary>A number as PostgreSQL keeps it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: above 2^63 − 1.</exception>
    public static long ToBigint(EventNumber number) => number.Value <= long.MaxValue
        ? (long)number.Value
        : throw new SeguroException(ErrorCode.BadValue, $"event {number} is above the largest number that postgres holds ({long.MaxValue})", "Use another store.");

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        long start = _source.Time.GetTimestamp();
        while (true)
        {
            WriteLane.Answer<LogState> state = await _leases.RunAsync(BarrierAsync, 0, cancel);
            if (state.Doubt is not { } doubt)
                return state.Value;
            if (_source.Time.GetElapsedTime(start) >= _source.Patience)
            {
                throw new SeguroException(
                    ErrorCode.StoreUnavailable, $"{_source.Where} did not confirm the state of {Ship}'s log: {doubt}",
                    "Check that the server and enough synchronous standbys run (pg_stat_replication).");
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        ToBigint(append.Last.Number);
        long bytes = 0;
        foreach (NewEvent added in append.Events)
            bytes += added.Bytes.Length;
        WriteOutcome outcome = await WriteAsync(
            (connection, seconds, token) => append.Events.Count == 1 && bytes < AppendWriter.BulkFrom
                ? SingleAppendOf(connection).WriteAsync(append, seconds, token)
                : AppendWriter.WriteAsync(connection, _id, append, bytes, seconds, token),
            state => LogRules.Decide(state, append),
            bytes,
            cancel);
        if (outcome is WriteOutcome.Committed)
            _signal.Announce();
        return outcome;
    }

    /// <inheritdoc/>
    /// <remarks>Each fragment is a transaction of its own: they are invisible until the head moves over them, and the server needs less memory.</remarks>
    public async ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stage);
        long number = ToBigint(stage.Number);
        for (int i = 0; i < stage.Fragments.Count; i++)
        {
            ReadOnlyMemory<byte> fragment = stage.Fragments[i];
            int index = stage.FirstIndex + i;
            WriteOutcome outcome = await WriteAsync(
                async (connection, seconds, token) =>
                {
                    await using NpgsqlCommand command = new(Statements.Stage, connection) { CommandTimeout = seconds };
                    command.Add(_id);
                    command.Add((long)stage.Term.Value);
                    command.Add(number);
                    command.Add(index);
                    command.Add(fragment);
                    return await command.ExecuteNonQueryAsync(token) == 1;
                },
                state => LogRules.Decide(state, stage),
                fragment.Length,
                cancel);
            if (outcome is not WriteOutcome.Committed)
                return outcome;
        }
        return WriteOutcome.Committed.Instance;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => await _source.ReadAsync(
        async (connection, token) =>
        {
            Dictionary<string, ReadOnlyMemory<byte>> metadata = new(StringComparer.Ordinal);
            await using NpgsqlCommand command = new(Statements.AllMetadata, connection);
            command.Add(_id);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
                metadata.Add(reader.GetString(0), reader.GetFieldValue<byte[]>(1));
            return metadata;
        },
        cancel);

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        ReadOnlyMemory<byte>? current = null;
        return await WriteAsync(
            async (connection, seconds, token) =>
            {
                await using NpgsqlBatch batch = BatchAfterLock(connection, term, seconds);
                NpgsqlBatchCommand set = new(expected is null ? Statements.AddMetadata : Statements.ChangeMetadata);
                AddFence(set, term);
                set.Parameters.Add(Parameters.Of(key));
                set.Parameters.Add(Parameters.Of(value));
                if (expected is { } old)
                    set.Parameters.Add(Parameters.Of(old));
                batch.BatchCommands.Add(set);
                await batch.ExecuteNonQueryAsync(token);
                return set.RecordsAffected == 1;
            },
            state => LogRules.DecideMetadata(state, term, current, expected, value),
            value.Length,
            cancel,
            async (connection, seconds, token) =>
            {
                // The value is read in the barrier's transaction, under the row's lock.
                await using NpgsqlBatch batch = new(connection) { Timeout = seconds };
                NpgsqlBatchCommand barrier = new(Statements.Barrier);
                barrier.Parameters.Add(Parameters.Of(_id));
                batch.BatchCommands.Add(barrier);
                NpgsqlBatchCommand read = new(Statements.OneMetadata);
                read.Parameters.Add(Parameters.Of(_id));
                read.Parameters.Add(Parameters.Of(key));
                batch.BatchCommands.Add(read);
                await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(token);
                LogState state = await ReadStateRowAsync(reader, token);
                await reader.NextResultAsync(token);
                current = await reader.ReadAsync(token) ? reader.GetFieldValue<byte[]>(0) : (ReadOnlyMemory<byte>?)null;
                return state;
            });
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel)
    {
        if (first == EventNumber.None)
            throw new ArgumentOutOfRangeException(nameof(first), "The first event that is kept is at least 1.");
        long newBase = ToBigint(first.Previous);
        WriteOutcome outcome = await WriteAsync(
            async (connection, seconds, token) =>
            {
                await using NpgsqlBatch batch = BatchAfterLock(connection, term, seconds);
                NpgsqlBatchCommand move = new(Statements.MoveBase);
                AddFence(move, term);
                move.Parameters.Add(Parameters.Of(newBase));
                batch.BatchCommands.Add(move);
                await batch.ExecuteNonQueryAsync(token);
                return move.RecordsAffected == 1;
            },
            state => LogRules.DecideTrim(state, term, first),
            0,
            cancel);
        if (outcome is WriteOutcome.Committed)
        {
            await RemoveAsync(Statements.RemoveEvents, newBase, RowsRemovedAtOnce, cancel);
            await RemoveAsync(Statements.RemoveFragments, newBase, FragmentsRemovedAtOnce, cancel);
        }
        return outcome;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        await _appendLanes.ReturnAsync(_appends);
        await _leaseLanes.ReturnAsync(_leases);
        _single?.Dispose();
    }

    /// <summary>In the turn of <see cref="_appends"/>.</summary>
    private SingleAppend SingleAppendOf(NpgsqlConnection connection)
    {
        if (_single is { } known && known.IsOf(connection))
            return known;
        _single?.Dispose();
        return _single = new SingleAppend(connection, _id);
    }

    /// <summary>A write and, where it changed nothing, the reason.</summary>
    private async ValueTask<WriteOutcome> WriteAsync(
        Func<NpgsqlConnection, int, CancellationToken, ValueTask<bool>> write,
        Func<LogState, WriteOutcome?> decide,
        long bytes,
        CancellationToken cancel,
        Func<NpgsqlConnection, int, CancellationToken, ValueTask<LogState>>? barrier = null)
    {
        for (int i = 0; i < Tries; i++)
        {
            WriteLane.Answer<bool> written = await _appends.RunAsync(write, bytes, cancel);
            if (written.Doubt is { } doubt)
                return new WriteOutcome.Unknown(doubt);
            if (written.Value)
                return WriteOutcome.Committed.Instance;
            WriteLane.Answer<LogState> state = await _appends.RunAsync(barrier ?? BarrierAsync, 0, cancel);
            if (state.Doubt is { } unclear)
                return new WriteOutcome.Unknown(unclear);
            if (decide(state.Value) is { } outcome)
                return outcome;
            // The write would be allowed now: what it met has changed in between (a lease resigned, a failover). Once more.
        }
        return new WriteOutcome.Unknown("the log kept changing under the write");
    }

    private async ValueTask<LogState> BarrierAsync(NpgsqlConnection connection, int seconds, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new(Statements.Barrier, connection) { CommandTimeout = seconds };
        command.Add(_id);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        LogState state = await ReadStateRowAsync(reader, cancel);
        await reader.NextResultAsync(cancel); // To the end: the commit, and a warning, come after the row.
        return state;
    }

    private async ValueTask<LogState> ReadStateRowAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        if (!await reader.ReadAsync(cancel))
            throw Gone();
        return new LogState(
            new Position(new EventNumber((ulong)reader.GetInt64(0)), ReadChain(reader, 1)),
            new Head(new Term((ulong)reader.GetInt64(2)), new EventNumber((ulong)reader.GetInt64(3)), ReadChain(reader, 4)),
            ReadLease(reader, 5),
            reader.GetInt64(9));
    }

    /// <summary>An implicit transaction whose first statement locks the hot row; the next sees all that was committed until it had the lock.</summary>
    private NpgsqlBatch BatchAfterLock(NpgsqlConnection connection, Term term, int seconds)
    {
        NpgsqlBatch batch = new(connection) { Timeout = seconds };
        NpgsqlBatchCommand @lock = new(Statements.Lock);
        AddFence(@lock, term);
        batch.BatchCommands.Add(@lock);
        return batch;
    }

    private void AddFence(NpgsqlBatchCommand command, Term term)
    {
        command.Parameters.Add(Parameters.Of(_id));
        command.Parameters.Add(Parameters.Of((long)term.Value));
    }

    /// <summary>Removes rows in small transactions; what is left by a failure is invisible, and the next trim removes it.</summary>
    private async ValueTask RemoveAsync(string statement, long newBase, int atOnce, CancellationToken cancel)
    {
        int removed = atOnce;
        while (removed == atOnce)
        {
            removed = await _source.ReadAsync(
                async (connection, token) =>
                {
                    await using NpgsqlCommand command = new(statement, connection);
                    command.Add(_id);
                    command.Add(newBase);
                    command.Add(atOnce);
                    return await command.ExecuteNonQueryAsync(token);
                },
                cancel);
        }
    }

    private SeguroException Gone() => new(
        ErrorCode.NoSuchLog, $"the log of {Ship} is no longer in {_source.Where}",
        "Somebody removed it, or the database was restored from an older copy. Import it again, or restore a newer copy.");

    private SeguroException Corrupt(string what) => new(
        ErrorCode.Corrupt, $"{Ship}'s log in {_source.Where} is damaged: {what}",
        "Restore it from another member or from a backup; `seguro log verify` checks every event.");
}

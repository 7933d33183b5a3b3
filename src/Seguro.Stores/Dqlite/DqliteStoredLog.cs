using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>One ship's log in dqlite.</summary>
/// <remarks>Every write is one conditional statement, decided and committed by the leader; see <see cref="DqliteSql"/> and <see cref="DqliteStore"/>.</remarks>
sealed partial class DqliteStoredLog(DqliteClient client, TimeProvider time, AppendSignal signal, Ship ship, DqliteLogKeys keys) : IStoredLog
{
    /// <summary>How often a write that changed nothing is tried again although the state allows it, before the caller is told.</summary>
    private const int Tries = 4;

    private readonly DqliteStaging _staging = new();

    /// <inheritdoc/>
    public Ship Ship => ship;

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        try
        {
            return await client.WriteAsync(ConfirmedStateAsync, cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw DqliteStore.Unconfirmed($"the state of the log of {ship} could not be confirmed", unknown);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => client.ReadAsync(
        async (session, token) =>
        {
            using DqliteRows rows = await session.QueryAsync(DqliteSql.Lease, [keys.Log], token);
            return rows.Read() ? ReadLease(rows, 0) : Lease.None;
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        if (keys.Of(append.Previous.Number) is not { } head || head + append.Events.Count > keys.Last)
            return RefuseAsync(append.Term, cancel);
        byte[]? records = null;
        long inline = append.Size;
        int staged = 0;
        NewEvent only = append.Events[0];
        if (append.Events.Count > 1 || only.Size > only.Bytes.Length)
            records = AppendRecords.Make(append.Events, out inline, out staged);
        return WriteAsync(
            async (session, token) =>
            {
                DqliteValue[] parameters = records is null
                    ? [keys.Log, head, Word(append.Term.Value), append.Previous.Chain.ToArray(), only.Size, only.Chain.ToArray(), only.Bytes]
                    :
                    [
                        keys.Log, head, Word(append.Term.Value), append.Previous.Chain.ToArray(), records, DqliteValue.From(Payloads(append)),
                        inline, (long)append.Events.Count, (long)staged, _staging.Stamps(append.Events[0].Number) is { } sum ? sum : DqliteValue.Null,
                    ];
                DqliteResult result = await session.ExecAsync(records is null ? DqliteSql.AppendOne : DqliteSql.AppendGroup, parameters, token);
                if (result.Rows == append.Events.Count)
                    return WriteOutcome.Committed.Instance;
                LogState state = await ConfirmedStateAsync(session, token);
                if (LogRules.Decide(state, append) is { } outcome)
                    return outcome;
                await CheckRoomAsync(session, inline, append.Events.Count, token);
                if (staged > 0)
                    await CheckStagedAsync(session, append, token);
                return null;
            },
            onCommitted: signal.Announce,
            cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stage);
        if (keys.Of(stage.Number) is not { } key)
            return await RefuseAsync(stage.Term, cancel);
        for (int i = 0; i < stage.Fragments.Count; i++)
        {
            WriteOutcome outcome = await StageAsync(stage, key, stage.FirstIndex + i, stage.Fragments[i], cancel);
            if (outcome is not WriteOutcome.Committed)
                return outcome;
        }
        return WriteOutcome.Committed.Instance;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask<WriteOutcome> StageAsync(Stage stage, long key, int index, ReadOnlyMemory<byte> bytes, CancellationToken cancel) => WriteAsync(
        async (session, token) =>
        {
            // A new stamp each time: the page then changes even where the bytes do not, so that the statement goes through the majority.
            long stamp = _staging.Stamp(stage.Term, stage.Number, index);
            DqliteValue[] parameters = [keys.Log, key, Word(stage.Term.Value), (long)index, stamp, bytes, (long)bytes.Length, stage.Size];
            DqliteResult result = await session.ExecAsync(DqliteSql.StageOne, parameters, token);
            if (result.Rows > 0)
                return WriteOutcome.Committed.Instance;
            LogState state = await ConfirmedStateAsync(session, token);
            if (LogRules.Decide(state, stage) is { } outcome)
                return outcome;
            long staged = await NumberAsync(session, DqliteSql.Staged, [DqliteValue.Null, key], token);
            await CheckRoomAsync(session, Math.Max(bytes.Length, stage.Size - staged), 1, token);
            return null;
        },
        onCommitted: null,
        cancel);

    /// <summary>Runs a write that ends with its outcome, or with nothing where it should be tried again.</summary>
    private async ValueTask<WriteOutcome> WriteAsync(
        Func<DqliteSession, CancellationToken, ValueTask<WriteOutcome?>> write, Action? onCommitted, CancellationToken cancel)
    {
        try
        {
            for (int i = 0; i < Tries; i++)
            {
                if (await client.WriteAsync(write, cancel) is not { } outcome)
                    continue;
                if (outcome is WriteOutcome.Committed)
                    onCommitted?.Invoke();
                return outcome;
            }
            return new WriteOutcome.Unknown($"other writers came between {Tries} times");
        }
        catch (UnknownOutcomeException unknown)
        {
            return new WriteOutcome.Unknown(unknown.Message);
        }
    }

    /// <summary>The answer for an event that no row of this log can stand for: fenced, or not what the log's state is.</summary>
    private async ValueTask<WriteOutcome> RefuseAsync(Term term, CancellationToken cancel)
    {
        LogState state = await ReadStateAsync(cancel);
        return LogRules.Fence(state, term) ?? (WriteOutcome)new WriteOutcome.Conflict(state);
    }

    /// <summary>Makes a majority agree on something, then reads on the same connection: what was committed before this began is in it.</summary>
    private async ValueTask<LogState> ConfirmedStateAsync(DqliteSession session, CancellationToken cancel)
    {
        await session.ExecAsync(DqliteSql.Barrier, [], cancel);
        using DqliteRows rows = await session.QueryAsync(DqliteSql.State, [keys.Log], cancel);
        if (!rows.Read())
        {
            throw new SeguroException(
                ErrorCode.NoSuchLog, $"the log of {ship} is not in the database any more", "See that this is the cluster that it was opened in.");
        }
        Position start = new(keys.Number(rows.Integer(0)), new Chain(rows.Blob(1).Span));
        Term startTerm = new((ulong)rows.Integer(2));
        long startTotal = rows.Integer(3);
        Lease lease = ReadLease(rows, 4);
        if (rows.IsNull(8) || rows.Integer(8) <= rows.Integer(0))
            return new LogState(start, new Head(startTerm, start.Number, start.Chain), lease, 0);
        Head head = new(new Term((ulong)rows.Integer(9)), keys.Number(rows.Integer(8)), new Chain(rows.Blob(10).Span));
        return new LogState(start, head, lease, rows.Integer(11) - startTotal);
    }

    private static async ValueTask CheckRoomAsync(DqliteSession session, long bytes, int rows, CancellationToken cancel)
    {
        DqliteRoom room = await DqliteRoom.ReadAsync(session, cancel);
        if (room.Fits(bytes, rows))
            return;
        throw new SeguroException(
            ErrorCode.TooLarge,
            $"{bytes:N0} bytes in {rows:N0} event(s) do not fit into the window of the dqlite database: {room.Held:N0} of {room.Cap:N0} bytes "
                + $"and {room.Rows:N0} of {room.Cap / DqliteSql.RowCost:N0} events are held",
            "Nothing was written. Trim events that every member has, or use a store without a window.");
    }

    private async ValueTask CheckStagedAsync(DqliteSession session, Append append, CancellationToken cancel)
    {
        foreach (NewEvent added in append.Events)
        {
            if (added.Size == added.Bytes.Length)
                continue;
            long staged = await NumberAsync(session, DqliteSql.Staged, [DqliteValue.Null, keys.Of(added.Number)!.Value], cancel);
            throw new SeguroException(
                ErrorCode.Conflict,
                $"event {added.Number} of {ship} can't be appended: of the {added.Size - added.Bytes.Length:N0} bytes that must be staged before it, "
                    + $"{staged:N0} are there, or another attempt has written over some",
                "Nothing was written. Append the event again from its start.");
        }
    }

    private static async ValueTask<long> NumberAsync(DqliteSession session, string sql, DqliteValue[] parameters, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(sql, parameters, cancel);
        return rows.Read() ? rows.Integer(0) : 0;
    }

    private static Lease ReadLease(DqliteRows rows, int column) => new(
        new Term((ulong)rows.Integer(column)), rows.Text(column + 1), (ulong)rows.Integer(column + 2), TimeSpan.FromTicks(rows.Integer(column + 3)));

    private static ReadOnlyMemory<byte>[] Payloads(Append append)
    {
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[append.Events.Count];
        for (int i = 0; i < payloads.Length; i++)
            payloads[i] = append.Events[i].Bytes;
        return payloads;
    }

    private static long Word(ulong value) => unchecked((long)value);
}

using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>One ship's log in an SQLite file. Every write is one transaction that reads the state, asks the rules, and writes.</summary>
sealed partial class SqliteLog(SqliteDatabase database, long id, Ship ship) : IStoredLog
{
    /// <summary>The most bytes that a row holds. SQLite reads and writes a row as a whole, in memory.</summary>
    public const int LargestFragment = 4 << 20;

    private const long TrimStep = 2048;

    /// <inheritdoc/>
    public Ship Ship => ship;

    /// <summary>Refuses a number that has no place in the order of SQLite's signed numbers.</summary>
    public static void CheckNumber(EventNumber number)
    {
        if (number.Value > long.MaxValue)
            throw new SeguroException(ErrorCode.TooLarge, $"event {number} is above the last that sqlite can number ({long.MaxValue})", "Nothing was written. Use another store.");
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        CheckNumber(append.Last.Number);
        WriteOutcome outcome = await WriteAsync(
            (session, row) =>
            {
                if (LogRules.Decide(row.State, append) is { } decided)
                    return decided;
                long total = row.Total;
                SqliteStatement insert = session.Prepare("INSERT INTO event (log, number, size, total, chain, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
                Span<byte> chain = stackalloc byte[Chain.Size];
                foreach (NewEvent added in append.Events)
                {
                    total = checked(total + added.Size);
                    added.Chain.CopyTo(chain);
                    insert.Bind(id, Signed(added.Number), added.Size, total).Bind(5, chain).Bind(6, added.Bytes.Span).Run();
                }
                new SqliteRow(LogRules.After(row.State, append), total).Update(session, id, ship);
                return null;
            },
            cancel);
        if (outcome is WriteOutcome.Committed)
            database.Signal(id).Announce();
        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stage);
        CheckNumber(stage.Number);
        return WriteAsync(
            (session, row) =>
            {
                if (LogRules.Decide(row.State, stage) is { } decided)
                    return decided;
                SqliteStatement insert = session.Prepare("INSERT OR REPLACE INTO fragment (log, number, part, bytes) VALUES (?1, ?2, ?3, ?4)");
                for (int i = 0; i < stage.Fragments.Count; i++)
                    insert.Bind(id, Signed(stage.Number), stage.FirstIndex + i).Bind(4, stage.Fragments[i].Span).Run();
                return null;
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) => WriteLeaseAsync(
        current => LeaseRules.Campaign(current, expected, candidate, duration),
        (session, row) => session.Prepare("DELETE FROM fragment WHERE log = ?1 AND number > ?2").Bind(id, Signed(row.State.Head.Number)).Run(),
        cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) =>
        WriteLeaseAsync(current => LeaseRules.Renew(current, held), null, cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) =>
        WriteLeaseAsync(current => LeaseRules.Resign(current, held), null, cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        return WriteAsync(
            (session, row) =>
            {
                ReadOnlyMemory<byte>? current = SqliteMetadata.Read(session, id, ship).TryGetValue(key, out ReadOnlyMemory<byte> known) ? known : (ReadOnlyMemory<byte>?)null;
                if (LogRules.DecideMetadata(row.State, term, current, expected, value) is { } decided)
                    return decided;
                SqliteMetadata.Write(session, id, ship, key, value.Span);
                return null;
            },
            cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel)
    {
        WriteOutcome outcome = await WriteAsync(
            (session, row) =>
            {
                if (LogRules.DecideTrim(row.State, term, first) is { } decided)
                    return decided;
                EventNumber last = first.Previous;
                (Chain chain, long total) = ReadLink(session, last) ?? throw Missing(last);
                LogState state = row.State with { Base = new Position(last, chain), Bytes = row.Total - total };
                (row with { State = state }).Update(session, id, ship);
                return null;
            },
            cancel);
        if (outcome is WriteOutcome.Committed)
            await RemoveBelowBaseAsync(cancel);
        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask RemoveBelowBaseAsync(CancellationToken cancel)
    {
        bool isMore = true;
        while (isMore)
        {
            isMore = await database.WriteAsync(
                session =>
                {
                    long last = Signed(ReadRow(session).State.Base.Number);
                    bool any = RemoveSome(session, "event", last) | RemoveSome(session, "fragment", last);
                    return (any, any);
                },
                static _ => true,
                cancel);
        }
    }

    /// <summary>Removes some rows up to <paramref name="last"/>, few enough not to keep the writer waiting for long; <see langword="false"/> where there are none.</summary>
    private bool RemoveSome(SqliteSession session, string table, long last)
    {
        SqliteStatement lowest = session.Prepare($"SELECT number FROM {table} WHERE log = ?1 AND number <= ?2 ORDER BY number LIMIT 1").Bind(id, last);
        long from;
        try
        {
            if (!lowest.Step())
                return false;
            from = lowest.Number(0);
        }
        finally
        {
            lowest.Reset();
        }
        long to = Math.Min(last, from + (table == "event" ? TrimStep : 0));
        session.Prepare($"DELETE FROM {table} WHERE log = ?1 AND number BETWEEN ?2 AND ?3").Bind(id, from, to).Run();
        return true;
    }

    private ValueTask<WriteOutcome> WriteAsync(Func<SqliteSession, SqliteRow, WriteOutcome?> write, CancellationToken cancel) =>
        database.WriteAsync<WriteOutcome>(
            session => write(session, ReadRow(session)) is { } decided ? (decided, false) : (WriteOutcome.Committed.Instance, true),
            static cause => new WriteOutcome.Unknown(cause),
            cancel);

    private ValueTask<LeaseOutcome> WriteLeaseAsync(
        Func<Lease, (Lease Lease, bool Done)> decide, Action<SqliteSession, SqliteRow>? after, CancellationToken cancel) =>
        database.WriteAsync<LeaseOutcome>(
            session =>
            {
                SqliteRow row = ReadRow(session);
                (Lease lease, bool done) = decide(row.State.Lease);
                if (!done)
                    return (new LeaseOutcome.Lost(lease), false);
                if (lease == row.State.Lease)
                    return (new LeaseOutcome.Done(lease), false);
                SqliteRow changed = row with { State = row.State with { Lease = lease } };
                changed.Update(session, id, ship);
                after?.Invoke(session, changed);
                return (new LeaseOutcome.Done(lease), true);
            },
            static cause => new LeaseOutcome.Unknown(cause),
            cancel);

    private static long Signed(EventNumber number) => unchecked((long)number.Value);
}

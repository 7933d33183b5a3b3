using System.Buffers;
using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Stores.Sqlite;

sealed partial class SqliteLog
{
    private const int BatchBytes = 1 << 20;
    private const int BatchEvents = 1024;

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel) =>
        (await database.ReadAsync(ReadRow, cancel)).State; // a snapshot that begins now holds all that was committed before

    /// <inheritdoc/>
    public async ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => (await ReadStateAsync(cancel)).Lease;

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(
        EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        // Batches are copied out, each in a short transaction of its own: a slow reader must not keep the write-ahead log from being emptied.
        using Batch batch = new();
        EventNumber next = from;
        while (next <= to)
        {
            await database.ReadAsync(session => FillWithEvents(session, batch, next, to), cancel);
            foreach (StoredFragment fragment in batch.Fragments)
                yield return fragment;
            if (batch.Fragments.Count == 0)
                yield break;
            StoredFragment last = batch.Fragments[^1];
            for (int part = 1; batch.Missing > 0; part = last.Index + 1)
            {
                await database.ReadAsync(session => FillWithParts(session, batch, last, part), cancel);
                foreach (StoredFragment fragment in batch.Fragments)
                    yield return fragment;
                if (batch.Fragments.Count == 0)
                    yield break;
                last = batch.Fragments[^1];
            }
            next = last.Number.Next;
        }
    }

    /// <inheritdoc/>
    public ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => database.ReadAsync<Chain?>(
        session =>
        {
            LogState state = ReadRow(session).State;
            if (number == state.Base.Number)
                return state.Base.Chain;
            return number < state.First || number > state.Head.Number ? null : ReadLink(session, number)?.Chain;
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) =>
        database.ReadAsync<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(session => SqliteMetadata.Read(session, id, ship), cancel);

    /// <inheritdoc/>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => database.Signal(id).WaitAsync(
        token => database.ReadAsync(session => ReadRow(session).State.Head.Number > number, token), pause => Task.Delay(AppendSignal.Interval, database.Time, pause), cancel);

    private SqliteRow ReadRow(SqliteSession session) => SqliteRow.Read(session, id, ship)
        ?? throw new SeguroException(ErrorCode.NoSuchLog, $"the log of {ship} is no longer in the database", "Find out who removed it.");

    private (Chain Chain, long Total)? ReadLink(SqliteSession session, EventNumber number)
    {
        SqliteStatement select = session.Prepare("SELECT chain, total FROM event WHERE log = ?1 AND number = ?2").Bind(id, Signed(number));
        try
        {
            return select.Step() ? (ReadChain(select, 0, number), select.Number(1)) : null;
        }
        finally
        {
            select.Reset();
        }
    }

    private bool FillWithEvents(SqliteSession session, Batch batch, EventNumber from, EventNumber to)
    {
        batch.Clear();
        SqliteStatement select = session.Prepare("SELECT number, size, chain, bytes FROM event WHERE log = ?1 AND number BETWEEN ?2 AND ?3 ORDER BY number");
        EventNumber next = from;
        try
        {
            CheckNumber(to);
            select.Bind(id, Signed(from), Signed(to));
            while (batch.Missing == 0 && batch.Fragments.Count < BatchEvents && select.Step())
            {
                next = new EventNumber(select.Unsigned(0));
                long size = select.Number(1);
                if (size < 0 || select.Size(3) > LargestFragment)
                    throw Damaged(next, null);
                if (!batch.TryAdd(new StoredFragment(next, 0, size, ReadChain(select, 2, next), default), select, 3))
                    break;
                batch.Missing = size - batch.Fragments[^1].Bytes.Length;
                next = next.Next;
            }
            return true;
        }
        catch (SqliteError error) when (error.IsCorrupt)
        {
            throw Damaged(next, error);
        }
        finally
        {
            select.Reset();
        }
    }

    private bool FillWithParts(SqliteSession session, Batch batch, StoredFragment whole, int from)
    {
        batch.Clear();
        SqliteStatement select = session.Prepare("SELECT part, bytes FROM fragment WHERE log = ?1 AND number = ?2 AND part >= ?3 ORDER BY part")
            .Bind(id, Signed(whole.Number), from);
        try
        {
            while (batch.Missing > 0 && select.Step())
            {
                if (select.Size(1) > LargestFragment)
                    throw Damaged(whole.Number, null);
                if (!batch.TryAdd(whole with { Index = (int)select.Number(0) }, select, 1))
                    break;
                batch.Missing -= batch.Fragments[^1].Bytes.Length;
            }
            return true;
        }
        catch (SqliteError error) when (error.IsCorrupt)
        {
            throw Damaged(whole.Number, error);
        }
        finally
        {
            select.Reset();
        }
    }

    private Chain ReadChain(SqliteStatement row, int column, EventNumber number) =>
        row.Size(column) == Chain.Size ? new Chain(row.Blob(column)) : throw Damaged(number, null);

    private SeguroException Damaged(EventNumber number, SqliteError? cause) => new(
        ErrorCode.Corrupt, $"event {number} of {ship} can't be read: {cause?.Message ?? "its size, or that of its chain, is impossible"}",
        "Restore the log from another copy or from a backup; `seguro log verify` checks every event.", cause);

    private SeguroException Missing(EventNumber number) => new(
        ErrorCode.Corrupt, $"event {number} of {ship} is missing from the database", "Restore the log from another copy or from a backup.");

    /// <summary>Fragments copied out of the database into one buffer, which the next batch uses again.</summary>
    private sealed class Batch : IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
        private int _used;

        /// <summary>The fragments.</summary>
        public List<StoredFragment> Fragments { get; } = [];

        /// <summary>How many bytes the last event still lacks.</summary>
        public long Missing { get; set; }

        /// <summary>Forgets the fragments.</summary>
        public void Clear()
        {
            Fragments.Clear();
            _used = 0;
        }

        /// <summary>Copies a row's blob; <see langword="false"/> where it has no place beside those that are here already.</summary>
        public bool TryAdd(StoredFragment fragment, SqliteStatement row, int column)
        {
            int size = row.Size(column);
            if (size > _buffer.Length - _used)
            {
                if (Fragments.Count > 0)
                    return false;
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(size);
            }
            row.Blob(column).CopyTo(_buffer.AsSpan(_used));
            Fragments.Add(fragment with { Bytes = _buffer.AsMemory(_used, size) });
            _used += size;
            return true;
        }

        /// <inheritdoc/>
        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}

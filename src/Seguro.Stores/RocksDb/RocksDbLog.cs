using System.Buffers;
using System.Buffers.Binary;
using RocksDbSharp;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

/// <summary>One ship's log in a RocksDB database. Every write is one batch, made from the state under the log's turn.</summary>
sealed partial class RocksDbLog(RocksDbDatabase database, StoreOptions options, uint id, Ship ship) : IStoredLog
{
    /// <summary>The most bytes that a fragment has. RocksDB holds a value in memory, in the batch, the memtable and a block.</summary>
    public const int LargestFragment = 2 << 20;

    /// <summary>Before the bytes of fragment 0: the size of the event, the total up to it (u64le both), its chain.</summary>
    private const int HeaderSize = (2 * sizeof(ulong)) + Chain.Size;

    /// <inheritdoc/>
    public Ship Ship => ship;

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        WriteOutcome outcome = await WriteAsync(
            (files, state, batch) =>
            {
                if (LogRules.Decide(state.State, append) is { } decided)
                    return decided;
                long total = PutEvents(files, batch, append, state.Total);
                batch.Put(RocksDbKey.State(id), new RocksDbState(LogRules.After(state.State, append), total).Encode(), files.State);
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
        return WriteAsync(
            (files, state, batch) =>
            {
                if (LogRules.Decide(state.State, stage) is { } decided)
                    return decided;
                for (int i = 0; i < stage.Fragments.Count; i++)
                    batch.Put(RocksDbKey.Fragment(id, stage.Number, stage.FirstIndex + i), stage.Fragments[i].Span, files.Events);
                return null;
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) => WriteLeaseAsync(
        current => LeaseRules.Campaign(current, expected, candidate, duration),
        (files, state, batch) => RemoveStaged(batch, files, state.Head.Number),
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
            (files, state, batch) =>
            {
                byte[] place = RocksDbKey.Metadata(id, key);
                ReadOnlyMemory<byte>? current = files.Get(place) is { } bytes ? bytes : (ReadOnlyMemory<byte>?)null;
                if (LogRules.DecideMetadata(state.State, term, current, expected, value) is { } decided)
                    return decided;
                batch.Put(place, value.Span, files.State);
                return null;
            },
            cancel);
    }

    /// <inheritdoc/>
    /// <remarks>The base and a tombstone over the range are one batch: RocksDB removes the bytes later, by itself.</remarks>
    public async ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel)
    {
        EventNumber trimmedFrom = default;
        WriteOutcome outcome = await WriteAsync(
            (files, state, batch) =>
            {
                if (LogRules.DecideTrim(state.State, term, first) is { } decided)
                    return decided;
                EventNumber last = first.Previous;
                (Chain chain, long total) = ReadLink(files, last) ?? throw Missing(last);
                LogState trimmed = state.State with { Base = new Position(last, chain), Bytes = state.Total - total };
                batch.Put(RocksDbKey.State(id), (state with { State = trimmed }).Encode(), files.State);
                trimmedFrom = state.State.First;
                RemoveRange(batch, files, RocksDbKey.Fragment(id, trimmedFrom, 0), RocksDbKey.Fragment(id, first, 0));
                return null;
            },
            cancel);
        if (outcome is WriteOutcome.Committed && trimmedFrom != EventNumber.None)
            await Task.Run(() => database.Read(files => FreeRange(files, trimmedFrom, first.Previous)), CancellationToken.None);
        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void RemoveRange(WriteBatch batch, RocksDbFiles files, byte[] from, byte[] before) =>
        batch.DeleteRange(from, (ulong)from.Length, before, (ulong)before.Length, files.Events);

    /// <summary>Removes what was staged, but writes no tombstone where there is nothing: it would lie over all events to come.</summary>
    private void RemoveStaged(WriteBatch batch, RocksDbFiles files, EventNumber head)
    {
        if (head.Value == ulong.MaxValue)
            return;
        byte[] from = RocksDbKey.Fragment(id, head.Next, 0);
        using Iterator iterator = files.Database.NewIterator(files.Events, Streaming);
        bool any = iterator.Seek(from).Valid() && RocksDbKey.TryReadFragment(iterator.GetKeySpan(), id, out _, out _);
        RocksDbFiles.Check(iterator);
        if (any)
            RemoveRange(batch, files, from, RocksDbKey.AfterLog(id));
    }

    private bool FreeRange(RocksDbFiles files, EventNumber from, EventNumber to)
    {
        files.FreeRange(RocksDbKey.Fragment(id, from, 0), RocksDbKey.Fragment(id, to, int.MaxValue));
        return true;
    }

    private long PutEvents(RocksDbFiles files, WriteBatch batch, Append append, long total)
    {
        Span<byte> key = stackalloc byte[RocksDbKey.FragmentSize];
        byte[] value = ArrayPool<byte>.Shared.Rent(4096);
        foreach (NewEvent added in append.Events)
        {
            int size = HeaderSize + added.Bytes.Length;
            if (value.Length < size)
            {
                ArrayPool<byte>.Shared.Return(value);
                value = ArrayPool<byte>.Shared.Rent(size);
            }
            total = checked(total + added.Size);
            BinaryPrimitives.WriteInt64LittleEndian(value, added.Size);
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(sizeof(ulong)), total);
            added.Chain.CopyTo(value.AsSpan(2 * sizeof(ulong)));
            added.Bytes.Span.CopyTo(value.AsSpan(HeaderSize));
            RocksDbKey.WriteFragment(key, id, added.Number, 0);
            batch.Put(key, value.AsSpan(0, size), files.Events);
        }
        ArrayPool<byte>.Shared.Return(value);
        return total;
    }

    private ValueTask<WriteOutcome> WriteAsync(Func<RocksDbFiles, RocksDbState, WriteBatch, WriteOutcome?> write, CancellationToken cancel) =>
        InTurnAsync<WriteOutcome>(
            batch => database.Read(files => write(files, ReadState(files), batch)) is { } decided
                ? decided
                : database.Write(batch) is { } cause ? new WriteOutcome.Unknown(cause) : WriteOutcome.Committed.Instance,
            cancel);

    private ValueTask<LeaseOutcome> WriteLeaseAsync(
        Func<Lease, (Lease Lease, bool Done)> decide, Action<RocksDbFiles, LogState, WriteBatch>? also, CancellationToken cancel) =>
        InTurnAsync<LeaseOutcome>(
            batch =>
            {
                (Lease lease, bool done, bool changed) = database.Read(files =>
                {
                    RocksDbState state = ReadState(files);
                    (Lease next, bool isDone) = decide(state.State.Lease);
                    if (!isDone || next == state.State.Lease)
                        return (next, isDone, false);
                    LogState after = state.State with { Lease = next };
                    batch.Put(RocksDbKey.State(id), (state with { State = after }).Encode(), files.State);
                    also?.Invoke(files, after, batch);
                    return (next, true, true);
                });
                if (!done)
                    return new LeaseOutcome.Lost(lease);
                return changed && database.Write(batch) is { } cause ? new LeaseOutcome.Unknown(cause) : new LeaseOutcome.Done(lease);
            },
            cancel);

    private async ValueTask<T> InTurnAsync<T>(Func<WriteBatch, T> write, CancellationToken cancel)
    {
        SemaphoreSlim turn = database.Turn(id);
        if (!await turn.WaitAsync(options.Patience, cancel))
        {
            throw new SeguroException(ErrorCode.StoreUnavailable, $"{database.Path} was busy for {options.Patience.TotalSeconds:0.#} s",
                "Nothing was written. Try again; where it stays so, the disk is too slow for the load.");
        }
        try
        {
            // On the caller's thread, which waits for the fsync: handing it to another of the pool would block that one, and cost two switches.
            using WriteBatch batch = new();
            return write(batch);
        }
        finally
        {
            turn.Release();
        }
    }
}

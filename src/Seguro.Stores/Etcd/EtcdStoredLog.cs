using Google.Protobuf;
using Seguro.Core;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>One ship's log in etcd.</summary>
/// <remarks>Every write is decided by Core's rules on the state key, and committed by <see cref="EtcdLogWriter"/> if that key is still the same.</remarks>
sealed partial class EtcdStoredLog(EtcdClient client, EtcdKeys keys, EtcdRoom room, EtcdLogWriter writer, Ship ship) : IStoredLog
{
    /// <inheritdoc/>
    public Ship Ship => ship;

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => (await writer.ReadAsync(cancel)).State.Log;

    /// <inheritdoc/>
    public async ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => (await writer.ReadAsync(cancel)).State.Lease;

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        await room.KeepFreshAsync(cancel);
        return await WriteAsync(
            state =>
            {
                if (LogRules.Decide(state.Log, append) is { } outcome)
                    return (null, outcome);
                LogState after = LogRules.After(state.Log, append);
                if (room.Check(ship, after.Bytes, (long)after.Count, append.Size) is { } refusal)
                    throw refusal;
                List<DeleteRangeRequest> deletes = [];
                if (Leftovers(state, append) is { } leftovers)
                    deletes.Add(leftovers);
                RequestOp group = EtcdStore.Put(keys.Group(ship, append.Last.Number, EventGroup.LengthOf(append)), EventGroup.ToBytes(append, state.HeadTotal));
                EtcdState next = state.WithoutStaged() with { Head = after.Head, HeadTotal = checked(state.HeadTotal + append.Size) };
                return (new EtcdChange(next, [group], deletes), WriteOutcome.Committed.Instance);
            },
            () => room.RefreshAsync(cancel),
            cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentOutOfRangeException.ThrowIfLessThan(stage.FirstIndex, 1, nameof(stage));
        await room.KeepFreshAsync(cancel);
        return await WriteAsync(
            state =>
            {
                if (LogRules.Decide(state.Log, stage) is { } outcome)
                    return (null, outcome);
                // One event at a time has fragments: another's are of an attempt that was given up.
                bool isAnother = state.Staged != stage.Number;
                EtcdState next = state with { Staged = stage.Number, Lengths = Lengths(isAnother ? [] : state.Lengths, stage) };
                long bytes = state.Log.Bytes + Math.Max(stage.Size, next.Held - state.Log.Bytes);
                if (room.Check(ship, bytes, state.Rows + 1, Math.Max(stage.Size, stage.Fragments.Sum(static fragment => (long)fragment.Length))) is { } refusal)
                    throw refusal;
                RequestOp[] puts = [.. stage.Fragments.Select((bytes, i) => EtcdStore.Put(keys.Fragment(ship, stage.Number, stage.FirstIndex + i), bytes))];
                return (new EtcdChange(next, puts, isAnother ? AllStaged(state) : []), WriteOutcome.Committed.Instance);
            },
            () => room.RefreshAsync(cancel),
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static int[] Lengths(IReadOnlyList<int> before, Stage stage)
    {
        int[] lengths = new int[Math.Max(before.Count, stage.FirstIndex - 1 + stage.Fragments.Count)];
        for (int i = 0; i < before.Count; i++)
            lengths[i] = before[i];
        for (int i = 0; i < stage.Fragments.Count; i++)
            lengths[stage.FirstIndex - 1 + i] = stage.Fragments[i].Length;
        return lengths;
    }

    private async ValueTask<WriteOutcome> WriteAsync(
        Func<EtcdState, (EtcdChange? Change, WriteOutcome Answer)> decide, Func<ValueTask>? refresh, CancellationToken cancel)
    {
        try
        {
            return await writer.ChangeAsync(decide, refresh, cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            return new WriteOutcome.Unknown(unknown.Message);
        }
    }

    /// <summary>All that is staged.</summary>
    private IReadOnlyList<DeleteRangeRequest> AllStaged(EtcdState state)
    {
        if (state.Staged == EventNumber.None)
            return [];
        ByteString staged = keys.Fragments(ship, state.Staged);
        return [new DeleteRangeRequest { Key = staged, RangeEnd = EtcdKeys.EndOf(staged) }];
    }

    /// <summary>The staged fragments that an append does not use: more than its event has, or another event's.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Conflict"/>: those that it needs are not there.</exception>
    private DeleteRangeRequest? Leftovers(EtcdState state, Append append)
    {
        foreach (NewEvent added in append.Events)
        {
            long missing = added.Size - added.Bytes.Length;
            if (missing == 0)
                continue;
            int used = 0;
            long bytes = 0;
            if (added.Number == state.Staged)
            {
                while (bytes < missing && used < state.Lengths.Count && state.Lengths[used] > 0)
                    bytes += state.Lengths[used++];
            }
            if (bytes != missing)
            {
                throw new SeguroException(
                    ErrorCode.Conflict,
                    $"event {added.Number} of {ship} can't be appended: of the {missing:N0} bytes that must be staged before it, {bytes:N0} are there, or another attempt has written over some",
                    "Nothing was written. Append the event again from its start.");
            }
            return used == state.Lengths.Count ? null : new DeleteRangeRequest
            {
                Key = keys.Fragment(ship, added.Number, used + 1),
                RangeEnd = EtcdKeys.EndOf(keys.Fragments(ship, added.Number)),
            };
        }
        return AllStaged(state) is [var all] ? all : null;
    }
}

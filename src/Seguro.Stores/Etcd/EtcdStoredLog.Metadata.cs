using Google.Protobuf;
using Seguro.Core;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

sealed partial class EtcdStoredLog
{
    /// <summary>How many keys one step of trimming deletes.</summary>
    private const int TrimStep = 512;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel)
    {
        ByteString all = keys.Metadata(ship);
        RangeResponse found = await client.RangeAsync(new RangeRequest { Key = all, RangeEnd = EtcdKeys.EndOf(all) }, cancel);
        return found.Kvs.ToDictionary(pair => EtcdKeys.After(all, pair.Key), static pair => pair.Value.Memory);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        ByteString name = keys.Metadata(ship, key);
        try
        {
            return await writer.ChangeAsync<WriteOutcome>(
                (state, pair) =>
                {
                    ReadOnlyMemory<byte>? current = pair is null ? (ReadOnlyMemory<byte>?)null : pair.Value.Memory;
                    if (LogRules.DecideMetadata(state.Log, term, current, expected, value) is { } outcome)
                        return (null, outcome);
                    return (new EtcdChange(state, [EtcdStore.Put(name, value)], []), WriteOutcome.Committed.Instance);
                },
                name,
                cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            return new WriteOutcome.Unknown(unknown.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(first, EventNumber.None);
        (Chain Chain, long Total)? last = null;
        EventNumber start = EventNumber.None;
        async ValueTask FindLast() => last = await FindAsync(first.Previous, cancel);
        await FindLast();
        WriteOutcome outcome = await WriteAsync(
            state =>
            {
                start = state.First;
                if (LogRules.DecideTrim(state.Log, term, first) is { } decided)
                    return (null, decided);
                start = first;
                bool isAll = first.Previous == state.Head.Number;
                (Chain chain, long total) = isAll ? (state.Head.Chain, state.HeadTotal) : last ?? throw Missing(first.Previous);
                return (new EtcdChange(state with { Base = new Position(first.Previous, chain), BaseTotal = total }), WriteOutcome.Committed.Instance);
            },
            FindLast,
            cancel);
        if (outcome is not WriteOutcome.Committed)
            return outcome;
        try
        {
            await DeleteAsync(keys.Groups(ship), keys.GroupFrom(ship, start), cancel);
            await DeleteAsync(keys.Fragments(ship), keys.Fragments(ship, start), cancel);
            await writer.CompactAsync(cancel);
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

    /// <summary>Deletes in steps, so that appends come between. It needs no condition: what lies below the base never comes back.</summary>
    private async ValueTask DeleteAsync(ByteString from, ByteString end, CancellationToken cancel)
    {
        while (true)
        {
            RangeResponse step = await client.RangeAsync(new RangeRequest { Key = from, RangeEnd = end, Limit = TrimStep, KeysOnly = true }, cancel);
            if (step.Kvs.Count == 0)
                return;
            await client.DeleteAsync(from, Behind(step.Kvs[^1].Key), cancel);
            if (!step.More)
                return;
        }
    }

    private SeguroException Missing(EventNumber number) => new(
        ErrorCode.Corrupt, $"event {number} of {ship} is missing in etcd", "Nothing was trimmed. Restore the log from another member or from a backup; `seguro log verify` checks every event.");
}

using System.Runtime.CompilerServices;
using Google.Protobuf;
using Seguro.Core;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

sealed partial class EtcdStoredLog
{
    /// <summary>How many groups one reading of names looks at.</summary>
    private const int NamesAtOnce = 1024;

    /// <summary>How many groups are read without a look at their lengths: at their largest, few enough.</summary>
    private const int GroupsUnseen = 3;

    /// <summary>How many bytes of groups are read at once, beside the first group.</summary>
    private const int BytesAtOnce = 1 << 20;

    private static readonly TimeSpan LongestWatch = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        EventNumber next = from == EventNumber.None ? from.Next : from;
        Queue<ByteString> names = [];
        while (next <= to)
        {
            RangeRequest range;
            if (to - next < GroupsUnseen)
            {
                names.Clear();
                range = new RangeRequest { Key = keys.GroupFrom(ship, next), RangeEnd = EtcdKeys.EndOf(keys.Groups(ship)), Limit = GroupsUnseen };
            }
            else
            {
                if (names.Count == 0 && !await FindNamesAsync(names, next, cancel))
                    yield break;
                range = TakeNames(names);
            }
            (EtcdState state, IReadOnlyList<EventGroup> groups) = await ReadGroupsAsync(range, cancel);
            if (groups.Count == 0 && names.Count == 0)
                yield break;
            foreach (EventGroup group in groups)
            {
                foreach (NewEvent stored in group.Events())
                {
                    if (stored.Number < next || stored.Number < state.First || stored.Number > to)
                        continue;
                    yield return new StoredFragment(stored.Number, 0, stored.Size, stored.Chain, stored.Bytes);
                    long missing = stored.Size - stored.Bytes.Length;
                    for (int index = 1; missing > 0; index++)
                    {
                        RangeResponse found = await client.RangeAsync(new RangeRequest { Key = keys.Fragment(ship, stored.Number, index) }, cancel);
                        if (found.Kvs.Count == 0)
                            yield break;
                        ReadOnlyMemory<byte> bytes = found.Kvs[0].Value.Memory;
                        yield return new StoredFragment(stored.Number, index, stored.Size, stored.Chain, bytes);
                        missing -= bytes.Length;
                    }
                }
                if (group.Last >= to)
                    yield break;
                if (group.Last >= next)
                    next = group.Last.Next;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => (await FindAsync(number, cancel))?.Chain;

    /// <inheritdoc/>
    public async ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel)
    {
        while (true)
        {
            (EtcdState state, long revision) = await writer.ReadAsync(cancel);
            if (state.Head.Number > number)
                return;
            await client.WatchAsync(
                keys.State(ship), revision, pair => EtcdStore.Read(pair, static bytes => EtcdState.Parse(bytes.Span)).Head.Number > number, LongestWatch, cancel);
        }
    }

    /// <summary>The name that follows a name: the end of a range that has it as its last.</summary>
    private static ByteString Behind(ByteString key) => ByteString.CopyFrom([.. key.Span, 0]);

    /// <summary>Takes the names of the groups that are read next: all of them together a bounded number of bytes.</summary>
    private static RangeRequest TakeNames(Queue<ByteString> names)
    {
        ByteString first = names.Peek();
        ByteString last = first;
        for (long bytes = 0; names.TryPeek(out ByteString? name); last = names.Dequeue())
        {
            bytes += EtcdKeys.GroupLength(name);
            if (bytes > BytesAtOnce && name != first)
                break;
        }
        return new RangeRequest { Key = first, RangeEnd = Behind(last) };
    }

    private async ValueTask<bool> FindNamesAsync(Queue<ByteString> names, EventNumber next, CancellationToken cancel)
    {
        RangeResponse found = await client.RangeAsync(
            new RangeRequest { Key = keys.GroupFrom(ship, next), RangeEnd = EtcdKeys.EndOf(keys.Groups(ship)), Limit = NamesAtOnce, KeysOnly = true }, cancel);
        foreach (KeyValue pair in found.Kvs)
            names.Enqueue(pair.Key);
        return names.Count > 0;
    }

    /// <summary>Reads groups and the state of the same moment: what the state says is trimmed is not there, whatever lies about.</summary>
    private async ValueTask<(EtcdState State, IReadOnlyList<EventGroup> Groups)> ReadGroupsAsync(RangeRequest range, CancellationToken cancel)
    {
        TxnResponse answer = await client.ReadAsync(
            new TxnRequest { Success = { new RequestOp { Range = new RangeRequest { Key = keys.State(ship) } }, new RequestOp { Range = range } } }, cancel);
        EtcdState state = writer.Parse(answer.Responses[0].Range.Kvs).State;
        return (state, [.. answer.Responses[1].Range.Kvs.Select(static pair => EtcdStore.Read(pair, EventGroup.Parse))]);
    }

    /// <summary>The chain at an event, and the sum of all payloads up to it; the base's are known, too.</summary>
    private async ValueTask<(Chain Chain, long Total)?> FindAsync(EventNumber number, CancellationToken cancel)
    {
        (EtcdState state, IReadOnlyList<EventGroup> groups) = await ReadGroupsAsync(
            new RangeRequest { Key = keys.GroupFrom(ship, number), RangeEnd = EtcdKeys.EndOf(keys.Groups(ship)), Limit = 1 }, cancel);
        if (number == state.Base.Number)
            return (state.Base.Chain, state.BaseTotal);
        if (number < state.Base.Number || groups.Count == 0)
            return null;
        long total = groups[0].TotalBefore;
        foreach (NewEvent stored in groups[0].Events())
        {
            total += stored.Size;
            if (stored.Number == number)
                return (stored.Chain, total);
        }
        return null;
    }
}

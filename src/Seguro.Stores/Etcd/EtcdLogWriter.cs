using Google.Protobuf;
using Seguro.Core;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>What a write is to do to a log, decided on a state.</summary>
/// <param name="State">The state after it.</param>
/// <param name="Puts">What is put beside the state.</param>
/// <param name="Deletes">The ranges that are deleted; no key that is put may lie in one.</param>
sealed record EtcdChange(EtcdState State, IReadOnlyList<RequestOp> Puts, IReadOnlyList<DeleteRangeRequest> Deletes)
{
    /// <summary>A change of the state alone.</summary>
    public EtcdChange(EtcdState state)
        : this(state, [], [])
    {
    }
}

/// <summary>The writes to one ship's log: one after the other, each decided on a state and committed only if the log still is in that state.</summary>
/// <remarks>The state of the last write is kept, so that the next one begins with its transaction. It is never the ground for saying no: that takes a state that was just read.</remarks>
sealed class EtcdLogWriter(EtcdClient client, EtcdKeys keys, Ship ship) : IDisposable
{
    private const int Tries = 32;

    /// <summary>After so many writes etcd is told to forget what keys were before; else every append would leave an old state behind for ever.</summary>
    private const int WritesBetweenCompactions = 4096;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private (EtcdState State, long Revision)? _known;
    private KeyValue? _also;
    private int _writes;

    /// <summary>The state by a linearizable read, and the revision in which it came to be.</summary>
    public async ValueTask<(EtcdState State, long Revision)> ReadAsync(CancellationToken cancel) =>
        Parse((await client.RangeAsync(new RangeRequest { Key = keys.State(ship) }, cancel)).Kvs);

    /// <summary>Decides and commits.</summary>
    /// <param name="decide">
    /// Says for a state what to do, or what the answer is without doing anything. An answer without a change, or an exception, is not taken where the state was not just read: then
    /// it is asked again.
    /// </param>
    /// <param name="refresh">Called before it is asked again; whatever it looks at beside the state is to be read again, too.</param>
    /// <param name="cancel">Ends it; what is under way may still happen.</param>
    /// <typeparam name="T">The answer.</typeparam>
    /// <returns>The answer, where <paramref name="decide"/> gave one without a change or for the change that was committed.</returns>
    /// <exception cref="UnknownOutcomeException">It may have happened.</exception>
    /// <exception cref="SeguroException">It did not happen.</exception>
    public ValueTask<T> ChangeAsync<T>(Func<EtcdState, (EtcdChange? Change, T Answer)> decide, Func<ValueTask>? refresh, CancellationToken cancel) =>
        ChangeAsync((state, _) => decide(state), null, refresh, cancel);

    /// <summary>Decides and commits, on the state and the value of one more key, both of the same moment.</summary>
    public ValueTask<T> ChangeAsync<T>(Func<EtcdState, KeyValue?, (EtcdChange? Change, T Answer)> decide, ByteString also, CancellationToken cancel) =>
        ChangeAsync(decide, also, null, cancel);

    /// <summary>Lets etcd forget the past of all keys up to the last write.</summary>
    public async ValueTask CompactAsync(CancellationToken cancel)
    {
        if (_known is not { Revision: var revision })
            return;
        _writes = 0;
        await client.CompactAsync(revision, cancel);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async ValueTask<T> ChangeAsync<T>(
        Func<EtcdState, KeyValue?, (EtcdChange? Change, T Answer)> decide, ByteString? also, Func<ValueTask>? refresh, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            bool isFresh = false;
            if (also is not null)
                _known = null;
            for (int i = 0; i < Tries; i++)
            {
                if (_known is null)
                {
                    await ReadAsync(also, cancel);
                    isFresh = true;
                }
                (EtcdState state, long revision) = _known!.Value;
                (EtcdChange? Change, T Answer) step;
                try
                {
                    step = decide(state, _also);
                }
                catch (SeguroException) when (!isFresh)
                {
                    step = default;
                }
                if (step.Change is null)
                {
                    if (isFresh)
                        return step.Answer;
                    if (refresh is not null)
                        await refresh();
                    _known = null;
                    continue;
                }
                if (await CommitAsync(step.Change, revision, also, cancel))
                    return step.Answer;
                isFresh = refresh is null; // the answer had the state in force with it
            }
            throw new UnknownOutcomeException(new InvalidOperationException($"other writers came between {Tries} times"));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Commits a change if the state key still has this revision. Afterwards the state in force is known.</summary>
    private async ValueTask<bool> CommitAsync(EtcdChange change, long revision, ByteString? also, CancellationToken cancel)
    {
        ByteString key = keys.State(ship);
        TxnRequest request = new()
        {
            Compare = { new Compare { Target = Compare.Types.Target.Mod, Key = key, ModRevision = revision } },
        };
        request.Failure.AddRange(Reads(also));
        request.Success.AddRange(change.Puts);
        request.Success.AddRange(change.Deletes.Select(static range => new RequestOp { DeleteRange = range }));
        request.Success.Add(EtcdStore.Put(key, change.State.ToBytes()));
        TxnResponse answer;
        try
        {
            answer = await client.WriteAsync(request, cancel);
        }
        catch (EtcdNoSpaceException full)
        {
            await LookAfterAsync(full, also, cancel);
            // The same revision: not done, and not on its way. Another one: whether by this change, the next decision on the new state tells.
            return _known!.Value.Revision == revision ? throw EtcdStore.DiskFull(full) : false;
        }
        if (!answer.Succeeded)
        {
            Take(answer);
            return false;
        }
        _known = (change.State, answer.Header.Revision);
        if (++_writes >= WritesBetweenCompactions)
            await CompactAsync(cancel);
        return true;
    }

    private async ValueTask LookAfterAsync(EtcdNoSpaceException full, ByteString? also, CancellationToken cancel)
    {
        try
        {
            await ReadAsync(also, cancel);
        }
        catch (SeguroException)
        {
            throw new UnknownOutcomeException(full);
        }
    }

    private async ValueTask ReadAsync(ByteString? also, CancellationToken cancel)
    {
        TxnRequest request = new();
        request.Success.AddRange(Reads(also));
        Take(await client.ReadAsync(request, cancel));
    }

    private IEnumerable<RequestOp> Reads(ByteString? also)
    {
        yield return new RequestOp { Range = new RangeRequest { Key = keys.State(ship) } };
        if (also is not null)
            yield return new RequestOp { Range = new RangeRequest { Key = also } };
    }

    private void Take(TxnResponse answer)
    {
        _also = answer.Responses.Count > 1 ? answer.Responses[1].Range.Kvs.FirstOrDefault() : null;
        _known = Parse(answer.Responses[0].Range.Kvs);
    }

    /// <summary>The state that was found at its key.</summary>
    /// <exception cref="SeguroException">There is none, or it is corrupt.</exception>
    public (EtcdState State, long Revision) Parse(IReadOnlyList<KeyValue> found) => found.Count > 0
        ? (EtcdStore.Read(found[0], static bytes => EtcdState.Parse(bytes.Span)), found[0].ModRevision)
        : throw new SeguroException(ErrorCode.NoSuchLog, $"the log of {ship} is not in etcd any more", "See that this is the cluster, and the prefix, that it was opened in.");
}

using Google.Protobuf;
using Grpc.Core;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>Speaks with an etcd cluster: with its leader where that can be reached, else with any member, which passes on to the leader.</summary>
/// <remarks>
/// <para>Every call is linearizable: reads are confirmed by a majority, and a member that is cut off answers none. (A call that carries <c>hasleader</c> fails at once where the
/// member knows of no leader.)</para>
/// <para>Threading: all members may be called at the same time.</para>
/// </remarks>
sealed class EtcdClient : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);
    private static readonly Metadata RequireLeader = new() { { "hasleader", "true" } };

    private readonly EtcdMember[] _members;
    private readonly ClusterCertificates? _certificates;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private volatile EtcdMember _best;
    private ulong _raftTerm;
    private volatile bool _isStale = true;
    private volatile bool _isClosed;

    /// <summary>Makes the client; nothing is connected yet.</summary>
    /// <param name="addresses">The members that the URL names.</param>
    /// <param name="certificates">For TLS, and disposed of with the client; <see langword="null"/>: plain.</param>
    /// <param name="patience">How long a call may take, with all its tries.</param>
    /// <param name="time">The clock for waiting.</param>
    public EtcdClient(IReadOnlyList<HostAddress> addresses, ClusterCertificates? certificates, TimeSpan patience, TimeProvider time)
    {
        _certificates = certificates;
        _patience = patience;
        _time = time;
        _members = [.. addresses.Select(address => new EtcdMember(address, certificates, TryTime))];
        _best = _members[0];
    }

    private TimeSpan TryTime => _patience / 3 < LongestTry ? _patience / 3 : LongestTry;

    private string Where => string.Join(',', _members.Select(static member => member.Address.ToString()));

    /// <summary>One read, which sees all that was committed before it began.</summary>
    /// <exception cref="SeguroException">It can't be read, or not now.</exception>
    public ValueTask<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancel) =>
        RepeatAsync((member, options) => member.Kv.RangeAsync(request, options), static answer => answer.Header, isWrite: false, cancel);

    /// <summary>Several reads of one moment, which see all that was committed before it began.</summary>
    /// <exception cref="SeguroException">It can't be read, or not now.</exception>
    public ValueTask<TxnResponse> ReadAsync(TxnRequest request, CancellationToken cancel) =>
        RepeatAsync((member, options) => member.Kv.TxnAsync(request, options), static answer => answer.Header, isWrite: false, cancel);

    /// <summary>A conditional write. It is repeated as it is while the outcome is unclear, so its condition must be one that it undoes itself.</summary>
    /// <exception cref="UnknownOutcomeException">It may have happened, or may still happen.</exception>
    /// <exception cref="EtcdNoSpaceException">The quota is passed: look whether it happened; it is not on its way any more.</exception>
    /// <exception cref="SeguroException">It did not happen.</exception>
    public ValueTask<TxnResponse> WriteAsync(TxnRequest request, CancellationToken cancel) =>
        RepeatAsync((member, options) => member.Kv.TxnAsync(request, options), static answer => answer.Header, isWrite: true, cancel);

    /// <summary>Deletes a range of keys. Repeating it must be harmless.</summary>
    public ValueTask<DeleteRangeResponse> DeleteAsync(ByteString from, ByteString end, CancellationToken cancel) => RepeatAsync(
        (member, options) => member.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = from, RangeEnd = end }, options), static answer => answer.Header, isWrite: true, cancel);

    /// <summary>Lets etcd forget what keys were before a revision; says nothing where it can't: that is tidiness only.</summary>
    public async ValueTask CompactAsync(long revision, CancellationToken cancel)
    {
        try
        {
            await _best.Kv.CompactAsync(new CompactionRequest { Revision = revision }, Options(TryTime, cancel));
        }
        catch (RpcException)
        {
            // Done by another already, or the cluster has other worries; the next time will do.
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>How many members vote.</summary>
    public async ValueTask<int> CountVotersAsync(CancellationToken cancel)
    {
        MemberListResponse answer = await RepeatAsync(
            static (member, options) => member.Cluster.MemberListAsync(new MemberListRequest(), options), static _ => null, isWrite: false, cancel);
        return answer.Members.Count(static member => !member.IsLearner);
    }

    /// <summary>
    /// Returns when a key has got a value since a revision that <paramref name="isIt"/>, or after <paramref name="longest"/>, or when the watch broke: look for yourself.
    /// </summary>
    public async ValueTask WatchAsync(ByteString key, long since, Func<KeyValue, bool> isIt, TimeSpan longest, CancellationToken cancel)
    {
        try
        {
            using AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call = _best.Watch.Watch(Options(longest, cancel));
            await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = key, StartRevision = since + 1 } }, cancel);
            while (await call.ResponseStream.MoveNext(cancel))
            {
                WatchResponse heard = call.ResponseStream.Current;
                if (heard.Canceled || heard.Events.Any(change => isIt(change.Kv)))
                    return;
            }
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException) // the latter: a stream that ended before the request was written
        {
            cancel.ThrowIfCancellationRequested();
            if (error is not RpcException { StatusCode: StatusCode.DeadlineExceeded })
            {
                _isStale = true;
                await Task.Delay(Pause, _time, cancel);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        foreach (EtcdMember member in _members)
            member.Dispose();
        _certificates?.Dispose();
        return ValueTask.CompletedTask;
    }

    private CallOptions Options(TimeSpan longest, CancellationToken cancel) => new(RequireLeader, _time.GetUtcNow().UtcDateTime + longest, cancel);

    private async ValueTask<T> RepeatAsync<T>(
        Func<EtcdMember, CallOptions, AsyncUnaryCall<T>> call, Func<T, ResponseHeader?> header, bool isWrite, CancellationToken cancel)
    {
        long start = _time.GetTimestamp();
        bool mayHaveWritten = false;
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_isStale)
                await FindBestAsync(cancel);
            EtcdMember member = _best;
            try
            {
                using AsyncUnaryCall<T> under = call(member, Options(TryTime, cancel));
                T answer = await under.ResponseAsync;
                if (header(answer) is { } stamp && stamp.RaftTerm != Volatile.Read(ref _raftTerm))
                    _isStale = true; // another leader: the next call looks who
                return answer;
            }
            catch (RpcException error)
            {
                cancel.ThrowIfCancellationRequested();
                _isStale = true;
                EtcdFailure failure = EtcdFailures.Of(error);
                if (failure is EtcdFailure.Refused)
                    throw mayHaveWritten ? new UnknownOutcomeException(error) : EtcdFailures.Refusal(error, member.Address.ToString());
                if (failure is EtcdFailure.NoSpace)
                    throw mayHaveWritten ? new UnknownOutcomeException(error) : new EtcdNoSpaceException(error);
                mayHaveWritten |= isWrite && failure is EtcdFailure.Unclear;
                if (_time.GetElapsedTime(start) >= _patience)
                    throw mayHaveWritten ? new UnknownOutcomeException(Unavailable(error)) : Unavailable(error);
                await Task.Delay(Pause, _time, cancel);
            }
        }
    }

    /// <summary>Asks all members how they are, and takes the leader, or one that knows of a leader; the next one in turn where none answers.</summary>
    private async ValueTask FindBestAsync(CancellationToken cancel)
    {
        if (_members.Length == 1)
        {
            _isStale = false;
            return;
        }
        StatusResponse?[] answers = await Task.WhenAll(_members.Select(member => LookAsync(member, cancel)));
        cancel.ThrowIfCancellationRequested();
        int best = -1;
        for (int i = 0; i < answers.Length; i++)
        {
            if (answers[i] is { Leader: not 0 } answer && (best < 0 || Rank(answer).CompareTo(Rank(answers[best]!)) > 0))
                best = i;
        }
        if (best < 0)
        {
            _best = _members[(Array.IndexOf(_members, _best) + 1) % _members.Length];
            return; // still not known: the next call looks again
        }
        _isStale = false;
        Volatile.Write(ref _raftTerm, answers[best]!.RaftTerm);
        _best = _members[best];
    }

    /// <summary>A leader that was cut off still takes itself for one, in an older term.</summary>
    private static (ulong Term, bool Leads) Rank(StatusResponse answer) => (answer.RaftTerm, answer.Leader == answer.Header.MemberId);

    private async Task<StatusResponse?> LookAsync(EtcdMember member, CancellationToken cancel)
    {
        try
        {
            TimeSpan longest = TryTime < LongestLook ? TryTime : LongestLook;
            return await member.Maintenance.StatusAsync(new StatusRequest(), new CallOptions(null, _time.GetUtcNow().UtcDateTime + longest, cancel));
        }
        catch (RpcException)
        {
            return null;
        }
    }

    private SeguroException Unavailable(RpcException error) => new(
        ErrorCode.StoreUnavailable,
        $"etcd at {Where} did not answer within {_patience.TotalSeconds:0.#} s: {EtcdFailures.Text(error)}",
        "See that a majority of etcd's members runs and can be reached from here (etcdctl endpoint health); then repeat.",
        error);
}

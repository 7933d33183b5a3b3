using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Sdk;

/// <summary>The right to append to a log, under one term, for as long as the lease is kept. It is renewed in the background.</summary>
/// <remarks>
/// <para>Threading: all members may be called at the same time, from any thread. Appends are committed in the order of the calls; those that come while one is under way go in together, in one
/// transaction. A store on this machine may commit on the caller's thread, before the call returns its task.</para>
/// <para>Durability: an append whose task has ended well is committed, as <see cref="StoreFacts.CommitMeans"/> says.</para>
/// <para>Errors: an append that fails ends the writer, since what was to come after it would take its place: all appends behind it fail with the same error. The exceptions change
/// nothing, and nothing is written: an event that is too large (<see cref="ErrorCode.TooLarge"/>), a full queue (<see cref="ErrorCode.QueueFull"/>), another number than asked for
/// (<see cref="ErrorCode.Conflict"/>). After the end, campaign again, and read what the log has: an append of unknown outcome may be in.</para>
/// </remarks>
public sealed class SeguroWriter : IAsyncDisposable
{
    private readonly EventLog _log;
    private readonly WriterLease _lease;
    private readonly AppendQueue _queue;
    private int _isDisposed;

    internal SeguroWriter(EventLog log, WriterLease lease, Position head, SeguroLogOptions options)
    {
        _log = log;
        _lease = lease;
        _queue = new AppendQueue(log, lease, head, options);
    }

    /// <summary>The term that every write of this writer carries.</summary>
    public ulong Term => _lease.Term.Value;

    /// <summary>The last event that is committed, as far as this writer knows.</summary>
    public ulong Head => _queue.Head;

    /// <summary>
    /// Cancelled when another is the writer, or may be: release no effect after that, and write nothing. Callbacks on it run on a thread of the pool, and must be short.
    /// </summary>
    public CancellationToken Lost => _lease.Lost;

    internal bool IsDisposed => Volatile.Read(ref _isDisposed) != 0;

    /// <summary>Appends an event. Its number.</summary>
    /// <param name="payload">Its bytes, read until the task ends: not to be changed before.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.TooLarge"/>, <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.OutcomeUnknown"/> …</exception>
    public Task<ulong> AppendAsync(ReadOnlyMemory<byte> payload) => _queue.AppendAsync(0, [payload]);

    /// <summary>Appends events, in order. The last one's number.</summary>
    /// <remarks>What fits in one transaction of the store goes in whole or not at all; of more than that, a failure may leave a beginning.</remarks>
    /// <param name="payloads">Their bytes, read until the task ends: not to be changed before. None: nothing happens.</param>
    /// <exception cref="SeguroException">As the other.</exception>
    public Task<ulong> AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> payloads) => _queue.AppendAsync(0, payloads);

    /// <summary>Appends events of which the first must get this number: for a runtime that numbers its events itself.</summary>
    /// <param name="first">The number that the first must get; with any other, nothing is written (<see cref="ErrorCode.Conflict"/>).</param>
    /// <param name="payloads">As in the other.</param>
    /// <exception cref="SeguroException">As the other; <see cref="ErrorCode.Conflict"/>.</exception>
    public Task<ulong> AppendAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> payloads)
    {
        ArgumentOutOfRangeException.ThrowIfZero(first);
        return _queue.AppendAsync(first, payloads);
    }

    /// <summary>Appends one event of any size whose bytes come in pieces, in memory that does not grow with it (except in <c>lmdb</c>). Its number.</summary>
    /// <remarks>It becomes visible at once, with its last piece. Where the pieces fail or end early, nothing is visible, and the writer goes on.</remarks>
    /// <param name="size">The size of the event, in bytes.</param>
    /// <param name="pieces">The bytes in order; each piece is read before the next is asked for.</param>
    /// <exception cref="SeguroException">As the other.</exception>
    /// <exception cref="InvalidOperationException">The pieces are more or fewer bytes than <paramref name="size"/>.</exception>
    public Task<ulong> AppendAsync(long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        return _queue.AppendAsync(0, size, pieces);
    }

    /// <summary>Says that the effects of all events up to this one are out: the watermark by which a later writer knows which to release again.</summary>
    /// <remarks>A write of its own, durable when it returns; it never goes back. Once for many events is enough: what is above it at a takeover is released twice.</remarks>
    /// <param name="number">The event's number; it must be committed.</param>
    /// <param name="cancel">Ends it; it may then be recorded or not.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BeyondHead"/>, <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.OutcomeUnknown"/>; what the store says.</exception>
    public async Task ReleaseAsync(ulong number, CancellationToken cancel = default)
    {
        if (number > Head)
            throw new SeguroException(ErrorCode.BeyondHead, $"event {number} of {_log.Ship} is not committed, so none of its effects may be out", "Wait for its append first.");
        await SetAsync(MetadataKey.Released, LogRecords.Write(number), old => LogRecords.Read(old, MetadataKey.Released) >= number, cancel);
    }

    /// <summary>Sets a value of the log's metadata.</summary>
    /// <param name="key">1 to 64 of <c>a-z 0-9 . -</c>, and none that is Seguro's own.</param>
    /// <param name="value">At most 65,536 bytes.</param>
    /// <param name="cancel">Ends it; it may then be set or not.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>, <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.OutcomeUnknown"/>; what the store says.</exception>
    public Task SetMetadataAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        LogRecords.CheckKey(key, value);
        return SetAsync(key, value, old => old.TryGetValue(key, out ReadOnlyMemory<byte> now) && now.Span.SequenceEqual(value.Span), cancel);
    }

    /// <summary>Waits for the appends that were begun, and gives the lease back, so that another can be the writer at once. Errors are not reported.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _queue.EndAsync();
        await _lease.DisposeAsync();
    }

    internal Task<ulong> AppendAtAsync(ulong first, long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces) => _queue.AppendAsync(first, size, pieces);

    internal Task<ulong> AppendAtAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> payloads, bool aside) => _queue.AppendAsync(first, payloads, aside);

    private async Task SetAsync(string key, ReadOnlyMemory<byte> value, Func<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>, bool> isThere, CancellationToken cancel)
    {
        string cause = "";
        for (int attempt = 0; attempt < EventLog.Attempts; attempt++)
        {
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await _log.Stored.ReadMetadataAsync(cancel);
            if (cause.Length == 0 && isThere(metadata))
                return; // after an unknown outcome only a write proves what a plain read shows
            ReadOnlyMemory<byte>? expected = metadata.TryGetValue(key, out ReadOnlyMemory<byte> old) ? old : (ReadOnlyMemory<byte>?)null;
            switch (await _log.Stored.SetMetadataAsync(_lease.Term, key, expected, value, cancel))
            {
                case WriteOutcome.Committed:
                    return;
                case WriteOutcome.Conflict:
                    break; // the plain read was old
                case WriteOutcome.Unknown unknown:
                    cause = unknown.Cause;
                    break;
                case { } other:
                    throw AppendQueue.Failure(_log.Ship, other, new EventNumber(Head));
            }
        }
        throw new SeguroException(ErrorCode.OutcomeUnknown, $"nobody knows whether '{key}' was written to the log of {_log.Ship}: {cause}", "Write it again: that is safe.");
    }
}

using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Sdk;

/// <summary>
/// The appends of one writer, in the order in which they came: one group is under way at a time, and what comes meanwhile is the next group.
/// </summary>
/// <remarks>
/// Whoever finds nothing under way commits for itself, on its own thread, so that a lone append pays for no change of threads; what waited behind it goes on on the pool. Bounded by
/// <see cref="SeguroLogOptions.MostWaiting"/> and <see cref="SeguroLogOptions.MostWaitingBytes"/>.
/// Invariant: once an append has failed, none behind it is ever written.
/// </remarks>
internal sealed class AppendQueue(EventLog log, WriterLease lease, Position head, SeguroLogOptions options)
{
    private readonly Lock _lock = new();
    private readonly Queue<AppendRequest> _waiting = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Position _head = head;
    private ulong _promised = head.Number.Value;
    private long _bytes;
    private bool _isRunning;
    private bool _isEnding;
    private SeguroException? _broken;

    /// <summary>The last committed event.</summary>
    public ulong Head
    {
        get
        {
            lock (_lock)
                return _head.Number.Value;
        }
    }

    /// <summary>Appends whole events; the last one's number.</summary>
    /// <param name="first">The number that the first must get; 0 for whatever is next.</param>
    /// <param name="payloads">Their bytes.</param>
    /// <param name="aside">Never commit on the caller's thread.</param>
    public Task<ulong> AppendAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> payloads, bool aside = false)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            FragmentPlan.For(payload.Length, log.Capabilities);
            bytes += payload.Length;
        }
        return payloads.Count == 0 ? Task.FromResult(Head) : EnterAsync(new AppendRequest(payloads, bytes), first, aside);
    }

    /// <summary>Appends an event that comes in pieces; its number.</summary>
    public Task<ulong> AppendAsync(ulong first, long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        FragmentPlan.For(size, log.Capabilities);
        return EnterAsync(new AppendRequest(size, pieces), first, aside: false);
    }

    /// <summary>Takes no more, and waits for what was taken.</summary>
    public async Task EndAsync()
    {
        lock (_lock)
        {
            _isEnding = true;
            if (!_isRunning)
                _idle.TrySetResult();
        }
        await _idle.Task;
    }

    /// <summary>What a write that was not committed means to its caller.</summary>
    public static SeguroException Failure(Ship ship, WriteOutcome outcome, EventNumber reached) => outcome switch
    {
        WriteOutcome.Fenced fenced => new(
            ErrorCode.Fenced, $"the log of {ship} is written by another now ({fenced.Current}); committed up to event {reached}",
            "Release nothing of what comes after that event, throw its state away, and follow the log, or campaign again."),
        WriteOutcome.Conflict conflict => new(
            ErrorCode.Conflict, $"the log of {ship} is at {conflict.Current.Head.Position}, not at event {reached}", "Campaign again, and read what the log has."),
        WriteOutcome.Refused refused => new(ErrorCode.DiskFull, $"the store does not take what follows event {reached} of {ship}: {refused.Cause}", "Make room, then campaign again."),
        WriteOutcome.Unknown unknown => new(
            ErrorCode.OutcomeUnknown, $"it is not known whether what follows event {reached} of {ship} was committed: {unknown.Cause}",
            "Campaign again, and read what the log has, before anything is appended again."),
        _ => new(ErrorCode.Unexpected, $"the store of {ship} said {outcome}", "Report this."),
    };

    private Task<ulong> EnterAsync(AppendRequest request, ulong first, bool aside)
    {
        bool mine;
        lock (_lock)
        {
            if (_broken is { } broken)
                return Task.FromException<ulong>(broken);
            ObjectDisposedException.ThrowIf(_isEnding, typeof(SeguroWriter));
            if (first != 0 && first != _promised + 1)
            {
                return Task.FromException<ulong>(new SeguroException(
                    ErrorCode.Conflict, $"the next event of {log.Ship} is {_promised + 1}, not {first}", "Nothing was written. Append what comes next in the log."));
            }
            if (_waiting.Count >= options.MostWaiting || (_waiting.Count > 0 && _bytes + request.Bytes > options.MostWaitingBytes))
            {
                return Task.FromException<ulong>(new SeguroException(
                    ErrorCode.QueueFull, $"{_waiting.Count:N0} appends with {_bytes:N0} bytes wait already in the writer of {log.Ship}", "Nothing was written. Wait for some of them first."));
            }
            _promised += request.Count;
            mine = !_isRunning && !aside;
            if (!mine)
            {
                _waiting.Enqueue(request);
                _bytes += request.Bytes;
            }
            if (!_isRunning)
            {
                _isRunning = true;
                if (aside)
                    _ = Task.Run(DrainAsync, CancellationToken.None);
            }
        }
        return mine ? CommitAloneAsync(request) : request.Done.Task;
    }

    private async Task<ulong> CommitAloneAsync(AppendRequest request)
    {
        try
        {
            await CommitAsync([request]);
        }
        finally
        {
            bool more;
            lock (_lock)
                more = !Rest();
            if (more)
                _ = Task.Run(DrainAsync, CancellationToken.None);
        }
        return await request.Done.Task;
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            List<AppendRequest> group = [];
            lock (_lock)
            {
                if (Rest())
                    return;
                Take(group);
            }
            await CommitAsync(group);
        }
    }

    /// <summary>Nothing waits, so nothing is under way any more.</summary>
    private bool Rest()
    {
        if (_waiting.Count > 0)
            return false;
        _isRunning = false;
        if (_isEnding)
            _idle.TrySetResult();
        return true;
    }

    private void Take(List<AppendRequest> group)
    {
        long bytes = 0;
        ulong count = 0;
        while (_waiting.TryPeek(out AppendRequest? next))
        {
            bool fits = next.Pieces is null && count + next.Count <= (ulong)log.Capabilities.LargestGroup && bytes + next.Bytes <= log.Capabilities.LargestTransaction;
            if (group.Count > 0 && !fits)
                return;
            group.Add(_waiting.Dequeue());
            _bytes -= next.Bytes;
            bytes += next.Bytes;
            count += next.Count;
            if (!fits)
                return;
        }
    }

    /// <summary>Never throws: what happens is said to those who wait.</summary>
    private async Task CommitAsync(List<AppendRequest> group)
    {
        Position before;
        SeguroException? broken;
        lock (_lock)
            (before, broken) = (_head, _broken);
        AppendResult result = new(WriteOutcome.Committed.Instance, before);
        Exception? harmless = null;
        AppendRequest[] behind = [];
        try
        {
            if (broken is null && lease.Lost.IsCancellationRequested)
                broken = new SeguroException(ErrorCode.Fenced, $"the lease of {log.Ship} was lost; committed up to event {before.Number}", "Release nothing of what comes after that event; campaign again.");
            if (broken is null)
                result = await AppendAsync(before, group);
            if (!result.IsCommitted)
                broken = Failure(log.Ship, result.Outcome, result.Reached.Number);
        }
        catch (PiecesException error)
        {
            harmless = error.InnerException!;
        }
        catch (Exception error)
        {
            broken = error as SeguroException ?? new SeguroException(ErrorCode.Unexpected, $"appending to the log of {log.Ship} failed: {error.Message}", "Report this.", error);
        }
        lock (_lock)
        {
            _head = result.Reached;
            _broken ??= broken;
            if (harmless is not null)
            {
                behind = [.. _waiting]; // they were to come after an event that does not come
                _waiting.Clear();
                _bytes = 0;
                _promised = _head.Number.Value;
            }
        }
        foreach (AppendRequest request in behind)
        {
            request.Done.SetException(new SeguroException(
                ErrorCode.Conflict, $"the event before this one was not written to the log of {log.Ship}: its pieces failed", "Nothing was written. Append again what still holds."));
        }
        ulong number = before.Number.Value;
        foreach (AppendRequest request in group)
        {
            number += request.Count;
            if (harmless is not null)
                request.Done.SetException(harmless);
            else if (number <= result.Reached.Number.Value)
                request.Done.SetResult(number);
            else
                request.Done.SetException(broken!);
        }
    }

    private ValueTask<AppendResult> AppendAsync(Position before, List<AppendRequest> group)
    {
        AppendRequest first = group[0];
        if (first.Pieces is { } pieces)
            return log.AppendAsync(lease.Term, before, first.Bytes, PiecesException.From(pieces, first.Bytes, CancellationToken.None), CancellationToken.None);
        return log.AppendAsync(lease.Term, before, group.Count == 1 ? first.Payloads : [.. group.SelectMany(static request => request.Payloads)], CancellationToken.None);
    }
}

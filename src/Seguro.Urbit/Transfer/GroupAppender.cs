using System.Buffers;
using Seguro.Core;

namespace Seguro.Urbit.Transfer;

/// <summary>
/// Appends events in groups of bounded size: while one group is on its way to the store, the next is filled. Two groups at the most
/// are in memory, and one event that is larger than a group.
/// </summary>
/// <remarks>Not for two threads at a time. Disposing waits for the append in flight.</remarks>
sealed class GroupAppender : IAsyncDisposable
{
    private const long LargestGroupBytes = 8 << 20;

    private readonly EventLog _log;
    private readonly Term _term;
    private readonly TransferMeter _meter;
    private Group _filling;
    private Group _sent;
    private Task<AppendResult>? _inFlight;

    public GroupAppender(EventLog log, Term term, Position head, TransferMeter meter)
    {
        (_log, _term, _meter, Reached) = (log, term, meter, head);
        int capacity = (int)Math.Min(log.Capabilities.LargestTransaction, LargestGroupBytes);
        _filling = new Group(capacity, log.Capabilities.LargestGroup);
        _sent = new Group(capacity, log.Capabilities.LargestGroup);
    }

    /// <summary>The position up to which the log is certainly committed.</summary>
    public Position Reached { get; private set; }

    /// <summary>Adds the next event. Its bytes are not needed any more when this returns.</summary>
    /// <exception cref="SeguroException">An append failed; nothing after <see cref="Reached"/> may be taken for committed.</exception>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (_filling.TryAdd(payload.Span))
            return;
        if (payload.Length <= _filling.Capacity)
        {
            await SendAsync(cancel);
            _filling.TryAdd(payload.Span);
            return;
        }
        await FlushAsync(cancel);
        Accept(await _log.AppendAsync(_term, Reached, [payload], cancel), payload.Length);
    }

    /// <summary>Returns when all that was added is committed.</summary>
    /// <exception cref="SeguroException">As <see cref="AddAsync"/>.</exception>
    public async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (_filling.Payloads.Count > 0)
            await SendAsync(cancel);
        await WaitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_inFlight is not null)
            await ((Task)_inFlight).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _filling.Dispose();
        _sent.Dispose();
    }

    private async ValueTask SendAsync(CancellationToken cancel)
    {
        await WaitAsync();
        (_filling, _sent) = (_sent, _filling);
        _filling.Clear();
        Position previous = Reached;
        List<ReadOnlyMemory<byte>> payloads = _sent.Payloads;
        // On a thread of its own: the store may compute and write before its first wait.
        _inFlight = Task.Run(() => _log.AppendAsync(_term, previous, payloads, cancel).AsTask(), CancellationToken.None);
    }

    private async ValueTask WaitAsync()
    {
        if (_inFlight is not { } inFlight)
            return;
        AppendResult result = await inFlight;
        _inFlight = null;
        Accept(result, _sent.Bytes);
    }

    private void Accept(AppendResult result, long bytes)
    {
        ulong events = result.Reached.Number - Reached.Number;
        Reached = result.Reached;
        if (result.IsCommitted)
            _meter.Add(events, bytes);
        switch (result.Outcome)
        {
            case WriteOutcome.Fenced fenced:
                throw new SeguroException(
                    ErrorCode.Fenced,
                    $"term {_term} is not the current one any more: {fenced.Current} writes the log of {_log.Ship}",
                    "Find out who does; then campaign anew.");
            case WriteOutcome.Conflict conflict:
                throw new SeguroException(
                    ErrorCode.Conflict,
                    $"somebody else wrote the log of {_log.Ship}: its head is {conflict.Current.Head}",
                    "Find out who does.");
            case WriteOutcome.Unknown unknown:
                throw new SeguroException(
                    ErrorCode.OutcomeUnknown,
                    $"{_log.Capabilities.Engine} did not say whether it committed an append, in {EventLog.Attempts} attempts: {unknown.Cause}",
                    "See that the database is well.");
        }
    }

    /// <summary>Copies of payloads, one after the other in one buffer.</summary>
    private sealed class Group(int capacity, int mostEvents) : IDisposable
    {
        private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
        private int _used;

        public int Capacity => capacity;

        public long Bytes => _used;

        public List<ReadOnlyMemory<byte>> Payloads { get; } = [];

        public bool TryAdd(ReadOnlySpan<byte> payload)
        {
            if (payload.Length > capacity - _used || Payloads.Count == mostEvents)
                return false;
            payload.CopyTo(_buffer.AsSpan(_used));
            Payloads.Add(_buffer.AsMemory(_used, payload.Length));
            _used += payload.Length;
            return true;
        }

        public void Clear()
        {
            Payloads.Clear();
            _used = 0;
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}

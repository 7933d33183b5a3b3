using System.Buffers;
using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>
/// Appends events in groups of bounded size: while one group is on its way to the store, the next is filled and its chains are computed. Two groups at the most
/// are in memory; an event larger than a group goes by in pieces. The first groups are small, so that the store has something to do soon.
/// </summary>
/// <remarks>Not for two threads at a time. Disposing waits for the append in flight.</remarks>
sealed class GroupAppender : IAsyncDisposable
{
    private const long LargestGroupBytes = 8 << 20;
    private const int FirstGroupBytes = 1 << 20;

    private readonly EventLog _log;
    private readonly Term _term;
    private readonly TransferMeter _meter;
    private readonly ChainHasher _hasher = new();
    private Group _filling;
    private Group _sent;
    private Task<AppendResult>? _inFlight;
    private Position _last;
    private int _enough = FirstGroupBytes;

    public GroupAppender(EventLog log, Term term, Position head, TransferMeter meter)
    {
        (_log, _term, _meter, Reached, _last) = (log, term, meter, head, head);
        int capacity = (int)Math.Min(log.Capabilities.LargestTransaction, LargestGroupBytes);
        _filling = new Group(capacity, log.Capabilities.LargestGroup);
        _sent = new Group(capacity, log.Capabilities.LargestGroup);
    }

    /// <summary>The position up to which the log is certainly committed.</summary>
    public Position Reached { get; private set; }

    /// <summary>The largest event that goes into a group; a larger one comes in pieces.</summary>
    public int LargestInGroup => _filling.Capacity;

    /// <summary>Adds the next event, of at most <see cref="LargestInGroup"/> bytes. They are not needed any more when this returns.</summary>
    /// <exception cref="SeguroException">An append failed; nothing after <see cref="Reached"/> may be taken for committed.</exception>
    public async ValueTask AddAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (_filling.Bytes >= _enough || !_filling.HasRoomFor(payload.Length))
        {
            await SendAsync(cancel);
            if (!_filling.HasRoomFor(payload.Length))
                throw new ArgumentException($"An event of {payload.Length} bytes does not fit a group.", nameof(payload));
        }
        EventNumber number = _last.Number.Next;
        _last = new Position(number, _hasher.Next(_last.Chain, number, payload.Span));
        _filling.Add(_last, payload.Span);
    }

    /// <summary>Appends the next event from pieces, when all before it is committed.</summary>
    /// <exception cref="SeguroException">As the other.</exception>
    public async ValueTask AddAsync(long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken cancel)
    {
        await FlushAsync(cancel);
        Accept(await _log.AppendAsync(_term, Reached, size, pieces, cancel), size);
        _last = Reached;
    }

    /// <summary>Returns when all that was added is committed.</summary>
    /// <exception cref="SeguroException">As <see cref="AddAsync"/>.</exception>
    public async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (_filling.Events.Count > 0)
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
        _hasher.Dispose();
    }

    private async ValueTask SendAsync(CancellationToken cancel)
    {
        await WaitAsync();
        (_filling, _sent) = (_sent, _filling);
        _filling.Clear();
        Position previous = Reached;
        List<Event> events = _sent.Events;
        _enough = (int)Math.Min(_enough * 2L, LargestGroupBytes);
        // On a thread of its own: the store may compute and write before its first wait.
        _inFlight = Task.Run(() => _log.AppendEventsAsync(_term, previous, events, cancel).AsTask(), CancellationToken.None);
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

        public List<Event> Events { get; } = [];

        public bool HasRoomFor(int size) => size <= capacity - _used && Events.Count < mostEvents;

        public void Add(Position position, ReadOnlySpan<byte> payload)
        {
            payload.CopyTo(_buffer.AsSpan(_used));
            Events.Add(new Event(position.Number, _buffer.AsMemory(_used, payload.Length), position.Chain));
            _used += payload.Length;
        }

        public void Clear()
        {
            Events.Clear();
            _used = 0;
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}

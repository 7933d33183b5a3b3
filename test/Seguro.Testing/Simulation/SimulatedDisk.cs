using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A member's disk: its local log and its snapshots. What is not synced is lost in a crash.</summary>
internal sealed class SimulatedDisk
{
    private const int KeptSnapshots = 2;

    private readonly List<Event> _log = [];
    private readonly List<(Position Position, ulong State)> _snapshots = [];
    private readonly ChainHasher _hasher;
    private int _durable;

    /// <summary>What is remembered beside the log.</summary>
    public Evidence? Known { get; set; }

    /// <summary>An empty disk.</summary>
    public SimulatedDisk(ChainHasher hasher) => _hasher = hasher;

    /// <summary>The end of the log as its writer sees it.</summary>
    public Position End => PositionAt(_log.Count);

    /// <summary>The end of what would survive a crash.</summary>
    public Position Durable => PositionAt(_durable);

    /// <summary>The chain at a number; <see langword="null"/> where the log does not go so far.</summary>
    public Chain? ChainAt(EventNumber number) =>
        number.Value <= (ulong)_log.Count ? PositionAt((int)number.Value).Chain : null;

    /// <summary>The chain at a number, of what would survive a crash.</summary>
    public Chain? DurableChainAt(EventNumber number) =>
        number.Value <= (ulong)_durable ? PositionAt((int)number.Value).Chain : null;

    /// <summary>The events after a number up to another, at most so many.</summary>
    public IReadOnlyList<Event> Read(EventNumber after, EventNumber last, int most)
    {
        int from = (int)Math.Min(after.Value, (ulong)_log.Count);
        int to = (int)Math.Min(Math.Min(last.Value, (ulong)_log.Count), (ulong)(from + most));
        return to > from ? _log.GetRange(from, to - from) : [];
    }

    /// <summary>Adds events, not synced yet.</summary>
    public void Append(IReadOnlyList<Event> events)
    {
        foreach (Event added in events)
        {
            Position end = End;
            if (added.Number != end.Number.Next)
                throw new InvariantException(Invariant.Contiguous, $"event {added.Number} was to be appended to a local log that ends at {end.Number}");
            if (_hasher.Next(end.Chain, added.Number, added.Payload.Span) != added.Chain)
                throw new InvariantException(Invariant.OneValue, $"the chain of event {added.Number} does not follow the local log's");
            _log.Add(added);
        }
    }

    /// <summary>Makes durable what the log has up to this number.</summary>
    public void Sync(EventNumber number) => _durable = Math.Max(_durable, (int)Math.Min(number.Value, (ulong)_log.Count));

    /// <summary>Moves what is above aside, durably.</summary>
    public IReadOnlyList<Event> Cut(EventNumber last)
    {
        int keep = (int)Math.Min(last.Value, (ulong)_log.Count);
        List<Event> moved = _log.GetRange(keep, _log.Count - keep);
        _log.RemoveRange(keep, _log.Count - keep);
        _durable = keep;
        return moved;
    }

    /// <summary>The process ended: what was not synced is gone.</summary>
    public void Crash()
    {
        _log.RemoveRange(_durable, _log.Count - _durable);
    }

    /// <summary>Everything is gone.</summary>
    public void Wipe()
    {
        _log.Clear();
        _snapshots.Clear();
        _durable = 0;
        Known = null;
    }

    /// <summary>Becomes the same as another disk.</summary>
    public void CopyFrom(SimulatedDisk other)
    {
        Wipe();
        _log.AddRange(other._log.GetRange(0, other._durable));
        _durable = _log.Count;
        _snapshots.AddRange(other._snapshots);
        Known = other.Known;
    }

    /// <summary>Keeps a snapshot.</summary>
    public void Snapshot(Position position, ulong state)
    {
        _snapshots.Add((position, state));
        if (_snapshots.Count > KeptSnapshots)
            _snapshots.RemoveAt(0);
    }

    /// <summary>The newest snapshot at or below that belongs to the log, or the beginning.</summary>
    public (Position Position, ulong State) Restore(EventNumber atMost)
    {
        for (int i = _snapshots.Count - 1; i >= 0; i--)
        {
            (Position position, ulong _) = _snapshots[i];
            if (position.Number > atMost || position.Number > End.Number)
                continue;
            if (ChainAt(position.Number) == position.Chain)
                return _snapshots[i];
        }
        return (Position.Origin, 0);
    }

    private Position PositionAt(int count) => count == 0 ? Position.Origin : new Position(_log[count - 1].Number, _log[count - 1].Chain);
}

namespace Seguro.Core;

internal sealed partial class Master
{
    private const int MostUnderWay = 8;

    private readonly List<ReplicaProgress> _replicas = [];

    /// <summary>How the replicas stand.</summary>
    public IReadOnlyList<ReplicaStatus> Replicas => [.. _replicas.Select(replica => replica.Describe(_member.Now, _member.Options.ReplicaPatience))];

    /// <summary>A replica says how far it is.</summary>
    private protected override void OnAck(string from, MemberMessage.Ack ack)
    {
        ReplicaProgress? replica = _replicas.Find(known => known.Name == from);
        if (replica is null)
            return; // not of this cluster, or this very member's double
        if (IsOfAnotherLog(ack))
        {
            replica.Stop($"its log is another at event {ack.Processed.Number}");
            _member.SetWarning("replica " + from, $"{from} has another log at event {ack.Processed.Number}; it is not counted.");
            return;
        }
        bool wasStopped = replica.Stopped is not null;
        EventNumber before = replica.Received;
        replica.Hear(ack, _member.Now);
        if (ack.Stopped is { } stopped)
            _member.SetWarning("replica " + from, $"{from} stands still: {stopped}");
        else if (wasStopped)
            _member.ClearWarning("replica " + from);
        if (ack.Gap && ack.Received.Number <= before && replica.Cursor is not null)
            replica.PausedUntil = _member.Now + (_member.Options.LeaseDuration / 20); // it has no room, or the same push is answered again
        if (replica.Cursor is null || ack.Gap)
            replica.Rewind(Cursor(ack));
    }

    /// <summary>
    /// What it processed is not what is here. It may have more than this master only where it is another log: a replica processes what is committed, and this master began at the head.
    /// </summary>
    private bool IsOfAnotherLog(MemberMessage.Ack ack) =>
        _member.Tail.TryGetPosition(ack.Processed.Number, out Position mine) ? mine != ack.Processed : ack.Processed.Number > Tip.Number;

    /// <summary>From where to push: the end of what the replica has, as far as it is the same as here; null where that is before the window, or so far behind that it is to read.</summary>
    private Position? Cursor(MemberMessage.Ack ack)
    {
        if (_member.Progress.Committed.Number.Value > ack.Received.Number.Value + _member.Options.CloseEnough)
            return null;
        if (_member.Tail.TryGetPosition(ack.Received.Number, out Position here) && here == ack.Received)
            return here;
        if (ack.Received.Number < _member.Tail.Start.Number)
            return null;
        // It has received what never became part of the log; what it has on disk is committed.
        return _member.Tail.TryGetPosition(ack.Durable.Number, out here) && here == ack.Durable ? here : null;
    }

    private void AddReplica(string name)
    {
        if (name != _member.Options.Name)
            _replicas.Add(new ReplicaProgress(name));
    }

    private void PushAll()
    {
        foreach (ReplicaProgress replica in _replicas)
        {
            while (Push(replica))
            {
                // as long as there is more and the replica keeps up
            }
        }
        EventNumber needed = _member.Log.Asked.Number < _member.Progress.Committed.Number ? _member.Log.Asked.Number : _member.Progress.Committed.Number;
        if (_gate.Released < needed)
            needed = _gate.Released;
        _member.Tail.Shrink(needed, 65_536, _member.Options.PushWindow);
    }

    private bool Push(ReplicaProgress replica)
    {
        if (replica.Cursor is { } sent && sent.Number < _member.Tail.Start.Number)
            replica.Rewind(null);
        List<Event> events = [];
        Position previous = _member.Progress.Committed;
        if (replica.Cursor is { } cursor)
        {
            previous = cursor;
            if (replica.UnderWay < MostUnderWay && _member.Now >= replica.PausedUntil)
                events = _member.Tail.Take(cursor.Number, Tip.Number, _member.Options.MaxGroup, _member.Options.MaxGroupBytes);
        }
        Position end = events.Count == 0 ? previous : new Position(events[^1].Number, events[^1].Chain);
        // A replica that is pushed to need not hear of commits that it can't have received yet.
        Position committed = end.Number < _member.Progress.Committed.Number ? end : _member.Progress.Committed;
        bool isDue = replica.LastSent == TimeSpan.MinValue || _member.Now - replica.LastSent >= _member.Options.LeaseDuration / 4;
        if (events.Count == 0 && !isDue && committed.Number <= replica.CommittedSent)
            return false;
        // Who is far behind has no use for each commit.
        if (replica.Cursor is null && !isDue && _member.Now - replica.LastSent < _member.Options.LeaseDuration / 40)
            return false;
        _member.Emit(new MemberOutput.Send(
            replica.Name, new MemberMessage.Push(_keeper.Lease, previous, events, committed, _member.Progress.Released, _member.Settings)));
        replica.LastSent = _member.Now;
        replica.CommittedSent = committed.Number;
        if (events.Count == 0)
            return false;
        replica.Cursor = end;
        replica.Sent(end.Number);
        return end.Number < Tip.Number;
    }
}

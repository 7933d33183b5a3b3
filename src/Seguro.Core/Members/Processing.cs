namespace Seguro.Core;

/// <summary>
/// How a member that does not compute keeps up: what is committed goes into the local log and into the ship; what is missing is read. What was received and is not
/// known to be committed waits: so neither the local log nor the ship of a replica ever has to go back.
/// </summary>
internal sealed class Processing(MemberState member)
{
    private const int MostInMemory = 65_536;

    /// <summary>How many events before the head that a member found when it rejoined may come from datagrams that are still on their way to it.</summary>
    private const ulong Recent = 256;

    private EventNumber _resetAt;
    private Position _target;
    private readonly Question _reading = new("whoever has the log's events");
    private TimeSpan _readAgain;
    private (Position After, IReadOnlyList<Event> Events)? _adoptable;
    private readonly Pace _pace = new(member.Options.LeaseDuration / 4, member.Options.MaxGroup);
    private string? _sparing;
    private bool _isReadSparing;
    private TimeSpan _readSince;
    private TimeSpan _progressed;
    private TimeSpan _appendSince;
    private TimeSpan _applySince;

    /// <summary>The highest position that is known to be committed, here or not.</summary>
    public Position Target => _target.Number > member.Progress.Committed.Number ? _target : member.Progress.Committed;

    /// <summary>How many events are committed and not processed here.</summary>
    public ulong Missing => Target.Number.Value - Math.Min(Target.Number.Value, member.Processed.Number.Value);

    /// <summary>Something is missing here, and is being got or computed. Where it can't be got, that is for a candidate to find out.</summary>
    public bool IsCatchingUp => Missing > 0 && (member.Ship.IsBusy || member.Log.IsBusy || member.Now - _progressed < member.Options.LeaseDuration);

    /// <summary>Where the ship's replay ends, the log's head when this member joined; none where it is there.</summary>
    public EventNumber ReplayEnd => member.Ship.Position.Number < _resetAt ? _resetAt : EventNumber.None;

    private bool HasRoom
    {
        get
        {
            EventNumber handedOut = Least(member.Log.Asked.Number, member.Ship.Asked.Number);
            return member.Tail.End.Number <= handedOut
                || (member.Tail.Bytes < 2 * member.Options.PushWindow && member.Tail.Count < MostInMemory);
        }
    }

    /// <summary>Begins anew at the ship's position.</summary>
    /// <param name="head">The head of the cluster's log now.</param>
    /// <param name="adoptable">What follows the local log's end and was never committed: it is kept, should this member become master before anything takes its place.</param>
    public void Reset(IReadOnlyList<Event> adoptable, EventNumber head)
    {
        _resetAt = head;
        member.Tail.Reset(member.Ship.Position);
        member.Progress.Compared(member.Log.End);
        _target = default;
        _adoptable = adoptable.Count == 0 ? null : (member.Log.End, adoptable);
        _progressed = member.Now;
    }

    /// <summary>A position was learned to be committed in the store.</summary>
    public void Learn(Position committed)
    {
        member.Progress.See(committed);
        if (committed.Number <= member.Progress.Committed.Number)
            return;
        if (member.Tail.TryGetPosition(committed.Number, out Position here))
        {
            if (here == committed)
            {
                member.Progress.Confirm(committed);
                return;
            }
            CutUncommitted();
        }
        if (committed.Number > _target.Number)
            _target = committed;
    }

    /// <summary>Takes events that follow one another. False where they contradict what is committed here: the local log is not the cluster's.</summary>
    public bool Take(IReadOnlyList<Event> events, out bool isRefused)
    {
        isRefused = false;
        foreach (Event taken in events)
        {
            Position position = new(taken.Number, taken.Chain);
            if (taken.Number < member.Tail.Start.Number)
                continue;
            if (member.Tail.TryGetPosition(taken.Number, out Position here))
            {
                if (here == position)
                    continue;
                if (taken.Number <= member.Progress.Committed.Number || taken.Number == member.Tail.Start.Number)
                    return false;
                member.Tail.CutAfter(taken.Number.Previous);
            }
            if (taken.Number != member.Tail.End.Number.Next || !HasRoom)
            {
                isRefused = true;
                return true;
            }
            member.Tail.Add(taken);
        }
        return true;
    }

    /// <summary>Forgets what was received and is not known to be committed: it was another master's, and something else took its place.</summary>
    public void CutUncommitted()
    {
        if (member.Tail.End.Number > member.Progress.Committed.Number)
            member.Tail.CutAfter(member.Progress.Committed.Number > member.Tail.Start.Number ? member.Progress.Committed.Number : member.Tail.Start.Number);
    }

    /// <summary>Events were read. False where they contradict what is committed here.</summary>
    public bool OnRead(MemberInput.EventsRead read)
    {
        _reading.Done();
        if (_isReadSparing)
            _pace.Take(read.Events.Count);
        if (read.Events.Count > 0)
        {
            _pace.Worked(member.Now - _readSince); // to wait for a source that has nothing is no work
            _progressed = member.Now;
        }
        if (read.Diverged)
            return false;
        if (read.Events.Count == 0)
        {
            _readAgain = member.Now + (member.Options.LeaseDuration / 20);
            return true;
        }
        // The tail may have been reset since the question.
        if (read.After.Number > member.Tail.End.Number || (member.Tail.TryGetPosition(read.After.Number, out Position here) && here != read.After))
            return true;
        if (!Take(read.Events, out _))
            return false;
        // What is read is committed, as far as it was taken.
        for (int i = read.Events.Count - 1; i >= 0 && read.Events[i].Number > member.Progress.Committed.Number; i--)
        {
            if (member.Tail.TryGetPosition(read.Events[i].Number, out Position taken) && taken.Chain == read.Events[i].Chain)
                member.Progress.Confirm(taken);
        }
        return true;
    }

    /// <summary>Events were read that are no longer wanted.</summary>
    public void ForgetRead() => _reading.Done();

    /// <summary>Events were applied to the ship.</summary>
    public void OnApplied(MemberInput.EventsApplied applied)
    {
        _pace.Worked(member.Now - _applySince, applied.Results.Count);
        bool wasReplaying = ReplayEnd != EventNumber.None;
        IReadOnlyList<Event> asked = member.Ship.Applied(applied.Results.Count);
        for (int i = 0; i < applied.Results.Count; i++)
        {
            Event done = asked[i];
            if (done.Number > member.Progress.Released)
                member.Backlog.Add(done.Number, applied.Results[i].Effects);
            member.Ingress.SeenInLog(applied.Results[i].Digest, member.Now, done.Number.Value + Recent > _resetAt.Value);
        }
        _progressed = member.Now;
        if (applied.Failure is { } failure)
            member.Stop($"event {member.Ship.Position.Number.Next} can't be processed here: {failure}");
        else if (wasReplaying && ReplayEnd == EventNumber.None)
            member.Snapshots.EndReplay();
    }

    /// <summary>The local log took what it was given.</summary>
    public void OnAppended() => _pace.Worked(member.Now - _appendSince);

    /// <summary>Asks for all that can be done now.</summary>
    /// <param name="sparing">The master that is not to be held up by it; null where there is none, or it matters more to be fast.</param>
    public void Pump(string? sparing = null)
    {
        _sparing = sparing;
        _pace.See(Target.Number, member.Now);
        if (_adoptable is { } kept && member.Tail.End.Number >= kept.After.Number)
        {
            _adoptable = null;
            if (member.Tail.End == kept.After)
                Take(kept.Events, out _);
        }
        if (_target.Number > member.Progress.Committed.Number)
            Learn(_target);
        Read();
        if (member.AppendLocal(member.Progress.Committed.Number))
            _appendSince = member.Now;
        KeepSnapshot();
        Apply();
        // What the ship was asked for it may do in pieces, and is asked for the rest again.
        member.Tail.Shrink(Least(member.Log.Asked.Number, member.Ship.Position.Number), MostInMemory / 4, member.Options.PushWindow / 4);
    }

    private void KeepSnapshot()
    {
        if (member.Ship.IsBusy || !member.Snapshots.IsDue(member.Ship.Position.Number, member.Now))
            return;
        member.Snapshots.Keep(member.Ship.Position.Number, member.Now);
        member.Emit(new MemberOutput.Snapshot(member.Ship.Position));
    }

    private void Apply()
    {
        if (member.Ship.IsBusy)
            return;
        List<Event> events = member.Tail.Take(member.Ship.Position.Number, member.Progress.Committed.Number, member.Options.MaxGroup, member.Options.MaxGroupBytes);
        if (events.Count == 0)
            return;
        _applySince = member.Now;
        member.Apply(events);
    }

    private void Read()
    {
        if (_reading.IsOpen || member.Now < _readAgain)
            return;
        if (_sparing is not null && !_pace.IsDue(member.Now))
            return;
        if (!HasRoom)
        {
            // What fills the room may be something that was received and never committed: the log that is read has another event there.
            if (_target.Number <= member.Progress.Committed.Number || Least(member.Log.Asked.Number, member.Ship.Asked.Number) < member.Progress.Committed.Number)
                return;
            CutUncommitted();
        }
        Position end = member.Tail.End;
        if (end.Number < member.Log.End.Number)
            member.Emit(new MemberOutput.ReadLocal(end, member.Log.End.Number));
        else if (_target.Number > member.Progress.Committed.Number)
            member.Emit(new MemberOutput.Read(member.Progress.Committed.Number <= end.Number ? member.Progress.Committed : end, _target.Number, _sparing));
        else
            return;
        _reading.Ask();
        (_isReadSparing, _readSince) = (_sparing is not null, member.Now);
    }

    private static EventNumber Least(EventNumber a, EventNumber b) => a < b ? a : b;
}

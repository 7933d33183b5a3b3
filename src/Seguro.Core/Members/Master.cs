namespace Seguro.Core;

/// <summary>
/// Computes, appends to the local log and to the store, pushes to the replicas, and opens the gate. One append of each kind is under way at a time, and takes all that gathered
/// meanwhile: the group adapts to the load.
/// </summary>
internal sealed partial class Master : MemberRole
{
    private const int MostPokes = 32;

    /// <summary>How many events may be in the tail; of those that nobody needs any more it is kept to half of that (<see cref="PushAll"/>).</summary>
    private const int MostInTail = 131_072;

    private readonly Rejoin _rejoin;
    private readonly ITenure _keeper;
    private readonly EventNumber _head;
    private readonly Gate _gate;
    private readonly Queue<Event> _adopting = new();
    private readonly List<EventNumber> _reached = [];
    private readonly List<EventNumber> _reachedByHealthy = [];
    private IReadOnlyList<Event> _storeGroup = [];
    private readonly Question _append = new("the store, asked to append,");
    private TimeSpan _storeAgain;
    private long _unreplicatedBytes;
    private string? _demotion;
    private TimeSpan? _shutSince;
    private TimeSpan? _waitsSince;
    private TimeSpan? _storeAway;
    private bool _isRefused;
    private bool _hearsEnough;
    private EventNumber _shutAt;

    /// <summary>Begins to serve.</summary>
    /// <param name="member">The member; its ship and its local log stand at <paramref name="head"/>.</param>
    /// <param name="processing">How it kept up until now.</param>
    /// <param name="rejoin">What follows.</param>
    /// <param name="keeper">The lease of the new term.</param>
    /// <param name="head">The head of the log in the store.</param>
    /// <param name="storedBytes">How many payload bytes the store holds.</param>
    public Master(MemberState member, Processing processing, Rejoin rejoin, ITenure keeper, Position head, long storedBytes)
        : base(member, processing)
    {
        _storedBytes = storedBytes;
        _head = head.Number;
        _rejoin = rejoin;
        _keeper = keeper;
        List<Event> received = member.Tail.Take(head.Number, member.Tail.End.Number, int.MaxValue, long.MaxValue);
        // What the store never takes would be in the way of all that follows.
        foreach (Event adopted in received.TakeWhile(one => one.Payload.Length <= member.Options.LargestEvent))
            _adopting.Enqueue(adopted);
        member.Tail.CutAfter(head.Number);
        bool repeat = member.Options.Effects is EffectsPolicy.AtLeastOnce;
        // Nobody's gate has seen what is in a log that no cluster had before: that is history.
        if (member.Settings.History is null)
            member.SeeReleased(head.Number);
        _gate = new Gate(repeat ? member.Progress.Released : head.Number);
        if (repeat)
        {
            if (member.Backlog.HasForgotten)
                member.SetPassingWarning("forgotten", "More effects waited than a replica remembers; the oldest are not released again.");
            foreach ((EventNumber number, IReadOnlyList<Effect> effects) in member.Backlog.Kept)
                _gate.Hold(number, effects);
        }
        else
        {
            member.SeeReleased(head.Number);
        }
        AdoptAsItIs();
        member.Lease.Follow(member.Options.Name);
        foreach (string name in member.Members)
            AddReplica(name);
        member.ClearWarning("candidate");
        member.Become(Role.Master);
    }

    /// <summary>How many events' effects wait.</summary>
    public int Gated => _gate.Count;

    /// <summary>How many payload bytes of the store's window are in use; null where it has none.</summary>
    public long? WindowUsed => _member.Options.StoreWindow is null ? null : _storedBytes;

    /// <summary>Why nothing has gone on for longer than a lease, though something waits; null where all goes on.</summary>
    public string? Hindrance
    {
        get
        {
            TimeSpan patience = _member.Options.LeaseDuration;
            if (_storeAway is { } away && _member.Now - away > patience)
                return "the store takes no events";
            if (_gate.Count > 0 && _waitsSince is { } shut && _member.Now - shut > patience)
                return _keeper.Shortfall is null ? "effects wait for replicas" : "effects wait for the database to keep as many copies as it promised";
            return null;
        }
    }

    /// <summary>Nothing that was computed waits to be kept, committed or released, and the store knows that all is out.</summary>
    public bool IsQuiet => !_member.Ship.IsPoking && _adopting.Count == 0 && _member.Progress.Committed == Tip && _member.Log.End == Tip && _gate.Released == Tip.Number
        && _member.Settings.Released == Tip.Number && _writing is null && !(_member.Ship.IsRunning && _member.Settings.IsPaused);

    private Position Tip => _member.Tail.End;

    /// <summary>Ova became events.</summary>
    private protected override void OnPoked(IReadOnlyList<Computation> computations)
    {
        foreach (Computation computation in computations)
        {
            if (computation is Computation.Accepted accepted)
                Add(accepted.Number, accepted.Payload, accepted.Effects);
            else if (computation is Computation.Refused refused)
                _member.Emit(new MemberOutput.Dropped(1, refused.Kind.ToString().ToLowerInvariant()));
        }
    }

    /// <summary>Events of the last master, which it pushed and did not commit, were computed here too.</summary>
    private protected override void OnAdopted(MemberInput.EventsApplied applied)
    {
        bool repeat = _member.Options.Effects is EffectsPolicy.AtLeastOnce;
        for (int i = 0; i < applied.Results.Count; i++)
        {
            Event adopted = _adopting.Dequeue();
            // At-most-once: the last master may have released them at optimism 0.
            Add(adopted.Number, adopted.Payload, repeat ? applied.Results[i].Effects : []);
            _member.Ingress.SeenInLog(applied.Results[i].Digest, _member.Now);
        }
        if (applied.Failure is null)
            return;
        _member.SetPassingWarning("adoption", $"Event {Tip.Number.Next} of the last master, which was not committed, can't be computed here; it and what followed it are left out: {applied.Failure}");
        _adopting.Clear();
    }

    /// <summary>The store answered an append.</summary>
    private void OnStoreAppended(AppendResult result)
    {
        _append.Done();
        _isRefused = result.Outcome is WriteOutcome.Refused;
        if (result.Reached.Number > _member.Progress.Committed.Number && _member.Tail.TryGetPosition(result.Reached.Number, out Position here) && here == result.Reached)
            Commit(result.Reached);
        switch (result.Outcome)
        {
            case WriteOutcome.Committed:
                _storeGroup = [];
                break;
            case WriteOutcome.Unknown unknown:
                _storeAway ??= _member.Now;
                RepeatAppend();
                _member.SetWarning("store", $"The store does not answer; the outcome of an append is unknown and is being found out: {unknown.Cause}");
                return;
            case WriteOutcome.Refused refused:
                _storeAway ??= _member.Now;
                RepeatAppend();
                _member.SetWarning("store", $"The store does not take the events from {_member.Progress.Committed.Number.Next} on: {refused.Cause}");
                return;
            case WriteOutcome.Fenced fenced:
                Fenced(fenced.Current);
                break;
            case WriteOutcome.Conflict conflict:
                Demote($"the store's log ends at {conflict.Current.Head.Number}, and not where this term left it");
                break;
        }
        _storeAway = null;
        _member.ClearWarning("store");
    }

    /// <summary>The lease was renewed, or not.</summary>
    private void OnRenewed(MemberInput.Renewed renewed)
    {
        if (_keeper.Renewed(renewed.Outcome, renewed.Sent) is { } reason)
            Demote(reason);
        else if (renewed.Outcome is LeaseOutcome.Done)
            _member.Lease.See(_keeper.Lease, _member.Now);
    }

    /// <summary>Effects are out.</summary>
    private void OnReleased(EventNumber number)
    {
        _gate.Confirm(number);
        SeeReleased();
    }

    /// <summary>Goes on with all that can go on, and is no master any more where that has an end.</summary>
    public override void Pump()
    {
        GoOn();
        if (_demotion is { } reason)
            _rejoin.Begin(reason);
    }

    private void GoOn()
    {
        if (_member.Lease.Term > _keeper.Lease.Term)
            Demote($"term {_member.Lease.Term} took over");
        else if (IsContradicted())
            Demote("another member knows of committed events that this master does not have");
        else if (!_keeper.IsLive(_member.Now))
            Demote(_keeper.Over);
        if (_demotion is not null)
            return;
        if (_isResigning)
        {
            ResignFurther();
            return;
        }
        if (_keeper.MustRenew(_member.Now))
            _member.Emit(new MemberOutput.Renew(_keeper.Lease));
        Compute();
        _member.AppendLocal(Tip.Number);
        AppendStore();
        Release();
        PushAll();
        WriteSettings();
        Trim();
        StepDownFurther();
        Yield();
    }

    /// <summary>Others know of what is committed here before this master tells them only where the store has lost it since.</summary>
    private bool IsContradicted() =>
        _member.Progress.EverCommitted.Number > Tip.Number
        || (_member.Tail.TryGetPosition(_member.Progress.EverCommitted.Number, out Position here) && here != _member.Progress.EverCommitted);

    private void Demote(string reason) => _demotion ??= reason;

    /// <summary>The store takes nothing of this term any more.</summary>
    private void Fenced(Lease current)
    {
        _member.Lease.See(current, _member.Now);
        Demote($"term {current.Term} took over");
    }

    /// <summary>The very same group again, a little later: only then does the store's answer tell what became of it.</summary>
    private void RepeatAppend()
    {
        _storeGroup = [.. _storeGroup.Where(held => held.Number > _member.Progress.Committed.Number)];
        _storeAgain = _member.Now + (_member.Options.LeaseDuration / 20);
    }

    /// <summary>The ship computed an event.</summary>
    private void Add(EventNumber number, ReadOnlyMemory<byte> payload, IReadOnlyList<Effect> effects)
    {
        Keep(number, payload, effects);
        _member.Ship.Advance(Tip);
    }

    private void Keep(EventNumber number, ReadOnlyMemory<byte> payload, IReadOnlyList<Effect> effects)
    {
        Chain chain = ChainHasher.Of(Tip.Chain, number, payload.Span);
        _member.Tail.Add(new Event(number, payload, chain));
        _unreplicatedBytes += payload.Length;
        _gate.Hold(number, effects);
        _member.Backlog.Add(number, effects);
    }

    private void Commit(Position reached)
    {
        foreach (Event held in _storeGroup)
        {
            if (held.Number <= _member.Progress.Committed.Number || held.Number > reached.Number)
                continue;
            _unreplicatedBytes -= held.Payload.Length;
            _storedBytes += held.Payload.Length;
            _storedSinceAsked += held.Payload.Length;
        }
        _member.Progress.Confirm(reached);
    }

    private void Compute()
    {
        if (RunOwn() || _member.Ship.IsBusy || _member.Settings.History is null)
            return;
        if (_adopting.Count > 0)
        {
            _member.Apply([.. _adopting.Take(MostPokes)], adopts: true);
            return;
        }
        if (_member.Snapshots.IsDue(_member.Ship.Position.Number, _member.Now) && MustWaitForSnapshot())
            return;
        int room = (int)Math.Min(
            (ulong)MostPokes, (ulong)_member.Options.MaxUnreplicatedEvents - Math.Min((ulong)_member.Options.MaxUnreplicatedEvents, Tip.Number - _member.Progress.Committed.Number));
        room = Math.Min(room, _member.Options.MaxGated - _gate.Count);
        // Events without effects do not wait at the gate, but they stay in the tail while it is closed.
        bool isFull = _unreplicatedBytes >= _member.Options.MaxUnreplicatedBytes || _gate.Bytes >= _member.Options.MaxGatedBytes
            || _member.Tail.Bytes >= _member.Options.PushWindow + _member.Options.MaxUnreplicatedBytes || _member.Tail.Count >= MostInTail
            || _storedBytes + _unreplicatedBytes >= (_member.Options.StoreCap ?? _member.Options.StoreWindow) / 20 * 19; // the store would not take it
        if (room <= 0 || isFull || _isSteppingDown || IsPaused())
            return;
        List<Ovum> ova = _member.Ingress.Take(room);
        if (ova.Count == 0)
            return;
        _member.Ship.AskPoke();
        _member.Emit(new MemberOutput.Poke(ova));
    }

    private void AppendStore()
    {
        if (_append.IsOpen || _member.Now < _storeAgain)
            return;
        if (_storeGroup.Count == 0)
            _storeGroup = _member.Tail.Take(_member.Progress.Committed.Number, Tip.Number, _member.Options.MaxGroup, _member.Options.MaxGroupBytes);
        if (_storeGroup.Count == 0)
            return;
        _append.Ask();
        _member.Emit(new MemberOutput.AppendStore(_keeper.Lease.Term, _member.Progress.Committed, _storeGroup));
    }

    private void Release()
    {
        Optimism optimism = _member.Optimism;
        List<EventNumber> all = _reached;
        List<EventNumber> healthy = _reachedByHealthy;
        all.Clear();
        healthy.Clear();
        foreach (ReplicaProgress replica in _replicas)
        {
            // One that stands still because its ship differs is not believed about the events before, either.
            if (replica.Stopped is not null)
                continue;
            all.Add(replica.Processed);
            if (replica.IsHealthy(_member.Now, _member.Options.ReplicaPatience))
                healthy.Add(replica.Processed);
        }
        EventNumber durable = _member.Log.End.Number;
        EventNumber committed = _member.Progress.Committed.Number;
        int asked = Math.Min(optimism.Replicas, _replicas.Count);
        if (asked < optimism.Replicas)
        {
            _member.SetWarning("optimism",
                $"Optimism {optimism.Replicas} is set, and the cluster has {_replicas.Count} replicas: effects leave as at optimism {asked}. Add members (seguro cluster join), or say so (seguro cluster optimism {asked}).");
        }
        else
        {
            _member.ClearWarning("optimism");
        }
        EventNumber strict = Gate.Limit(asked, durable, committed, all);
        EventNumber limit = strict;
        _hearsEnough = healthy.Count >= Math.Max(asked, ReplicasForRoom);
        if (_hearsEnough)
            _member.Lease.HearEnough();
        if (healthy.Count >= asked)
        {
            _member.ClearWarning("replicas");
        }
        else if (optimism.OnReplicaLoss is ReplicaLossPolicy.Degrade)
        {
            EventNumber left = healthy.Count == 0 ? committed : Gate.Limit(healthy.Count, durable, committed, healthy);
            limit = left > strict ? left : strict;
            _member.SetWarning("replicas", $"Effects leave after {healthy.Count} replicas have processed their event, and not {asked}: the others are away.");
        }
        else
        {
            _member.SetWarning("replicas", $"Effects wait: {asked} replicas must process each event, and {healthy.Count} are there.");
        }
        if (IsCommitTooWeak(asked))
            limit = EventNumber.None;
        if (_gate.Open(_keeper.Lease.Term, strict, Bounded(limit), _member.Options.MaxGroup) is { } release)
            _member.Emit(release);
        SeeReleased();
        bool waits = healthy.Count < asked && limit == strict && _gate.Count > 0;
        bool stands = _gate.Count > 0 && _gate.Released == _shutAt;
        _shutSince = waits && stands ? _shutSince ?? _member.Now : null;
        _waitsSince = stands ? _waitsSince ?? _member.Now : null;
        _shutAt = _gate.Released;
    }

    /// <summary>
    /// The database keeps fewer copies than it promised: what it calls committed may be gone after a failover. Effects that wait for commits wait until a renewal, a commit like any
    /// other, is worth as much again; by then so is what was committed before it.
    /// </summary>
    private bool IsCommitTooWeak(int asked)
    {
        if (_keeper.Shortfall is not { } less)
        {
            _member.ClearWarning("commit");
            return false;
        }
        _member.SetWarning("commit", asked == 0
            ? $"A commit is worth less than the store promised: {less.What}."
            : $"Effects wait: a commit is worth less than the store promised: {less.What}. Put the database's settings right, or lower the optimism to 0 (seguro cluster optimism 0).");
        return asked > 0;
    }

    /// <summary>The watermark that others hear of never passes what is committed: at optimism 0 a number that was released may still come to be another event's.</summary>
    private void SeeReleased()
    {
        _member.SeeReleased(_gate.Released < _member.Progress.Committed.Number ? _gate.Released : _member.Progress.Committed.Number);
    }
}

namespace Seguro.Core;

/// <summary>Follows the master: takes its pushes, says how far it is, and notices when it is gone.</summary>
internal sealed class Replica(MemberState member, Processing processing, Candidate candidate, Witness witness, Rejoin rejoin) : MemberRole(member, processing)
{
    private TimeSpan _lastPush;
    private TimeSpan _nextObservation;
    private TimeSpan _followAgain;
    private TimeSpan? _vacantSince;
    private bool _isAckDue;
    private bool _hasReceived;
    private TimeSpan _lastAcked;
    private bool _hasGap;
    private bool _isWaitedFor;
    private EventNumber _released;
    private TimeSpan _releasedAt;
    private (Position Durable, Position Processed) _lastAck;

    /// <summary>The member became a replica.</summary>
    public override void Enter()
    {
        _lastPush = _member.Now;
        _vacantSince = null;
        _isAckDue = false;
        _hasReceived = false;
        _hasGap = false;
        _isWaitedFor = false;
        _releasedAt = _member.Now;
    }

    /// <summary>
    /// The master that this member lets go first, where it is far behind: null where it is not, or its being behind holds up the cluster. That it does where the gate needs all replicas, or
    /// effects wait though the master lives; and where no master is heard, it may soon have to stand for mastership.
    /// </summary>
    public string? Spared
    {
        get
        {
            TimeSpan patience = _member.Options.LeaseDuration / 2;
            if (_processing.Missing <= _member.Options.CloseEnough)
                _isWaitedFor = false;
            else if (_member.Now - _releasedAt > patience)
                _isWaitedFor = true; // and stays so until this member is there: it alone lets them go on
            // Until it was heard first, it has the benefit of the doubt, where somebody holds the lease: its name is not known then.
            bool isAlive = _member.Lease.Newest.IsHeld && _member.Now - _lastPush <= patience;
            bool isNeeded = _isWaitedFor || _member.Optimism.Replicas > _member.Members.Count - 2;
            return isAlive && !isNeeded && _processing.Missing > _member.Options.CloseEnough ? _member.Lease.Master : null;
        }
    }

    /// <summary>Processes what is committed, and says how far things are; or stands for mastership.</summary>
    public override void Pump()
    {
        _processing.Pump(Spared);
        if (Watch())
        {
            candidate.Begin();
            witness.Ask();
        }
        else
        {
            Acknowledge();
        }
    }

    public override void OnPush(string from, MemberMessage.Push push, bool isNewer)
    {
        if (!Take(from, push))
            rejoin.BeginDiverged();
    }

    /// <summary>The master says something. False where it contradicts what is committed here.</summary>
    private bool Take(string from, MemberMessage.Push push)
    {
        if (push.Lease.Term < _member.Lease.Term)
            return true; // from a master that was replaced
        _member.Lease.See(push.Lease, _member.Now);
        _member.Lease.Follow(push.Lease.IsHeld ? from : "");
        _member.SeeSettings(push.Settings);
        _member.SeeReleased(push.Released);
        _lastPush = _member.Now;
        _member.ClearWarning("unheard");
        _member.ClearWarning("candidate");
        if (push.Released > _released || push.Released >= push.Committed.Number)
            _releasedAt = _member.Now;
        _released = push.Released;
        _isAckDue = true;
        _hasReceived |= push.Events.Count > 0;
        Position previous = push.Previous;
        if (previous.Number > _member.Tail.End.Number)
        {
            _hasGap = true;
        }
        else if (_member.Tail.TryGetPosition(previous.Number, out Position here) && here != previous)
        {
            if (previous.Number <= _member.Progress.Committed.Number)
                return false;
            _processing.CutUncommitted();
            _hasGap = true;
        }
        else
        {
            if (!_processing.Take(push.Events, out bool refused))
                return false;
            _hasGap |= refused;
        }
        _processing.Learn(push.Committed);
        return true;
    }

    private protected override void OnEventsRead(MemberInput.EventsRead read)
    {
        if (!_processing.OnRead(read))
            rejoin.BeginDiverged();
    }

    private protected override void OnLocalAppended() => _processing.OnAppended();

    /// <summary>The store's log, read because its master can't be heard.</summary>
    private protected override void OnStateRead(MemberInput.StateRead read)
    {
        if (read.State is not { } state)
            return;
        if (_member.Progress.FindLoss(state, read.Common) is not null || _member.Progress.HasMoreThan(read.Common))
        {
            rejoin.BeginDiverged(); // the local log is not the beginning of it
            return;
        }
        _member.Lease.See(state.Lease, _member.Now);
        _member.SeeSettings(read.Settings, state.Head.Number);
        _processing.Learn(state.Head.Position);
    }

    /// <summary>Looks at the clock; says whether it is time to stand for mastership.</summary>
    private bool Watch()
    {
        TimeSpan duration = _member.Options.LeaseDuration;
        if (!_member.Lease.IsObserving && _member.Now - _lastPush >= duration / 3 && _member.Now >= _nextObservation)
        {
            _member.Lease.Observe();
            // By node it is the node's lease that shows who lives; the ship's only whether somebody else has it by now.
            _nextObservation = _member.Now + (_member.Node is null ? duration / 5 : duration);
            _member.Emit(MemberOutput.ObserveLease.Instance);
        }
        FollowUnheard();
        int rank = _member.Members.IndexOf(_member.Options.Name);
        // A ship that still has events to compute can't serve, and a term that is won and given back keeps the others from it.
        if (rank < 0 || _processing.IsCatchingUp || !IsVacant)
        {
            _vacantSince = null;
            return false;
        }
        _vacantSince ??= _member.Now;
        // The members stand one after the other, so that they don't take the lease from each other; who is far behind lets the others go first.
        TimeSpan patience = duration * rank / 16;
        if (_processing.Missing > _member.Options.CloseEnough)
            patience += duration;
        return CanHold() && _member.Now - _vacantSince >= patience && _member.Now >= _member.Lease.HeldBackUntil;
    }

    private bool IsVacant => _member.Lease.IsVacant(_member.Now, _member.Node);

    /// <summary>By node: its node has an epoch that lasts for a while yet, what this member asked for before was answered, and what it claimed is given back.</summary>
    private bool CanHold()
    {
        LeaseState lease = _member.Lease;
        return _member.Node is null || (lease.Node.Epoch != Term.None && lease.Node.Deadline - _member.Now >= _member.Options.LeaseDuration / 3 && !lease.IsGivingBack && !lease.IsCampaigning);
    }

    /// <summary>A master that renews its lease and is not heard: the network between them is cut, not the master. The store has what it commits.</summary>
    private void FollowUnheard()
    {
        TimeSpan duration = _member.Options.LeaseDuration;
        if (!_member.Lease.Newest.IsHeld || IsVacant)
        {
            _member.ClearWarning("unheard");
            return;
        }
        if (_member.Now - _lastPush < duration * 2 || _member.Now < _followAgain || !_member.AskState())
            return;
        _followAgain = _member.Now + duration;
        string holder = _member.Lease.Newest.Holder.Split('@')[0];
        _member.SetWarning("unheard", $"{holder} is master and renews its lease, but nothing comes from it: its events are read from the store. Look at the network between {holder} and {_member.Options.Name}: the links' port.");
    }

    /// <summary>Says how far things are, where that is news.</summary>
    private void Acknowledge()
    {
        (Position Durable, Position Processed) progress = (_member.Log.End, _member.Processed);
        if (_member.Lease.Master.Length == 0 || (!_isAckDue && progress == _lastAck))
            return;
        // What is being done has an answer soon, and that one says all of it: an answer to each word of the master cost as much as the events.
        bool isNews = _hasReceived || _hasGap || progress.Processed != _lastAck.Processed;
        if (!isNews && (_member.Log.IsBusy || _member.Ship.IsBusy) && _member.Now - _lastAcked < _member.Options.LeaseDuration / 10)
            return;
        _member.Emit(new MemberOutput.Send(
            _member.Lease.Master, new MemberMessage.Ack(_member.Lease.Term, _member.Tail.End, _member.Log.End, _member.Processed, _hasGap, _member.StopReason)));
        _lastAck = progress;
        _lastAcked = _member.Now;
        _isAckDue = false;
        _hasReceived = false;
        _hasGap = false;
    }
}

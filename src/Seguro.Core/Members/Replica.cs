namespace Seguro.Core;

/// <summary>Follows the master: takes its pushes, says how far it is, and notices when it is gone.</summary>
internal sealed class Replica(MemberState member, Processing processing)
{
    private TimeSpan _lastPush;
    private TimeSpan _nextObservation;
    private TimeSpan _followAgain;
    private TimeSpan? _vacantSince;
    private bool _isObserving;
    private bool _isAckDue;
    private bool _hasReceived;
    private TimeSpan _lastAcked;
    private bool _hasGap;
    private bool _isWaitedFor;
    private EventNumber _released;
    private TimeSpan _releasedAt;
    private (Position Durable, Position Processed) _lastAck;

    /// <summary>The member became a replica.</summary>
    public void Begin()
    {
        _lastPush = member.Now;
        _vacantSince = null;
        _isAckDue = false;
        _hasReceived = false;
        _hasGap = false;
        _isWaitedFor = false;
        _releasedAt = member.Now;
    }

    /// <summary>
    /// The master that this member lets go first, where it is far behind: null where it is not, or its being behind holds up the cluster. That it does where the gate needs all replicas, or
    /// effects wait though the master lives; and where no master is heard, it may soon have to stand for mastership.
    /// </summary>
    public string? Spared
    {
        get
        {
            TimeSpan patience = member.Options.LeaseDuration / 2;
            if (processing.Missing <= member.Options.CloseEnough)
                _isWaitedFor = false;
            else if (member.Now - _releasedAt > patience)
                _isWaitedFor = true; // and stays so until this member is there: it alone lets them go on
            // Until it was heard first, it has the benefit of the doubt, where somebody holds the lease: its name is not known then.
            bool isAlive = member.Lease.IsHeld && member.Now - _lastPush <= patience;
            bool isNeeded = _isWaitedFor || member.Optimism.Replicas > member.Members.Count - 2;
            return isAlive && !isNeeded && processing.Missing > member.Options.CloseEnough ? member.Master : null;
        }
    }

    /// <summary>The master says something. False where it contradicts what is committed here.</summary>
    public bool OnPush(string from, MemberMessage.Push push)
    {
        if (push.Lease.Term < member.Term)
            return true; // from a master that was replaced
        member.SeeLease(push.Lease);
        member.Master = push.Lease.IsHeld ? from : "";
        member.SeeSettings(push.Settings);
        member.SeeReleased(push.Released);
        _lastPush = member.Now;
        member.ClearWarning("unheard");
        if (push.Released > _released || push.Released >= push.Committed.Number)
            _releasedAt = member.Now;
        _released = push.Released;
        _isAckDue = true;
        _hasReceived |= push.Events.Count > 0;
        Position previous = push.Previous;
        if (previous.Number > member.Tail.End.Number)
        {
            _hasGap = true;
        }
        else if (member.Tail.TryGetPosition(previous.Number, out Position here) && here != previous)
        {
            if (previous.Number <= member.Committed.Number)
                return false;
            processing.CutUncommitted();
            _hasGap = true;
        }
        else
        {
            if (!processing.Take(push.Events, out bool refused))
                return false;
            _hasGap |= refused;
        }
        processing.Learn(push.Committed);
        return true;
    }

    /// <summary>The lease was looked at.</summary>
    public void OnObserved(Lease? lease)
    {
        _isObserving = false;
        if (lease is { } seen)
            member.Sight(seen);
    }

    /// <summary>The store's log, read because its master can't be heard. False where the local log is not the beginning of it.</summary>
    public bool OnStateRead(MemberInput.StateRead read)
    {
        if (read.State is not { } state)
            return true;
        if (member.FindLoss(state, read.Common) is not null || member.HasMoreThan(read.Common))
            return false;
        member.SeeLease(state.Lease);
        member.SeeSettings(read.Settings, state.Head.Number);
        processing.Learn(state.Head.Position);
        return true;
    }

    /// <summary>Looks at the clock; says whether it is time to stand for mastership.</summary>
    public bool Watch()
    {
        TimeSpan duration = member.Options.LeaseDuration;
        if (!_isObserving && member.Now - _lastPush >= duration / 3 && member.Now >= _nextObservation)
        {
            _isObserving = true;
            _nextObservation = member.Now + (duration / 5);
            member.Emit(MemberOutput.ObserveLease.Instance);
        }
        FollowUnheard();
        int rank = member.Members.IndexOf(member.Options.Name);
        // A ship that still has events to compute can't serve, and a term that is won and given back keeps the others from it.
        if (rank < 0 || processing.IsCatchingUp || !member.Watch.MayCampaign(member.Now))
        {
            _vacantSince = null;
            return false;
        }
        _vacantSince ??= member.Now;
        // The members stand one after the other, so that they don't take the lease from each other; who is far behind lets the others go first.
        TimeSpan patience = duration * rank / 16;
        if (processing.Missing > member.Options.CloseEnough)
            patience += duration;
        return member.Now - _vacantSince >= patience && member.Now >= member.HoldBackUntil;
    }

    /// <summary>A master that renews its lease and is not heard: the network between them is cut, not the master. The store has what it commits.</summary>
    private void FollowUnheard()
    {
        TimeSpan duration = member.Options.LeaseDuration;
        if (!member.Lease.IsHeld || member.Watch.MayCampaign(member.Now))
        {
            member.ClearWarning("unheard");
            return;
        }
        if (member.Now - _lastPush < duration * 2 || member.Now < _followAgain || !member.AskState())
            return;
        _followAgain = member.Now + duration;
        string holder = member.Lease.Holder.Split('@')[0];
        member.SetWarning("unheard", $"{holder} is master and renews its lease, but nothing comes from it: its events are read from the store. Look at the network between {holder} and {member.Options.Name}: the links' port.");
    }

    /// <summary>Says how far things are, where that is news.</summary>
    public void Acknowledge()
    {
        (Position Durable, Position Processed) progress = (member.Local, member.Processed);
        if (member.Master.Length == 0 || (!_isAckDue && progress == _lastAck))
            return;
        // What is being done has an answer soon, and that one says all of it: an answer to each word of the master cost as much as the events.
        bool isNews = _hasReceived || _hasGap || progress.Processed != _lastAck.Processed;
        if (!isNews && (member.IsLocalBusy || member.IsShipBusy) && member.Now - _lastAcked < member.Options.LeaseDuration / 10)
            return;
        member.Emit(new MemberOutput.Send(
            member.Master, new MemberMessage.Ack(member.Term, member.Tail.End, member.Local, member.Processed, _hasGap, member.StopReason)));
        _lastAck = progress;
        _lastAcked = member.Now;
        _isAckDue = false;
        _hasReceived = false;
        _hasGap = false;
    }
}

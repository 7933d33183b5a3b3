namespace Seguro.Core;

internal sealed partial class Master
{
    private static readonly TimeSpan LongestStepDown = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(60); // of a ship that writes a snapshot as it ends
    private const int LeasesShut = 5;
    private const int WarnAtPercent = 70;
    private const int CrampedPercent = 80;
    private const int HarborsPercent = 60; // the store's window is half empty without them, and the ship stands still where it is full

    private readonly Question _trim = new("the store, asked to trim,");
    private EventNumber _trimmed;
    private EventNumber _archived;
    private bool _isMeasuring;
    private bool _mustMeasure;
    private long _storedBytes;
    private TimeSpan? _crampedSince;
    private long _storedSinceAsked;
    private TimeSpan _trimAgain;
    private TimeSpan _snapshotUntil;
    private TimeSpan _snapshotAgain;
    private bool _isSteppingDown;
    private bool _isResigning;
    private bool _isResignationAsked;
    private TimeSpan _stepDownUntil;

    private protected override void TakeOfTenure(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.Renewed renewed:
                OnRenewed(renewed);
                break;
            case MemberInput.Made made:
                OnMade(made.Events);
                break;
            case MemberInput.StoreAppended appended:
                OnStoreAppended(appended.Result);
                break;
            case MemberInput.Released released:
                OnReleased(released.Number);
                break;
            case MemberInput.SettingsWritten written:
                OnSettingsWritten(written.Outcome);
                break;
            case MemberInput.Trimmed trimmed:
                OnTrimmed(trimmed.Outcome);
                break;
            case MemberInput.Archived archived:
                _archived = archived.Through;
                break;
            case MemberInput.Resigned resigned:
                OnResigned(resigned.Outcome);
                break;
        }
    }

    /// <summary>The lease is free, or not.</summary>
    private void OnResigned(LeaseOutcome outcome)
    {
        if (!_isResigning)
            return;
        if (outcome is LeaseOutcome.Unknown)
        {
            _isResignationAsked = false; // the very same again; the lease may be free already
            return;
        }
        if (outcome is LeaseOutcome.Done done)
        {
            _member.Lease.See(done.Lease, _member.Now);
            foreach (ReplicaProgress replica in _replicas.Where(replica => _successor is null || replica.Name == _successor))
                _member.Emit(new MemberOutput.Send(replica.Name,
                    new MemberMessage.Push(done.Lease, _member.Progress.Committed, [], _member.Progress.Committed, _member.Progress.Released, _member.Settings)));
        }
        _member.Lease.HoldBack(_member.Now + (_member.Options.LeaseDuration * 2));
        Demote("it stepped down");
    }

    /// <summary>A trim was answered.</summary>
    private void OnTrimmed(WriteOutcome outcome)
    {
        _trim.Done();
        _mustMeasure = true;
        if (outcome is not WriteOutcome.Committed)
            _trimmed = EventNumber.None;
        if (outcome is WriteOutcome.Fenced fenced)
            Fenced(fenced.Current);
    }

    /// <summary>What the store holds after a trim.</summary>
    private protected override void OnStateRead(MemberInput.StateRead read)
    {
        _mustMeasure |= _isMeasuring && read.State is null;
        _isMeasuring = false;
        if (read.State is { } state)
            _storedBytes = state.Bytes + _storedSinceAsked;
    }

    private void Trim()
    {
        if (_trim.IsOpen || _isMeasuring || _member.Options.StoreWindow is not { } window)
            return;
        if (_mustMeasure)
        {
            if (!_member.AskState())
                return;
            (_isMeasuring, _mustMeasure, _storedSinceAsked) = (true, false, 0);
            return;
        }
        WarnOfWindow(window);
        bool isCramped = !_hearsEnough && _storedBytes > window / 100 * CrampedPercent && !(FirstKept(0) > _trimmed);
        _crampedSince = isCramped ? _crampedSince ?? _member.Now : null;
        if (_member.Now < _trimAgain || _storedBytes <= window / 2)
            return;
        _trimAgain = _member.Now + (_member.Options.LeaseDuration / 5);
        // Events may be large: where there are not so many to keep for those who are a little behind, none is kept.
        EventNumber? first = FirstKept(TrimRule.Kept);
        if (first is null || first <= _trimmed)
            first = FirstKept(0);
        if (first is not { } next)
            return;
        // A harbor that is behind finds in the store what a member's chopped log has no more; but the ship goes first, and so does what the store does not take now.
        if (_member.Options.HasHarbors && !_isRefused && next > _archived.Next && _storedBytes <= window / 100 * HarborsPercent)
            next = _archived.Next;
        if (next <= _trimmed || next == EventNumber.None.Next)
            return;
        _trimmed = next;
        _trim.Ask();
        _member.Emit(new MemberOutput.Trim(_keeper.Lease.Term, next));
    }

    /// <summary>What the store may forget keeps the window half empty: where it fills up all the same, members that should have a copy are away.</summary>
    private void WarnOfWindow(long window)
    {
        int percent = (int)(Math.Min(_storedBytes, window) * 100 / window);
        if (percent < WarnAtPercent)
        {
            _member.ClearWarning("window");
            return;
        }
        IEnumerable<string> away = _replicas
            .Where(replica => replica.Durable < _member.Progress.Committed.Number && !replica.IsHealthy(_member.Now, _member.Options.ReplicaPatience))
            .Select(static replica => replica.Name);
        string names = string.Join(", ", away);
        _member.SetWarning(
            "window",
            $"The store's window is {percent / 10 * 10} % full: it may not forget events until enough members have them{(names.Length > 0 ? $", and {names} can't be heard" : "")}. When it is full the ship stands still. "
            + "Start the missing member, remove it (seguro cluster leave), or enlarge the window (seguro cluster window SIZE).");
    }

    /// <summary>How many replicas must have a copy before the store may forget one; none where it never has to.</summary>
    private int ReplicasForRoom => _member.Options.StoreWindow is null ? 0 : TrimRule.Needed(_member.Options.Copies, _replicas.Count + 1) - 1;

    private EventNumber? FirstKept(ulong kept) =>
        TrimRule.First(_member.Log.End.Number, [.. _replicas.Select(static replica => replica.Durable)], _member.Options.Copies, _member.Progress.Committed.Number, kept);

    /// <summary>
    /// Keeps a snapshot that is due. It must not be ahead of what is committed, so nothing is computed until that is so; but a store that is away is not waited for long.
    /// </summary>
    private bool MustWaitForSnapshot()
    {
        if (_member.Progress.Committed == _member.Ship.Position)
        {
            _member.Snapshots.Keep(_member.Ship.Position.Number, _member.Now);
            _member.Emit(new MemberOutput.Snapshot(_member.Ship.Position));
            return false;
        }
        if (_member.Now >= _snapshotAgain)
            (_snapshotUntil, _snapshotAgain) = (_member.Now + (_member.Options.LeaseDuration / 4), _member.Now + (_member.Options.LeaseDuration * 10));
        return _member.Now < _snapshotUntil;
    }

    private void StepDownFurther()
    {
        if (!_isSteppingDown)
            return;
        if (_member.Now > _stepDownUntil)
        {
            _isSteppingDown = false;
            _successor = null;
            AnswerHandOvers(new SeguroException(ErrorCode.StoreUnavailable, "stepping down was given up: events or effects were still waiting", "See in `seguro status` what they wait for, and repeat the command then."));
            return;
        }
        bool isShared = _replicas.Exists(replica =>
            (_successor is null || replica.Name == _successor) && replica.Processed == Tip.Number && replica.IsHealthy(_member.Now, _member.Options.ReplicaPatience));
        if (!IsQuiet || !isShared || _member.Ship.IsRunning)
            return;
        Resign();
    }

    /// <summary>
    /// Where the gate stays shut for want of replicas, or the store's window fills up since too few are heard to have a copy, this master may be the one that is cut off from them: it lets
    /// another try, once. Nothing is lost by that: what it computed and committed stays, and what waits at the gate waits with the next.
    /// </summary>
    private void Yield()
    {
        if ((_shutSince ?? _crampedSince) is not { } since || _member.Lease.HasYielded || _isSteppingDown || _member.Now - since < _member.Options.LeaseDuration * LeasesShut)
            return;
        if (_member.Ship.IsPoking || _adopting.Count > 0 || _writing is not null)
            return;
        // What the store does not take for want of room is nobody's loss as long as no effect of it has left.
        bool isWhole = _member.Progress.Committed == Tip && _member.Log.End == Tip;
        if (!isWhole && (_crampedSince is null || _append.IsOpen || _gate.Released > _member.Progress.Committed.Number))
            return;
        _member.Lease.Yield();
        _member.Emit(new MemberOutput.Warn($"{_member.Options.Name} {(_shutSince is null ? "can't let the store forget anything, and its window is nearly full" : "can't open its gate")}: it hears too few replicas. Another member may be better placed; it lets them try."));
        Resign();
    }

    /// <summary>From here on nothing is served: an unanswered resignation may have freed the lease.</summary>
    private void Resign()
    {
        (_isResigning, _isResignationAsked) = (true, true);
        _stepDownUntil = _member.Now + (_member.Options.LeaseDuration * 2);
        // Who hears of a master just now does not look at the lease so soon: the successor is first.
        foreach (ReplicaProgress other in _replicas.Where(other => _successor is not null && other.Name != _successor))
            _member.Emit(new MemberOutput.Send(other.Name,
                new MemberMessage.Push(_keeper.Lease, _member.Progress.Committed, [], _member.Progress.Committed, _member.Progress.Released, _member.Settings)));
        _member.Emit(new MemberOutput.Resign(_keeper.Lease, !_isSteppingDown));
    }

    private void ResignFurther()
    {
        if (_member.Now > _stepDownUntil)
        {
            _member.Lease.HoldBack(_member.Now + (_member.Options.LeaseDuration * 2));
            Demote("whether it stepped down is not known: the store does not answer");
        }
        else if (!_isResignationAsked)
        {
            _isResignationAsked = true;
            _member.Emit(new MemberOutput.Resign(_keeper.Lease, !_isSteppingDown));
        }
    }
}

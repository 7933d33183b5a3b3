namespace Seguro.Core;

/// <summary>
/// Takes the next term by a conditional write, reads the head by a linearizable read, and gets up to date before it serves. Its head can't move meanwhile: the term
/// fences all others.
/// </summary>
/// <param name="member">The member.</param>
/// <param name="processing">How it gets up to date.</param>
/// <param name="rejoin">What follows where the store or the local log is not what it was taken for.</param>
/// <param name="serve">Begins the mastership: the lease, the head that it takes over at, how many payload bytes the store holds there.</param>
internal sealed class Candidate(MemberState member, Processing processing, Rejoin rejoin, Action<ITenure, Position, long> serve) : MemberRole(member, processing)
{
    private const int Attempts = 5;

    private Lease _expected;
    private Term _termWhenAsked;
    private bool _isAsking;
    private int _attempts;
    private TimeSpan _askAgain;
    private TimeSpan _lastProgress;
    private Position _reached;
    private Position? _head;
    private ITenure? _keeper;
    private string _holder = "";
    private Term _epoch;
    private ulong _candidacies;
    private long _storedBytes;

    /// <summary>Stands for the term after the newest that was seen.</summary>
    public void Begin()
    {
        _expected = _member.Lease.Newest;
        _epoch = _member.Lease.Node.Epoch;
        _holder = _member.Node is null ? _member.Options.Candidate : NodeEpoch.HolderOf(_member.Options.Candidate, _epoch, ++_candidacies);
        _attempts = 0;
        _isAsking = false;
        _askAgain = _member.Now;
        _head = null;
        _keeper = null;
        _member.Become(Role.Candidate);
    }

    public override void OnPush(string from, MemberMessage.Push push, bool isNewer)
    {
        base.OnPush(from, push, isNewer);
        if (isNewer)
            _member.Become(Role.Replica);
    }

    private protected override void OnCampaigned(MemberInput.Campaigned campaigned)
    {
        if (!SeeCampaigned(campaigned))
            rejoin.Begin("the store went back in time");
    }

    private protected override void OnStateRead(MemberInput.StateRead read)
    {
        if (!SeeState(read))
            Diverge();
    }

    private protected override void OnEventsRead(MemberInput.EventsRead read)
    {
        if (!_processing.OnRead(read))
            Diverge();
    }

    private protected override void OnApplied(MemberInput.EventsApplied applied)
    {
        base.OnApplied(applied);
        if (_member.Role is Role.Stopped)
            Resign();
    }

    private protected override void TakeOfTenure(MemberInput input)
    {
        if (input is MemberInput.Renewed renewed && _keeper?.Renewed(renewed.Outcome, renewed.Sent) is not null)
            _member.Become(Role.Replica);
    }

    /// <summary>The local log contradicts the cluster's.</summary>
    private void Diverge()
    {
        Resign();
        rejoin.BeginDiverged();
    }

    private void Resign()
    {
        if (_keeper is not null)
            _member.Resign(_keeper.Lease);
    }

    /// <summary>The campaign was answered. False where the store knows an older lease than it did when this began.</summary>
    private bool SeeCampaigned(MemberInput.Campaigned campaigned)
    {
        switch (campaigned.Outcome)
        {
            case LeaseOutcome.Lost lost when lost.Current.IsBefore(_expected):
                return false;
            case LeaseOutcome.Done done when done.Lease.Holder != _holder:
                // Of an earlier candidacy, whose answer came late: its epoch may be over, and this one's has asked for nothing yet.
                _member.Resign(done.Lease);
                _member.Become(Role.Replica);
                break;
            case LeaseOutcome.Done done when done.Lease.Term <= _member.Lease.Freed:
                // A repeat that found what an earlier candidacy had won, and given back: that may reach the store yet, whenever it likes, and would free a lease that is served on.
                _member.Lease.See(done.Lease, _member.Now); // so the next campaign follows this term, and does not find it again
                _member.Resign(done.Lease);
                _member.Become(Role.Replica);
                break;
            case LeaseOutcome.Done done when done.Lease.Term < _termWhenAsked || !_member.Lease.SeeTerm(done.Lease.Term, _holder):
                // A term is given out once: a store that does so again has gone back.
                _member.Resign(done.Lease);
                return false;
            case LeaseOutcome.Done done:
                _keeper = _member.Node is null
                    ? new LeaseKeeper(done.Lease, _member.Lease.FirstAsked(campaigned.Sent), _member.Options.LeaseDuration, done.Shortfall)
                    : new NodeTenure(_member.Lease, done.Lease, _epoch, _member.Options.LeaseDuration);
                _member.Lease.See(done.Lease, _member.Now);
                _member.Lease.Follow("");
                _lastProgress = _member.Now;
                break;
            case LeaseOutcome.Lost lost:
                _member.Lease.See(lost.Current, _member.Now);
                _member.Become(Role.Replica);
                break;
            case LeaseOutcome.Unknown when ++_attempts < Attempts:
                _askAgain = _member.Now + (_member.Options.LeaseDuration / 20);
                break;
            default:
                _member.Become(Role.Replica);
                break;
        }
        return true;
    }

    /// <summary>The head of the log in the store. False where the local log is not the beginning of that log.</summary>
    private bool SeeState(MemberInput.StateRead read)
    {
        if (!_isAsking || _keeper is null)
            return true;
        _isAsking = false;
        if (read.State is not { } state)
        {
            _askAgain = _member.Now + (_member.Options.LeaseDuration / 20);
            return true;
        }
        _member.SeeAccepted(read.Settings.Accepted);
        if (_member.Progress.FindLoss(state, read.Common) is not null)
            return false;
        _member.Lease.See(state.Lease, _member.Now); // of a later term: the end, see Pump
        if (state.Lease.Holder != _keeper.Lease.Holder)
        {
            _member.Become(Role.Replica);
            return true;
        }
        _member.SeeSettings(read.Settings, state.Head.Number);
        if (_member.Members.IndexOf(_member.Options.Name) < 0)
        {
            // It was removed from the cluster while it did not hear of it.
            Resign();
            _member.Become(Role.Replica);
            return true;
        }
        if (_member.Progress.HasMoreThan(read.Common))
            return false;
        _head = state.Head.Position;
        _storedBytes = state.Bytes;
        _processing.Learn(state.Head.Position);
        return true;
    }

    /// <summary>Gets up to date, and begins to serve where all is done.</summary>
    public override void Pump()
    {
        _processing.Pump();
        if (_keeper is null)
        {
            if (_epoch != _member.Lease.Node.Epoch)
                _member.Become(Role.Replica); // and stands anew, in its node's next
            else if (!_member.Lease.IsCampaigning && _member.Now >= _askAgain)
                Ask();
            return;
        }
        // A store that was slow to answer the campaign may have used the lease up. Nothing is served on it yet, and a renewal tells whether it is still this member's.
        if (_member.Lease.Term > _keeper.Lease.Term || _member.Now - _keeper.Deadline > _member.Options.LeaseDuration)
        {
            _member.Become(Role.Replica);
            return;
        }
        if (_keeper.MustRenew(_member.Now))
            _member.Emit(new MemberOutput.Renew(_keeper.Lease));
        if (_head is not { } known)
        {
            if (!_isAsking && _member.Now >= _askAgain)
                _isAsking = _member.AskState();
            return;
        }
        if (_member.Processed != _reached)
            (_reached, _lastProgress) = (_member.Processed, _member.Now);
        if (_member.Now - _lastProgress > _member.Options.LeaseDuration * 5)
        {
            GiveUp();
            return;
        }
        // Nothing beyond what is committed was asked of either, so neither has anything under way then.
        if (_member.Log.End == known && _member.Ship.Position == known && _keeper.IsFresh(_member.Now))
            serve(_keeper, known, _storedBytes);
    }

    private void Ask()
    {
        TimeSpan duration = _member.Node is null ? _member.Options.LeaseDuration : NodeEpoch.Longest;
        _member.Lease.Campaign(_expected, _member.Node is null ? null : new Lease(_expected.Term.Next, _holder, 0, duration));
        _termWhenAsked = _member.Lease.Term;
        _member.Emit(new MemberOutput.Campaign(_expected, _holder, duration));
    }

    /// <summary>What is missing can't be had here; another member may have it.</summary>
    private void GiveUp()
    {
        Resign();
        _member.Lease.HoldBack(_member.Now + (_member.Options.LeaseDuration * 5));
        _member.SetWarning("candidate", _member.Processed == _head
            ? $"{_member.Options.Name} won term {_member.Lease.Term}, but the store takes too long to renew a lease of {_member.Options.LeaseDuration.TotalSeconds:0.##} s; it lets another member try."
            : $"{_member.Options.Name} won term {_member.Lease.Term} but can't get the events up to {_head?.Number}; it lets another member try.");
        _member.Become(Role.Replica);
    }
}

namespace Seguro.Core;

/// <summary>
/// Takes the next term by a conditional write, reads the head by a linearizable read, and gets up to date before it serves. Its head can't move meanwhile: the term
/// fences all others.
/// </summary>
internal sealed class Candidate(MemberState member, Processing processing)
{
    private const int Attempts = 5;

    private Lease _expected;
    private Lease _asked;
    private Term _termWhenAsked;
    private (Lease Asked, TimeSpan Sent)? _unknown;
    private bool _isCampaigning;
    private bool _isAsking;
    private int _attempts;
    private TimeSpan _askAgain;
    private TimeSpan _lastProgress;
    private Position _reached;
    private Position? _head;

    /// <summary>The lease, once it is won.</summary>
    public LeaseKeeper? Keeper { get; private set; }

    /// <summary>How many payload bytes the store held at the head.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Stands for the term after the newest that was seen.</summary>
    public void Begin()
    {
        _expected = member.Lease;
        _attempts = 0;
        _isAsking = false;
        _askAgain = member.Now;
        _head = null;
        Keeper = null;
        member.Become(Role.Candidate);
    }

    /// <summary>A campaign was answered, in this role or after it: another may be asked for.</summary>
    public void CampaignEnded() => _isCampaigning = false;

    /// <summary>The campaign was answered. False where the store knows an older lease than it did when this began.</summary>
    public bool OnCampaigned(MemberInput.Campaigned campaigned)
    {
        switch (campaigned.Outcome)
        {
            case LeaseOutcome.Lost lost when lost.Current.IsBefore(_expected):
                return false;
            case LeaseOutcome.Done done when done.Lease.Term < _termWhenAsked || !member.SeeTerm(done.Lease.Term, member.Options.Candidate):
                // A term is given out once: a store that does so again has gone back.
                member.Emit(new MemberOutput.Resign(done.Lease));
                return false;
            case LeaseOutcome.Done done:
                Keeper = new LeaseKeeper(done.Lease, FirstAsked(campaigned.Sent), member.Options.LeaseDuration, done.Shortfall);
                member.SeeLease(done.Lease);
                member.Master = "";
                _lastProgress = member.Now;
                break;
            case LeaseOutcome.Lost lost:
                member.SeeLease(lost.Current);
                member.Become(Role.Replica);
                break;
            case LeaseOutcome.Unknown when ++_attempts < Attempts:
                NoteUnknown(campaigned.Sent);
                _askAgain = member.Now + (member.Options.LeaseDuration / 20);
                break;
            default:
                NoteUnknown(campaigned.Sent);
                member.Become(Role.Replica);
                break;
        }
        return true;
    }

    /// <summary>A campaign that was asked for in a role that is over has no answer: it may have been won.</summary>
    public void NoteUnknown(TimeSpan sent)
    {
        if (_unknown is not { } first || first.Asked != _asked)
            _unknown = (_asked, sent);
    }

    /// <summary>A repeated campaign finds its own success: all others count the lease from the first, and so does its holder.</summary>
    private TimeSpan FirstAsked(TimeSpan sent) => _unknown is { } first && first.Asked == _asked ? first.Sent : sent;

    /// <summary>The head of the log in the store. False where the local log is not the beginning of that log.</summary>
    public bool OnStateRead(MemberInput.StateRead read)
    {
        if (!_isAsking || Keeper is null)
            return true;
        _isAsking = false;
        if (read.State is not { } state)
        {
            _askAgain = member.Now + (member.Options.LeaseDuration / 20);
            return true;
        }
        member.SeeAccepted(read.Settings.Accepted);
        if (member.FindLoss(state, read.Common) is not null)
            return false;
        member.SeeLease(state.Lease); // of a later term: the end, see Pump
        if (state.Lease.Holder != Keeper.Lease.Holder)
        {
            member.Become(Role.Replica);
            return true;
        }
        member.SeeSettings(read.Settings, state.Head.Number);
        if (member.Members.IndexOf(member.Options.Name) < 0)
        {
            // It was removed from the cluster while it did not hear of it.
            member.Emit(new MemberOutput.Resign(Keeper.Lease));
            member.Become(Role.Replica);
            return true;
        }
        if (member.HasMoreThan(read.Common))
            return false;
        _head = state.Head.Position;
        StoredBytes = state.Bytes;
        processing.Learn(state.Head.Position);
        return true;
    }

    /// <summary>Goes on; says whether all is done and the member may be master, with the head that it took over at.</summary>
    public bool Pump(out Position head)
    {
        head = _head ?? default;
        if (Keeper is null)
        {
            if (!_isCampaigning && member.Now >= _askAgain)
            {
                _isCampaigning = true;
                _asked = _expected;
                _termWhenAsked = member.Term;
                member.Emit(new MemberOutput.Campaign(_expected));
            }
            return false;
        }
        // A store that was slow to answer the campaign may have used the lease up. Nothing is served on it yet, and a renewal tells whether it is still this member's.
        if (member.Term > Keeper.Lease.Term || member.Now - Keeper.Deadline > member.Options.LeaseDuration)
        {
            member.Become(Role.Replica);
            return false;
        }
        if (Keeper.MustRenew(member.Now))
            member.Emit(new MemberOutput.Renew(Keeper.Lease));
        if (_head is not { } known)
        {
            if (!_isAsking && member.Now >= _askAgain)
                _isAsking = member.AskState();
            return false;
        }
        if (member.Processed != _reached)
            (_reached, _lastProgress) = (member.Processed, member.Now);
        if (member.Now - _lastProgress > member.Options.LeaseDuration * 5)
        {
            GiveUp();
            return false;
        }
        // Nothing beyond what is committed was asked of either, so neither has anything under way then.
        return member.Local == known && member.Ship == known && Keeper.IsFresh(member.Now);
    }

    /// <summary>What is missing can't be had here; another member may have it.</summary>
    public void GiveUp()
    {
        if (Keeper is not null)
            member.Emit(new MemberOutput.Resign(Keeper.Lease));
        member.HoldBackUntil = member.Now + (member.Options.LeaseDuration * 5);
        member.SetWarning("candidate", member.Processed == _head
            ? $"{member.Options.Name} won term {member.Term}, but the store takes too long to renew a lease of {member.Options.LeaseDuration.TotalSeconds:0.##} s; it lets another member try."
            : $"{member.Options.Name} won term {member.Term} but can't get the events up to {_head?.Number}; it lets another member try.");
        member.Become(Role.Replica);
    }
}

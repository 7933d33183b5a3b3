namespace Seguro.Core;

/// <summary>A held lease: renews it, and knows until when the holder may rely on it, by the holder's own clock.</summary>
internal sealed class LeaseKeeper
{
    private readonly TimeSpan _duration;
    private TimeSpan _nextRenewal;
    private bool _isRenewing;

    public LeaseKeeper(Lease lease, TimeSpan sent, TimeSpan duration)
    {
        Lease = lease;
        _duration = duration;
        Deadline = sent + Relied(duration);
        _nextRenewal = sent + (duration / 3);
    }

    /// <summary>The lease as last renewed.</summary>
    public Lease Lease { get; private set; }

    /// <summary>From then on the holder does not rely on it: counted from when the last successful renewal was sent, not from when its answer came.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <summary>The holder may still rely on it.</summary>
    public bool IsLive(TimeSpan now) => now < Deadline;

    /// <summary>So much of it is left that who begins to serve on it now need not end at once: a renewal came, or comes, in time.</summary>
    public bool IsFresh(TimeSpan now) => Deadline - now >= _duration / 3;

    /// <summary>The renewal that is due; null where none is.</summary>
    public MemberOutput.Renew? Renew(TimeSpan now)
    {
        if (_isRenewing || now < _nextRenewal)
            return null;
        _isRenewing = true;
        _nextRenewal = now + (_duration / 10); // should it fail
        return new MemberOutput.Renew(Lease);
    }

    /// <summary>A renewal was answered. Answers to renewals of an earlier term say nothing.</summary>
    /// <returns>Why the holder can't rely on the lease any more; <see langword="null"/> where it can.</returns>
    public string? Renewed(LeaseOutcome outcome, TimeSpan sent)
    {
        switch (outcome)
        {
            // Every renewal counts. Only an older copy of the store counts less than it said before, and whoever has nothing to append would not notice by anything else.
            case LeaseOutcome.Done done when IsMine(done.Lease) && done.Lease.Renewals <= Lease.Renewals:
                return $"the store went back in time: the lease was renewed {Lease.Renewals} times, and now it says {done.Lease.Renewals}";
            case LeaseOutcome.Done done when IsMine(done.Lease):
                Lease = done.Lease;
                Deadline = sent + Relied(_duration);
                _nextRenewal = sent + (_duration / 3);
                break;
            case LeaseOutcome.Lost lost when !IsMine(lost.Current) && lost.Current.Term >= Lease.Term:
                return "the lease is another's";
        }
        _isRenewing = false;
        return null;
    }

    /// <summary>For how long the holder relies on a lease: a tenth less than others wait, since no two clocks run at the same rate.</summary>
    private static TimeSpan Relied(TimeSpan duration) => duration - (duration / 10);

    private bool IsMine(Lease lease) => lease.Term == Lease.Term && lease.Holder == Lease.Holder;
}

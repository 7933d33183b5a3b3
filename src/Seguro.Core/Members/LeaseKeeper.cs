namespace Seguro.Core;

/// <summary>A held lease: knows when it is to be renewed, and until when the holder may rely on it, by the holder's own clock. Every holder of a lease has one, members and commands.</summary>
/// <remarks>Not for two threads at a time. It does nothing by itself.</remarks>
public sealed class LeaseKeeper : ITenure
{
    private readonly TimeSpan _duration;
    private TimeSpan _nextRenewal;
    private bool _isRenewing;

    /// <summary>Begins with a lease that was won.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="sent">When it was first asked for, by the holder's clock; where the answer was long unknown, before the first try.</param>
    /// <param name="duration">Its duration.</param>
    /// <param name="shortfall">As the store said with it.</param>
    public LeaseKeeper(Lease lease, TimeSpan sent, TimeSpan duration, CommitShortfall? shortfall = null)
    {
        Lease = lease;
        Shortfall = shortfall;
        _duration = duration;
        Deadline = sent + Relied(duration);
        _nextRenewal = sent + (duration / 3);
    }

    /// <summary>The lease as last renewed.</summary>
    public Lease Lease { get; private set; }

    /// <summary>In what a commit is worth less than the store promised, as of the last renewal; null where it is worth as much.</summary>
    public CommitShortfall? Shortfall { get; private set; }

    /// <summary>From then on the holder does not rely on it: counted from when the last successful renewal was sent, not from when its answer came.</summary>
    public TimeSpan Deadline { get; private set; }

    /// <inheritdoc/>
    string ITenure.Over => "the lease could not be renewed in time";

    /// <summary>The holder may still rely on it.</summary>
    public bool IsLive(TimeSpan now) => now < Deadline;

    /// <summary>So much of it is left that who begins to serve on it now need not end at once: a renewal came, or comes, in time.</summary>
    public bool IsFresh(TimeSpan now) => Deadline - now >= _duration / 3;

    /// <summary>When the next renewal is due, if none is under way.</summary>
    public TimeSpan NextRenewal => _nextRenewal;

    /// <summary>A renewal is due, and under way from now on.</summary>
    public bool MustRenew(TimeSpan now)
    {
        if (_isRenewing || now < _nextRenewal)
            return false;
        _isRenewing = true;
        _nextRenewal = now + (_duration / 10); // should it fail
        return true;
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
                Shortfall = done.Shortfall;
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

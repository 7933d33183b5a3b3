namespace Seguro.Core;

/// <summary>What a member knows of terms and leases: the highest term that was won and who won it, the newest lease that was seen, and which master it follows.</summary>
/// <remarks>Invariant: the term never goes back, and neither winner nor master is that of an earlier one.</remarks>
internal sealed class LeaseState
{
    private readonly Question _campaign = new("the store, asked for the next term,");
    private readonly Question _observation = new("the store, asked for the lease,");
    private (Lease Expected, TimeSpan Sent)? _unknown;
    private Lease _campaigned;

    /// <summary>The highest term that is known to have been won: from an answer that decides, or from another member that knows. A lease that a plain read shows is not enough.</summary>
    public Term Term { get; private set; }

    /// <summary>Who won <see cref="Term"/>: its name in the lease; empty where that is not known.</summary>
    public string Winner { get; private set; } = "";

    /// <summary>Who sent the last push of the highest term, or serves in it here; empty where nobody does.</summary>
    public string Master { get; private set; } = "";

    /// <summary>The newest lease that was seen.</summary>
    public Lease Newest { get; private set; }

    /// <summary>For how long it was seen.</summary>
    public LeaseWatch Watch { get; private set; }

    /// <summary>Until then this member does not stand for mastership.</summary>
    public TimeSpan HeldBackUntil { get; private set; }

    /// <summary>As master it once let another try, since it could not open its gate; and has not opened it with enough replicas since.</summary>
    public bool HasYielded { get; private set; }

    /// <summary>A term was won. False where another is known to have won it: there are two stores, or one that went back in time.</summary>
    public bool SeeTerm(Term term, string winner = "")
    {
        if (term > Term)
            (Term, Winner, Master) = (term, "", "");
        if (term < Term || winner.Length == 0)
            return true;
        if (Winner.Length == 0)
            Winner = winner;
        return Winner == winner;
    }

    /// <summary>A lease was seen by an answer that decides, or in a master's own words. Sightings come by several ways; an older one than the newest says nothing.</summary>
    public void See(Lease lease, TimeSpan now)
    {
        SeeTerm(lease.Term, lease.Holder ?? "");
        Sight(lease, now);
    }

    /// <summary>A plain read shows a lease. Good for watching: the store may yet lose it.</summary>
    public void Sight(Lease lease, TimeSpan now)
    {
        if (!lease.IsBefore(Newest))
            Watch = Watch.See(Newest = lease, now);
    }

    /// <summary>The lease is what the store says, be it older than one that was seen: it is what a campaign must expect. The highest term that was seen stays.</summary>
    public void Take(Lease lease, TimeSpan now)
    {
        SeeTerm(lease.Term, lease.Holder ?? "");
        Watch = Watch.See(Newest = lease, now);
    }

    /// <summary>This is the master of the highest term; empty where there is none to follow.</summary>
    public void Follow(string master) => Master = master;

    /// <summary>A campaign was asked for, in this role or one that is over, and has no answer.</summary>
    public bool IsCampaigning => _campaign.IsOpen;

    /// <summary>The lease is being looked at.</summary>
    public bool IsObserving => _observation.IsOpen;

    /// <summary>The next term is asked for.</summary>
    /// <param name="expected">The lease that it is to follow.</param>
    public void Campaign(Lease expected)
    {
        _campaign.Ask();
        _campaigned = expected;
    }

    /// <summary>The campaign has an answer. One of unknown outcome may have been won, and what comes of a repeat of it counts from then.</summary>
    public void Campaigned(LeaseOutcome outcome, TimeSpan sent)
    {
        _campaign.Done();
        if (outcome is LeaseOutcome.Unknown && (_unknown is not { } first || first.Expected != _campaigned))
            _unknown = (_campaigned, sent);
    }

    /// <summary>A repeated campaign finds its own success: all others count the lease from the first, and so does its holder.</summary>
    public TimeSpan FirstAsked(TimeSpan sent) => _unknown is { } first && first.Expected == _campaigned ? first.Sent : sent;

    /// <summary>The lease is looked at.</summary>
    public void Observe() => _observation.Ask();

    /// <summary>The lease was looked at, or the store could not be asked.</summary>
    public void Observed(Lease? lease, TimeSpan now)
    {
        _observation.Done();
        if (lease is { } seen)
            Sight(seen, now);
    }

    /// <summary>Lets others stand for mastership first.</summary>
    public void HoldBack(TimeSpan until) => HeldBackUntil = until;

    /// <summary>Lets another member try to open the gate.</summary>
    public void Yield() => HasYielded = true;

    /// <summary>Enough replicas are heard here: the gate can open.</summary>
    public void HearEnough() => HasYielded = false;
}

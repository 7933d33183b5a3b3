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

    /// <summary>What this member's node told it last; nothing where ships' leases are renewed one by one.</summary>
    public NodeView Node { get; private set; } = NodeView.None;

    /// <summary>What this member campaigned for last, where its lease would name an epoch of its node, and has not given back: no silence ever ends it.</summary>
    public Lease? Claim { get; private set; }

    /// <summary>It is being given back.</summary>
    public bool IsGivingBack { get; private set; }

    /// <summary>When it is given back again.</summary>
    public TimeSpan GiveBackAgain { get; private set; }

    /// <summary>The highest term that this member won and gave back before it served in it. The store may free that lease at any time from then on, so it never serves in it.</summary>
    public Term Freed { get; private set; }

    /// <summary>Until then this member does not stand for mastership.</summary>
    public TimeSpan HeldBackUntil { get; private set; }

    /// <summary>As master it once let another try, since it could not open its gate; and has not opened it with enough replicas since.</summary>
    public bool HasYielded { get; private set; }

    /// <summary>A term was won. False where another is known to have won it: there are two stores, or one that went back in time.</summary>
    public bool SeeTerm(Term term, string winner = "")
    {
        if (term > Term)
            (Term, Winner, Master) = (term, "", "");
        ForgetClaim();
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
    /// <param name="claim">What it may come to be, where no silence would end that.</param>
    public void Campaign(Lease expected, Lease? claim = null)
    {
        _campaign.Ask();
        _campaigned = expected;
        Claim = claim;
    }

    /// <summary>The node says how things are with it and the others.</summary>
    public void See(NodeView node)
    {
        Node = node;
        // All know of the epoch of such a one that it is over.
        if (Claim is { } claim && NodeEpoch.TryParse(claim.Holder, out NodeEpoch epoch) && node.Epoch > epoch.Number)
            Claim = null;
    }

    /// <summary>
    /// The ship's lease is nobody's, as far as is known: free, or its holder was silent for its whole duration; or, by node, the epoch that it names has ended, for certain, or it is
    /// the one that this member's own node holds, and this member does not serve.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="self">Where leases are by node: this member's node. Who holds by itself has no part in a ship that is held by nodes.</param>
    public bool IsVacant(TimeSpan now, string? self)
    {
        if (!NodeEpoch.TryParse(Newest.Holder, out NodeEpoch epoch))
            return Watch.MayCampaign(now);
        if (self is null)
            return false;
        return epoch.Node == self && epoch.Number == Node.Epoch || Node.HasEnded(epoch);
    }

    /// <summary>A term that was won is given back.</summary>
    public void Free(Term term) => Freed = term > Freed ? term : Freed;

    /// <summary>The claim is given back.</summary>
    public Lease GiveBack(TimeSpan again)
    {
        (IsGivingBack, GiveBackAgain) = (true, again);
        return Claim!.Value;
    }

    /// <summary>Whoever asked in the role before hears no answer.</summary>
    public void ForgetGivingBack() => IsGivingBack = false;

    /// <summary>A resignation was answered.</summary>
    /// <param name="outcome">What came of it.</param>
    /// <param name="late">When to ask again, where the campaign itself may yet come.</param>
    public void Resigned(LeaseOutcome outcome, TimeSpan late)
    {
        IsGivingBack = false;
        if (outcome is LeaseOutcome.Lost lost && Claim is { } claim && lost.Current.Term < claim.Term)
            GiveBackAgain = late;
        else if (outcome is not LeaseOutcome.Unknown)
            Claim = null;
    }

    /// <summary>Another won a later term: nothing is to be given back.</summary>
    private void ForgetClaim()
    {
        if (Claim is { } claim && claim.Term < Term)
            Claim = null;
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

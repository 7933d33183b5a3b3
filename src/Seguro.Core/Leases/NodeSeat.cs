namespace Seguro.Core;

/// <summary>One node's lease, as another node or itself sees it.</summary>
internal sealed class NodeSeat(string name)
{
    private (Lease Expected, TimeSpan Sent)? _unknown;
    private Lease _campaigned;
    private Lease _newest;
    private LeaseWatch _watch;

    /// <summary>Whose.</summary>
    public string Name { get; } = name;

    /// <summary>A question is under way.</summary>
    public bool IsAsked { get; set; }

    /// <summary>When it is next looked at.</summary>
    public TimeSpan LookAgain { get; set; }

    /// <summary>The store said once for certain how it is.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>This epoch and all before it have ended, for certain.</summary>
    public Term Ended { get; private set; }

    /// <summary>The newest lease that was seen.</summary>
    public Lease Newest => _newest;

    /// <summary>The highest epoch that was ever seen.</summary>
    public Term Highest { get; private set; }

    /// <summary>What was seen shows the end of an epoch of which the store did not say so for certain.</summary>
    public bool MustConfirm => EndedBy(_newest) > Ended;

    /// <summary>It has an epoch that is in force, and its holder was silent for its whole duration.</summary>
    public bool IsSilent(TimeSpan now) => IsOwners(_newest) && _watch.MayCampaign(now);

    /// <summary>Whoever is this node itself may begin an epoch: nobody holds it, or another life of it that was silent; or another node ended it.</summary>
    public bool MayBegin(TimeSpan now, string life) => IsKnown && (!IsOwners(_newest) || _newest.Holder == life || _watch.MayCampaign(now));

    /// <summary>A plain read.</summary>
    public void Sight(Lease lease, TimeSpan now)
    {
        if (!lease.IsBefore(_newest))
            Take(lease, now);
    }

    /// <summary>An answer that decides. One that is older than what was seen comes of a store that went back: what was known of before says nothing any more.</summary>
    public void Decide(Lease lease, TimeSpan now)
    {
        Term ended = EndedBy(lease);
        if (lease.IsBefore(_newest) || ended > Ended)
            Ended = ended;
        IsKnown = true;
        Take(lease, now);
    }

    /// <summary>A campaign is sent.</summary>
    public void Campaign() => _campaigned = _newest;

    /// <summary>From when on a lease that was won counts: a campaign of unknown outcome may have been won at its first try.</summary>
    public TimeSpan Campaigned(LeaseOutcome outcome, TimeSpan sent)
    {
        TimeSpan first = _unknown is { } one && one.Expected == _campaigned ? one.Sent : sent;
        _unknown = outcome is LeaseOutcome.Unknown ? (_campaigned, first) : null;
        return first;
    }

    private void Take(Lease lease, TimeSpan now)
    {
        _newest = lease;
        _watch = _watch.See(lease, now);
        if (lease.Term > Highest)
            Highest = lease.Term;
    }

    /// <summary>Where the node itself holds it, all before have ended; where it is free, or in the name of who ended it, that one, too.</summary>
    private Term EndedBy(Lease lease) => IsOwners(lease) ? new Term(lease.Term.Value - 1) : lease.Term;

    private bool IsOwners(Lease lease) => lease.IsHeld && lease.Holder.StartsWith(Name + "@", StringComparison.Ordinal);
}

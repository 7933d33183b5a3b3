namespace Seguro.Core;

/// <summary>
/// Tells from repeated sightings of a lease whether its holder may be taken for dead. Time is what the caller says it is:
/// a monotonic clock of its own; no two machines' clocks are ever compared.
/// </summary>
/// <remarks>A value: <see cref="See"/> returns the next watch.</remarks>
public readonly record struct LeaseWatch
{
    private readonly Lease _seen;
    private readonly TimeSpan _since;
    private readonly bool _hasSeen;

    private LeaseWatch(Lease seen, TimeSpan since)
    {
        _seen = seen;
        _since = since;
        _hasSeen = true;
    }

    /// <summary>Notes a sighting at <paramref name="now"/>.</summary>
    public LeaseWatch See(Lease lease, TimeSpan now) => _hasSeen && lease == _seen ? this : new LeaseWatch(lease, now);

    /// <summary>Nobody holds the lease, or its holder was silent for its whole duration.</summary>
    public bool MayCampaign(TimeSpan now) => _hasSeen && (!_seen.IsHeld || now - _since >= _seen.Duration);

    /// <summary>How long there is still to wait at <paramref name="now"/>.</summary>
    public TimeSpan Remaining(TimeSpan now)
    {
        if (!_hasSeen || !_seen.IsHeld)
            return TimeSpan.Zero;
        TimeSpan rest = _seen.Duration - (now - _since);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }
}

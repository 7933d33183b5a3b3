namespace Seguro.Core;

/// <summary>What became of a campaign, a renewal or a resignation.</summary>
public abstract record LeaseOutcome
{
    private LeaseOutcome()
    {
    }

    /// <summary>Done (or found done by an earlier attempt); the lease is now this one.</summary>
    /// <param name="Lease">The lease in force.</param>
    public sealed record Done(Lease Lease) : LeaseOutcome
    {
        /// <summary>What the store noticed on the way about its commits; <see langword="null"/>: they are worth what <see cref="StoreCapabilities"/> says.</summary>
        public CommitShortfall? Shortfall { get; init; }
    }

    /// <summary>Nothing was changed: the lease is not the one that was expected.</summary>
    /// <param name="Current">The lease in force.</param>
    public sealed record Lost(Lease Current) : LeaseOutcome;

    /// <summary>It may have happened. Repeat the very same call to find out.</summary>
    /// <param name="Cause">What went wrong, for people.</param>
    public sealed record Unknown(string Cause) : LeaseOutcome;
}

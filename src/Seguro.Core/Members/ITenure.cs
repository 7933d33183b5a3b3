namespace Seguro.Core;

/// <summary>
/// What a mastership rests on: the ship's lease, and until when it holds. Either the member renews that lease by itself (<see cref="LeaseKeeper"/>), or its node renews its own
/// (<see cref="NodeTenure"/>).
/// </summary>
internal interface ITenure
{
    /// <summary>The ship's lease.</summary>
    Lease Lease { get; }

    /// <summary>See <see cref="LeaseKeeper.Shortfall"/>.</summary>
    CommitShortfall? Shortfall { get; }

    /// <summary>From then on the holder does not rely on it.</summary>
    TimeSpan Deadline { get; }

    /// <summary>Why it is over, where it is: for people.</summary>
    string Over { get; }

    /// <summary>The holder may still rely on it.</summary>
    bool IsLive(TimeSpan now);

    /// <summary>See <see cref="LeaseKeeper.IsFresh"/>.</summary>
    bool IsFresh(TimeSpan now);

    /// <summary>The member is to renew the ship's lease, now.</summary>
    bool MustRenew(TimeSpan now);

    /// <summary>See <see cref="LeaseKeeper.Renewed"/>.</summary>
    string? Renewed(LeaseOutcome outcome, TimeSpan sent);
}

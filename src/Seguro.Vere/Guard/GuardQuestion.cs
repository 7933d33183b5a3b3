using Seguro.Core;

namespace Seguro.Vere.Guard;

/// <summary>All that is known when something is about to be done with a ship's log.</summary>
public sealed record GuardQuestion
{
    /// <summary>What is about to be done.</summary>
    public required GuardedAct Act { get; init; }

    /// <summary>The ship.</summary>
    public required Ship Ship { get; init; }

    /// <summary>Who computes it, as the log says; <see langword="null"/> where the log does not say.</summary>
    public required Custody? Custody { get; init; }

    /// <summary>The store that holds the log; <see langword="null"/> where it was given no identity yet, or the custody names none to compare.</summary>
    public required StoreIdentity? Store { get; init; }

    /// <summary>The store as its user named it, without secrets: for commands in messages.</summary>
    public required string Url { get; init; }

    /// <summary>The log's last event.</summary>
    public required EventNumber Head { get; init; }

    /// <summary>What the owner says.</summary>
    public OwnersWord Word { get; init; }

    /// <summary>What others know of the ship: each that could be reached.</summary>
    public IReadOnlyList<KnownHead> Others { get; init; } = [];
}

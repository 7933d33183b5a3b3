using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Vere.Networks;

namespace Seguro.Node.Members;

/// <summary>The stock vere of a member whose ship runs on one.</summary>
public sealed record VereOptions
{
    /// <summary>The program.</summary>
    public required string Binary { get; init; }

    /// <summary>What the king is given: ports, the loom's size.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The network that the king is in; <see langword="null"/>: the machine's. It stays the caller's.</summary>
    public ShipNetwork? Network { get; init; }

    /// <summary>How Seguro's own command is started: the program, and what comes before the verb.</summary>
    public required IReadOnlyList<string> Seguro { get; init; }

    /// <summary>What a replica does with the events, where the machine allows it.</summary>
    public StandbyLevel Level { get; init; } = StandbyLevel.Replayed;

    /// <summary>
    /// Makes Seguro's own ship, which computes what the vere computed (<see cref="StandbyLevel.Computed"/>): before its first event, or with a state
    /// that vere exported to begin with.
    /// </summary>
    public Func<ExportedState?, IShip>? Machine { get; init; }

    /// <summary>Beside a worker that stands by, a king waits, so that a takeover need not start one.</summary>
    public bool KeepsKing { get; init; } = true;

    /// <summary>How many bytes of disk the pier may take, log and snapshots together: its log is rolled and chopped so that it stays below. 0: never.</summary>
    public long Disk { get; init; }

    /// <summary>
    /// Asks up to which event nobody needs this member's own log. Nothing is ever chopped beyond what the members need, and beyond what the harbors
    /// do only where the budget is nearly used up.
    /// </summary>
    public Func<CancellationToken, Task<LogNeed>> Need { get; init; } = static _ => Task.FromResult(new LogNeed(EventNumber.None, "nobody was asked"));

    /// <summary>
    /// How long a worker that is to stand by may take to come up. The replica's events wait meanwhile, so it is short: over it, the replica is one
    /// level below, and its replays bring the snapshot nearer.
    /// </summary>
    public TimeSpan StandbyPatience { get; init; } = TimeSpan.FromSeconds(30);
}

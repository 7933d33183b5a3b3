using Seguro.Cli.Demo.Probes;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>All that was seen of a cluster from outside, for <see cref="NemesisCheck"/>: no time of day decides anything.</summary>
public sealed record NemesisHistory
{
    /// <summary>How many events the boot had; the ship's own count begins after them.</summary>
    public required ulong Boot { get; init; }

    /// <summary>How often each datagram was sent, by its number.</summary>
    public required IReadOnlyDictionary<long, int> Sent { get; init; }

    /// <summary>Every answer that reached the client, repeats too, in the order in which they came.</summary>
    public required IReadOnlyList<ProbeAnswer> Answers { get; init; }

    /// <summary>Each member's whole log after its end: it may go on beyond the store's.</summary>
    public required IReadOnlyDictionary<string, FinalLog> Logs { get; init; }

    /// <summary>The store's log when all was whole and the client was done: its first number, and its last with the chain there. It is the final log.</summary>
    public required (ulong First, Position Head) Store { get; init; }

    /// <summary>Who said that it became master: process by process, in the order of its own log.</summary>
    public required IReadOnlyList<Mastership> Masterships { get; init; }

    /// <summary>What members said of themselves while it went on: process by process, in order.</summary>
    public required IReadOnlyList<Sighting> Sightings { get; init; }

    /// <summary>The events, by the ship's count, whose effects may have left at optimism 0.</summary>
    public required IReadOnlyList<(ulong From, ulong To)> AtZero { get; init; }

    /// <summary>What a master may lose at optimism 0.</summary>
    public required int MaxUnreplicated { get; init; }
}

/// <summary>A log, whole.</summary>
/// <param name="Chains">The chain at each number, from 1.</param>
/// <param name="Heard">The number of the client's datagram that each event is, from 1; 0: it is something else.</param>
public sealed record FinalLog(IReadOnlyList<Chain> Chains, IReadOnlyList<long> Heard);

/// <summary>A member said that it is master.</summary>
/// <param name="Process">Which process of which member, such as <c>m1-2</c>.</param>
/// <param name="Term">In which term.</param>
public sealed record Mastership(string Process, ulong Term);

/// <summary>A member said how it stands.</summary>
/// <param name="Process">Which process of which member.</param>
/// <param name="Term">The highest term that it knew.</param>
/// <param name="Committed">What it knew to be committed.</param>
public sealed record Sighting(string Process, ulong Term, Position Committed);

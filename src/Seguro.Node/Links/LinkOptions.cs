using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Node.Links;

/// <summary>What the links of one member are: its node's door, and what is done with what comes.</summary>
public sealed record LinkOptions : LinkDoorOptions
{
    /// <summary>The most bytes that an event of a cluster may have: links and ships take no larger ones.</summary>
    public const long MostOfEvent = 1L << 30;

    /// <summary>Whose links they are; <see langword="null"/>: a node's only ones, of which nothing is said on the way.</summary>
    public Ship? Ship { get; init; }

    /// <summary>The node's door, where several ships share one; not owned. <see langword="null"/>: the links make one of their own.</summary>
    public LinkDoor? Door { get; init; }

    /// <summary>
    /// What to do with a message from a member. One call at a time for each member, in the order sent; while it lasts, nothing more is taken from that member.
    /// The bytes belong to the callee.
    /// </summary>
    public required Action<string, MemberMessage> Received { get; init; }

    /// <summary>Events of the local log that follow a position, as many as make a good group; none where it has none, or has another chain there.</summary>
    public required Func<Position, EventNumber, CancellationToken, ValueTask<IReadOnlyList<Event>>> ReadLocal { get; init; }

    /// <summary>What to do with another member's request to this one's admin API; it is never handed on a second time.</summary>
    public Func<LinkCommand, CancellationToken, Task<LinkReply>>? Command { get; init; }

    /// <summary>Of which version this member is.</summary>
    public MemberVersion Version { get; init; } = MemberVersion.Own;

    /// <summary>Which version of the ship's own runtime this member has; <see langword="null"/> where the ship has none, or it does not say.</summary>
    public string? Runtime { get; init; }

    /// <summary>Which store this member works with; <see langword="null"/> while it has not opened it.</summary>
    public Func<StoreIdentity?> Store { get; init; } = static () => null;

    /// <summary>Hears, whenever a link with a member is made or tried, whether the two share a store; where they do not, there is no link. From any thread.</summary>
    public Action<string, bool>? StoreCompared { get; init; }

    /// <summary>The largest event that is read from another member, in bytes.</summary>
    public long LargestEvent { get; init; } = MostOfEvent;

    /// <summary>How many payload bytes may wait for a peer; past that the link breaks and is made anew, without what waited.</summary>
    public long MaxQueuedBytes { get; init; } = 64L << 20;

    /// <summary>How many messages, likewise.</summary>
    public int MaxQueued { get; init; } = 4096;

    /// <summary>The first pause before a link is tried again; it doubles up to <see cref="LongestPause"/>.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a read from another member may take before the next one is asked.</summary>
    public TimeSpan ReadTime { get; init; } = TimeSpan.FromSeconds(30);
}

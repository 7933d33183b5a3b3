using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Node.Links;

/// <summary>What the links of one member are.</summary>
public sealed record LinkOptions
{
    /// <summary>The most bytes that an event of a cluster may have: links and ships take no larger ones.</summary>
    public const long MostOfEvent = 1L << 30;

    /// <summary>This member's name; that of its certificate.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others reach this member's links; the host must be in its certificate.</summary>
    public required HostAddress Address { get; init; }

    /// <summary>Where to listen, when that is not <see cref="Address"/> (behind address translation).</summary>
    public HostAddress? Listen { get; init; }

    /// <summary>The cluster's certificates; not owned.</summary>
    public required ClusterCertificates Certificates { get; init; }

    /// <summary>Who is let in.</summary>
    public required AccessList Access { get; init; }

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

    /// <summary>Which store this member works with; <see langword="null"/> while it has not opened it.</summary>
    public Func<StoreIdentity?> Store { get; init; } = static () => null;

    /// <summary>Hears, whenever a link with a member is made or tried, whether the two share a store; where they do not, there is no link. From any thread.</summary>
    public Action<string, bool>? StoreCompared { get; init; }

    /// <summary>Hears why somebody was refused, each time. From any thread.</summary>
    public Action<string>? Refused { get; init; }

    /// <summary>Hears of links that come and go. From any thread.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    /// <summary>
    /// The most payload bytes of one push. A push with more is cut to the events that fit before it, perhaps none: who gets it reads the rest from the store,
    /// where a large event hinders no sign of life.
    /// </summary>
    public int LargestPush { get; init; } = 8 << 20;

    /// <summary>The largest event that is read from another member, in bytes.</summary>
    public long LargestEvent { get; init; } = MostOfEvent;

    /// <summary>How many payload bytes may wait for a peer; past that the link breaks and is made anew, without what waited.</summary>
    public long MaxQueuedBytes { get; init; } = 64L << 20;

    /// <summary>How many messages, likewise.</summary>
    public int MaxQueued { get; init; } = 4096;

    /// <summary>How long making a connection may take, encryption included.</summary>
    public TimeSpan ConnectTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After how long without a sign the other side is asked for one; at least a second.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long that answer may take before the link is given up; at least a second.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The first pause before a link is tried again; it doubles up to <see cref="LongestPause"/>.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a read from another member may take before the next one is asked.</summary>
    public TimeSpan ReadTime { get; init; } = TimeSpan.FromSeconds(30);
}

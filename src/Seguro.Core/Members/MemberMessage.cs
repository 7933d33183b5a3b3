namespace Seguro.Core;

/// <summary>What members say to each other. Links keep the order, may lose what was sent when they break, and never repeat.</summary>
public abstract record MemberMessage
{
    private MemberMessage()
    {
    }

    /// <summary>From the master: events, and how far things are. Without events it is a sign of life.</summary>
    /// <param name="Lease">The master's lease as last renewed; its term is the sender's. Free where the master has just resigned.</param>
    /// <param name="Previous">The position before the first event.</param>
    /// <param name="Events">Events that follow it, perhaps not committed yet.</param>
    /// <param name="Committed">All up to here is committed in the store.</param>
    /// <param name="Released">All effects up to here are certainly out.</param>
    /// <param name="Settings">The settings in force.</param>
    public sealed record Push(
        Lease Lease, Position Previous, IReadOnlyList<Event> Events, Position Committed, EventNumber Released, ClusterSettings Settings) : MemberMessage;

    /// <summary>From a replica to the master: how far it is.</summary>
    /// <param name="Term">The highest term that it knows.</param>
    /// <param name="Received">The end of what it has, in memory or on disk: the next push must follow it.</param>
    /// <param name="Durable">The end of its local log, on disk.</param>
    /// <param name="Processed">Durable, applied to its ship, and of the same mug.</param>
    /// <param name="Gap">The last push did not follow <paramref name="Received"/>: the master goes on from there.</param>
    /// <param name="Stopped">Why it processes no more; <see langword="null"/> where it does.</param>
    public sealed record Ack(Term Term, Position Received, Position Durable, Position Processed, bool Gap = false, string? Stopped = null) : MemberMessage;

    /// <summary>
    /// From any member to any: what it knows for certain. A candidate asks with it; who knows more answers with its own. A member that has proof that the store lost what it confirmed says
    /// so again and again, and all stand still.
    /// </summary>
    /// <param name="Term">The highest term that was won, as far as it knows.</param>
    /// <param name="Winner">Who won it: its name in the lease; empty where that is not known.</param>
    /// <param name="Committed">The last position that the store confirmed, as far as it knows.</param>
    /// <param name="Accepted">See <see cref="Evidence.Accepted"/>: a testimony of before a newer one says nothing.</param>
    /// <param name="Loss">What shows that the store lost what it confirmed; <see langword="null"/> where nothing does.</param>
    public sealed record Testimony(Term Term, string Winner, Position Committed, Term Accepted, string? Loss = null) : MemberMessage;
}

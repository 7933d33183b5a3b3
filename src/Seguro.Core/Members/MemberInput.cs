namespace Seguro.Core;

/// <summary>What happens to a member. Each input is given at a time of the member's own monotonic clock (see <see cref="Member.Step"/>).</summary>
/// <remarks>
/// Answers to outputs come one for each output that asks for one, in any order among different kinds. Bytes that an input carries belong to the member from then on:
/// nobody changes them.
/// </remarks>
public abstract record MemberInput
{
    private MemberInput()
    {
    }

    /// <summary>The first input of all.</summary>
    /// <param name="Local">The end of the local log, as found on disk.</param>
    /// <param name="Ship">The position of the ship's state, restored from a snapshot whose chain was found in the local log.</param>
    /// <param name="Known">What was remembered beside the local log; <see langword="null"/> where nothing was.</param>
    public sealed record Started(Position Local, Position Ship, Evidence? Known = null) : MemberInput;

    /// <summary>Time passed. Given at least every tenth of the lease's duration.</summary>
    public sealed record Tick : MemberInput
    {
        /// <summary>The only instance.</summary>
        public static Tick Instance { get; } = new();
    }

    /// <summary>By node: how the node stands with its lease, and which epochs of others have ended. Newer than the one before.</summary>
    public sealed record NodeSeen(NodeView Node) : MemberInput;

    /// <summary>A link with another member was made, or tried: each said which store it works with.</summary>
    /// <param name="From">The other member.</param>
    /// <param name="IsShared">It is the same store.</param>
    public sealed record StoreCompared(string From, bool IsShared) : MemberInput;

    /// <summary>Something came from outside: a datagram (every member hears it), or a timer that rang on the master.</summary>
    public sealed record Heard(Ovum Ovum) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Poke"/>: one computation for each ovum, in order.</summary>
    /// <param name="Computations">What came of them.</param>
    public sealed record Poked(IReadOnlyList<Computation> Computations) : MemberInput;

    /// <summary>
    /// A ship that makes its events itself made these: they are durable in the local log. They follow the last that was told of, and come only between
    /// <see cref="MemberOutput.RunShip"/> and <see cref="ShipEnded"/>.
    /// </summary>
    /// <param name="Events">The events. One without effects is passed over by <see cref="MemberOutput.Release"/>.</param>
    public sealed record Made(IReadOnlyList<Computation.Accepted> Events) : MemberInput;

    /// <summary>
    /// Answers <see cref="MemberOutput.RunShip"/>, when the ship's processes are gone, whatever ended them, and the local log is the member's again. Before it, all of the local log was told of by
    /// <see cref="Made"/>, unless the mastership is over.
    /// </summary>
    /// <param name="Local">The end of the local log, on disk.</param>
    /// <param name="Reason">Why it ended, for people.</param>
    public sealed record ShipEnded(Position Local, string Reason) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Apply"/>.</summary>
    /// <param name="Results">What the events did, in order; fewer than asked where the next one failed, or where the shell had worked at them for long enough: the rest is asked for again.</param>
    /// <param name="Failure">Why the next one could not be applied: it crashed, or led to another state. The shell keeps the evidence.</param>
    public sealed record EventsApplied(IReadOnlyList<Applied> Results, string? Failure = null) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.RestoreShip"/>.</summary>
    /// <param name="Ship">Where the ship now stands; its chain is that of the local log.</param>
    public sealed record ShipRestored(Position Ship) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.AppendLocal"/>: durable. Where that fails for good, the process ends instead.</summary>
    public sealed record LocalAppended(Position Local) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Quarantine"/>: the local log ends at <paramref name="Local"/>, and what was above is kept aside with a report.</summary>
    /// <param name="Local">The new end.</param>
    /// <param name="Moved">The events that were moved, in order; they may still come into the log if nothing else did in their place.</param>
    public sealed record Quarantined(Position Local, IReadOnlyList<Event> Moved) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.AppendStore"/>.</summary>
    /// <param name="Result">
    /// What became of it; an error that says for certain that nothing was written is <see cref="WriteOutcome.Refused"/>, any other
    /// <see cref="WriteOutcome.Unknown"/>: repeating is safe in either case.
    /// </param>
    public sealed record StoreAppended(AppendResult Result) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Campaign"/>.</summary>
    /// <param name="Outcome">What became of it.</param>
    /// <param name="Sent">When the shell sent it: the lease counts from then.</param>
    public sealed record Campaigned(LeaseOutcome Outcome, TimeSpan Sent) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Renew"/>.</summary>
    /// <param name="Outcome">What became of it.</param>
    /// <param name="Sent">When the shell sent it: the lease counts from then.</param>
    public sealed record Renewed(LeaseOutcome Outcome, TimeSpan Sent) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Resign"/>.</summary>
    public sealed record Resigned(LeaseOutcome Outcome) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.ObserveLease"/>; <see langword="null"/> where the store could not be asked.</summary>
    public sealed record LeaseObserved(Lease? Lease) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.ReadState"/>, by a linearizable read.</summary>
    /// <param name="State">The state; <see langword="null"/> where the store could not be asked.</param>
    /// <param name="Settings">What the store's metadata says about the cluster.</param>
    /// <param name="Common">The last position that the local log and the store's log share (see <see cref="MemberOutput.ReadState"/>).</param>
    public sealed record StateRead(LogState? State, ClusterSettings Settings, Position Common) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Read"/> and <see cref="MemberOutput.ReadLocal"/>.</summary>
    /// <param name="After">As asked.</param>
    /// <param name="Events">Events that follow it, verified against each other and against <paramref name="After"/>'s chain; none where the source has none now.</param>
    /// <param name="Diverged">The source has another chain at <paramref name="After"/>: the local log is not the cluster's.</param>
    public sealed record EventsRead(Position After, IReadOnlyList<Event> Events, bool Diverged = false) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.WriteSettings"/>.</summary>
    public sealed record SettingsWritten(WriteOutcome Outcome) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Trim"/>.</summary>
    public sealed record Trimmed(WriteOutcome Outcome) : MemberInput;

    /// <summary>What every harbor has, while this member fills them: told when it changes. See <see cref="MemberOptions.HasHarbors"/>.</summary>
    public sealed record Archived(EventNumber Through) : MemberInput;

    /// <summary>Answers <see cref="MemberOutput.Release"/>: all effects up to that event are out.</summary>
    public sealed record Released(EventNumber Number) : MemberInput;

    /// <summary>A message came from another member.</summary>
    public sealed record Received(string From, MemberMessage Message) : MemberInput;

    /// <summary>An operator wants a change. Answered by <see cref="MemberOutput.Answer"/>, once.</summary>
    /// <param name="Number">The shell's own number for it.</param>
    /// <param name="Wish">The change.</param>
    public sealed record Wished(ulong Number, Wish Wish) : MemberInput;
}

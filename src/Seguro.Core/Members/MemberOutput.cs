namespace Seguro.Core;

/// <summary>What a member wants done. The shell does it and answers by the input that is named; it decides nothing by itself.</summary>
/// <remarks>
/// Of each kind that is answered there is at most one under way at a time, with these exceptions: <see cref="Poke"/>, <see cref="Apply"/> and <see cref="RestoreShip"/>
/// share one place (the ship does one thing at a time; <see cref="RunShip"/> takes it, and the local log's, until the ship has ended),
/// <see cref="AppendLocal"/> and <see cref="Quarantine"/> share one (the local log), and <see cref="Read"/> and <see cref="ReadLocal"/> share one.
/// Outputs of one kind are carried out in the order given.
/// </remarks>
public abstract record MemberOutput
{
    private MemberOutput()
    {
    }

    /// <summary>Compute the next events. Answer: <see cref="MemberInput.Poked"/>.</summary>
    public sealed record Poke(IReadOnlyList<Ovum> Ova) : MemberOutput;

    /// <summary>
    /// Give the local log to a ship that makes its events itself, and let it run. It may say outside what comes of an event only once <see cref="Release"/> says so; all that the log has now is
    /// released. A change of role ends it at once, <see cref="EndShip"/> in peace. Answer: <see cref="MemberInput.Made"/> for its events, <see cref="MemberInput.ShipEnded"/> at the end.
    /// </summary>
    /// <param name="Term">The term that it runs in.</param>
    /// <param name="Head">The end of the local log.</param>
    public sealed record RunShip(Term Term, Position Head) : MemberOutput;

    /// <summary>Let the running ship finish what it began, keep its state and end. No answer but <see cref="MemberInput.ShipEnded"/>.</summary>
    public sealed record EndShip : MemberOutput
    {
        /// <summary>The only instance.</summary>
        public static EndShip Instance { get; } = new();
    }

    /// <summary>Process events of the log. Answer: <see cref="MemberInput.EventsApplied"/>.</summary>
    public sealed record Apply(IReadOnlyList<Event> Events) : MemberOutput;

    /// <summary>
    /// Put the ship back to a snapshot that belongs to the local log and is not above <paramref name="AtMost"/>, or to the beginning.
    /// Answer: <see cref="MemberInput.ShipRestored"/>.
    /// </summary>
    public sealed record RestoreShip(EventNumber AtMost) : MemberOutput;

    /// <summary>Keep a snapshot of the ship, which stands at this position; no answer, and no hurry. A ship that runs by itself may have gone on: of what is committed, then.</summary>
    public sealed record Snapshot(Position Position) : MemberOutput;

    /// <summary>
    /// Keep this beside the local log, durably, before any <see cref="AppendLocal"/> and <see cref="Release"/> that follows is carried out. No answer.
    /// </summary>
    public sealed record Remember(Evidence Known) : MemberOutput;

    /// <summary>Append to the local log, durably. Answer: <see cref="MemberInput.LocalAppended"/>.</summary>
    public sealed record AppendLocal(IReadOnlyList<Event> Events) : MemberOutput;

    /// <summary>
    /// Move the local log's events above <paramref name="Last"/> aside, with a report, before they are removed from it. Answer: <see cref="MemberInput.Quarantined"/>.
    /// </summary>
    public sealed record Quarantine(Position Last, string Reason) : MemberOutput;

    /// <summary>
    /// Append to the store; an unknown outcome is repeated by the shell for as long as it likes. Answer: <see cref="MemberInput.StoreAppended"/>.
    /// </summary>
    public sealed record AppendStore(Term Term, Position Previous, IReadOnlyList<Event> Events) : MemberOutput;

    /// <summary>Campaign for the term after <paramref name="Expected"/>'s. Answer: <see cref="MemberInput.Campaigned"/>.</summary>
    /// <param name="Expected">The lease as it was seen.</param>
    /// <param name="Holder">What the lease is to say of who holds it.</param>
    /// <param name="Duration">And of for how long.</param>
    public sealed record Campaign(Lease Expected, string Holder, TimeSpan Duration) : MemberOutput;

    /// <summary>Renew the lease. Answer: <see cref="MemberInput.Renewed"/>.</summary>
    public sealed record Renew(Lease Held) : MemberOutput;

    /// <summary>Free the lease. Answer: <see cref="MemberInput.Resigned"/>.</summary>
    /// <param name="Held">The lease.</param>
    /// <param name="Yields">It is freed with effects still waiting at the gate, so that a member that hears more replicas may let them go.</param>
    public sealed record Resign(Lease Held, bool Yields = false) : MemberOutput;

    /// <summary>Look at the lease, by a plain read. Answer: <see cref="MemberInput.LeaseObserved"/>.</summary>
    public sealed record ObserveLease : MemberOutput
    {
        /// <summary>The only instance.</summary>
        public static ObserveLease Instance { get; } = new();
    }

    /// <summary>
    /// Read the store's state and settings, linearizably, and find the last position that the local log shares with the cluster's: the local end
    /// where the store has it, else found by bisecting their chains. What the store has forgotten is compared with another member's local log, up to what that
    /// member knows to be committed; where none can be asked, the answer is that nothing could be read. Answer: <see cref="MemberInput.StateRead"/>.
    /// </summary>
    public sealed record ReadState : MemberOutput
    {
        /// <summary>The only instance.</summary>
        public static ReadState Instance { get; } = new();
    }

    /// <summary>
    /// Read committed events that follow <paramref name="After"/>, not above <paramref name="Last"/>, as many as make a good group: from the store, or
    /// from other members' local logs where the store has them no more. Answer: <see cref="MemberInput.EventsRead"/>.
    /// </summary>
    /// <param name="After">The position before the first.</param>
    /// <param name="Last">Not above this event.</param>
    /// <param name="Sparing">
    /// A master that is at work, and is to be left alone, as is the store: where another member has the events in its local log, they come from there, and the store only says whether
    /// they are the cluster's. <see langword="null"/> where it is the fastest way that counts.
    /// </param>
    public sealed record Read(Position After, EventNumber Last, string? Sparing = null) : MemberOutput;

    /// <summary>Read events from the local log. Answer: <see cref="MemberInput.EventsRead"/>.</summary>
    public sealed record ReadLocal(Position After, EventNumber Last) : MemberOutput;

    /// <summary>Write the settings into the store's metadata, fenced. Answer: <see cref="MemberInput.SettingsWritten"/>.</summary>
    public sealed record WriteSettings(Term Term, ClusterSettings Settings) : MemberOutput;

    /// <summary>Let the store forget events below <paramref name="First"/>. Answer: <see cref="MemberInput.Trimmed"/>.</summary>
    public sealed record Trim(Term Term, EventNumber First) : MemberOutput;

    /// <summary>Send to a member, if it can be reached; no answer.</summary>
    public sealed record Send(string To, MemberMessage Message) : MemberOutput;

    /// <summary>
    /// Emit the effects of events, in order, tagged with the term. Answer: <see cref="MemberInput.Released"/> with <paramref name="Last"/>, when they have left this process.
    /// </summary>
    /// <param name="Term">The master's term.</param>
    /// <param name="Last">The last event of the group; events without effects are skipped over.</param>
    /// <param name="Effects">The effects.</param>
    /// <param name="Degraded">Fewer replicas than the optimism asks for have processed some of these events.</param>
    public sealed record Release(Term Term, EventNumber Last, IReadOnlyList<Effect> Effects, bool Degraded) : MemberOutput;

    /// <summary>
    /// The role changed. A new master's shell gives the ship what it must be told at a start; an ex-master's cancels what it does in that role and an
    /// ex-candidate's its renewals: their answers come no more.
    /// </summary>
    /// <param name="Role">The new one.</param>
    /// <param name="Term">The highest term that the member knows.</param>
    /// <param name="Reason">Why it rejoins, for people; empty for other roles.</param>
    public sealed record RoleChanged(Role Role, Term Term, string Reason = "") : MemberOutput;

    /// <summary>A wish is in force, or can't be.</summary>
    /// <param name="Number">As in <see cref="MemberInput.Wished"/>.</param>
    /// <param name="Refusal">Why not, with what to do; <see langword="null"/> where it is in force.</param>
    public sealed record Answer(ulong Number, SeguroException? Refusal) : MemberOutput;

    /// <summary>Tell the user. The same text is not repeated while it stays true.</summary>
    public sealed record Warn(string Text) : MemberOutput;

    /// <summary>An ovum was refused, or dropped because a bound was reached; for counting.</summary>
    public sealed record Dropped(int Count, string Reason) : MemberOutput;
}

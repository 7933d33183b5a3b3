namespace Seguro.Core;

/// <summary>
/// One ship's log in a store, by fragments. <see cref="EventLog"/> makes whole, verified events of it; write through that, not through this.
/// </summary>
/// <remarks>
/// <para><b>Fencing.</b> Every write names its term. The store compares it with the current term, and the head with the expected one, in
/// the same atomic step that writes. A term other than the current one is <see cref="WriteOutcome.Fenced"/>, checked before anything else.</para>
/// <para><b>Unknown outcomes.</b> Where the connection was lost in a commit, the outcome is <c>Unknown</c>. Repeating the very same call is
/// safe, and tells: <c>Committed</c> when the store's head already is the append's last position. A repeat that says <c>Committed</c> has made
/// sure, by a write of its own, that the earlier commit is as durable as any other.</para>
/// <para><b>Negative answers are true.</b> <c>Fenced</c>, <c>Conflict</c> and <c>Lost</c> are never said on the strength of a read that a deposed
/// leader may have answered.</para>
/// <para><b>Waiting.</b> A call may wait for a leader, a connection or a lock, but not for ever: it then ends with
/// <see cref="ErrorCode.StoreUnavailable"/> (nothing written) or <c>Unknown</c>.</para>
/// <para><b>Threading.</b> Calls may overlap, from any thread. Bytes handed in are read until the call returns and not kept. A store on this machine may commit
/// on the caller's thread, before it returns its task: who has something else to do meanwhile calls it from another.</para>
/// </remarks>
public interface IStoredLog : IAsyncDisposable
{
    /// <summary>Whose log this is.</summary>
    Ship Ship { get; }

    /// <summary>The state of the log by a linearizable read: everything committed before the call began is in it. Costs about a commit.</summary>
    ValueTask<LogState> ReadStateAsync(CancellationToken cancel);

    /// <summary>The lease by a plain read, which may be old: good for watching, never for deciding.</summary>
    ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel);

    /// <summary>
    /// The fragments of the events <paramref name="from"/> … <paramref name="to"/> in order, each event's from index 0 until its size is reached.
    /// </summary>
    /// <remarks>
    /// The caller knows from a state that <paramref name="to"/> is not above the head. Where events are missing (trimmed under the reader), the
    /// stream leaves them out: <see cref="EventLog"/> finds that and says why. Fragments beyond an event's size (left by a failed attempt)
    /// may come out and are ignored there. Memory: bounded by a few fragments, not by the range.
    /// </remarks>
    IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, CancellationToken cancel);

    /// <summary>
    /// The chain that the store holds for event <paramref name="number"/>, or for the base where it is the base's number;
    /// <see langword="null"/> where it has none.
    /// </summary>
    ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel);

    /// <summary>Appends a group: all or none, durable when <see cref="WriteOutcome.Committed"/> is returned.</summary>
    /// <remarks>The group keeps within <see cref="StoreCapabilities"/>; where it would pass <see cref="StoreCapabilities.Window"/>, the store
    /// refuses with <see cref="ErrorCode.TooLarge"/> and writes nothing.</remarks>
    ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel);

    /// <summary>Writes fragments ahead of their event, over any that an earlier attempt left there.</summary>
    /// <remarks>An event at or below the head is a <see cref="WriteOutcome.Conflict"/>.</remarks>
    ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel);

    /// <summary>
    /// Takes the lease for a new term if it still is <paramref name="expected"/> (<see cref="LeaseRules.Campaign"/>). Winning removes what earlier
    /// terms staged above the head.
    /// </summary>
    ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel);

    /// <summary>Shows that the holder is alive (<see cref="LeaseRules.Renew"/>).</summary>
    /// <remarks>A store whose settings can change under it looks at them again with each renewal, and says so (<see cref="LeaseOutcome.Done.Shortfall"/>).</remarks>
    ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel);

    /// <summary>Frees the lease (<see cref="LeaseRules.Resign"/>); the term stays.</summary>
    ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel);

    /// <summary>All metadata, by a plain read. Keys are in <see cref="MetadataKey"/>.</summary>
    ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel);

    /// <summary>
    /// Sets a value if it now is <paramref name="expected"/> (<see langword="null"/>: absent), fenced like an append. Where it already is
    /// <paramref name="value"/>, that is <c>Committed</c>; anything else is a <c>Conflict</c>.
    /// </summary>
    ValueTask<WriteOutcome> SetMetadataAsync(Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel);

    /// <summary>
    /// Removes the events below <paramref name="first"/> and records the new base with its chain. <paramref name="first"/> may be one above the
    /// head (an empty log is left); already trimmed that far is <c>Committed</c>; further above is a <c>Conflict</c>.
    /// </summary>
    /// <remarks>The base moves before the rows go, so that a reader finds events missing, never wrong. A crash in the middle leaves
    /// rows below the base, invisible, which the next trim removes.</remarks>
    ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel);

    /// <summary>
    /// Waits until the log may have an event above <paramref name="number"/>. Only a hint: it may return early, and the caller reads the state.
    /// </summary>
    ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel);
}

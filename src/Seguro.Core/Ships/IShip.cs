namespace Seguro.Core;

/// <summary>What computes a ship's events: each event changes its state and may have effects.</summary>
/// <remarks>
/// <para>Determinism: the same events in the same order give the same states, mugs, payloads and effects on every machine.</para>
/// <para>
/// Threading: one call at a time; only <see cref="SnapshotAsync"/> takes what it needs before it returns its task, and lets other calls go on while
/// it writes. A call that was cancelled or failed left the state as it was before it.
/// </para>
/// <para>Durability: the state is in memory; what survives is the log, and snapshots that shorten the way back. A ship is free to lose any snapshot.</para>
/// <para>Buffers: bytes handed in are read until the call returns and not kept; bytes handed out are the caller's.</para>
/// </remarks>
public interface IShip : IAsyncDisposable
{
    /// <summary>The event after which the state stands.</summary>
    EventNumber Number { get; }

    /// <summary>The mug of the state; 0 where the ship has none, or before its boot has ended.</summary>
    uint Mug { get; }

    /// <summary>Makes the next event of an ovum (the master's work).</summary>
    /// <remarks>The state is ahead of the log until the event is committed; where it never is, <see cref="RestoreAsync"/> goes back.</remarks>
    /// <param name="ovum">The ovum.</param>
    /// <param name="largest">How many bytes the event's payload may have: what is larger is <see cref="Refusal.Oversize"/>, and the state is the one before.</param>
    /// <param name="cancel">Interrupts the computation.</param>
    ValueTask<Computation> PokeAsync(Ovum ovum, long largest, CancellationToken cancel);

    /// <summary>Processes the next event of the log (a replica's work), and compares the mug that its payload carries; a mug of 0 is not compared.</summary>
    /// <param name="number">Must follow <see cref="Number"/>.</param>
    /// <param name="payload">The event's payload.</param>
    /// <param name="cancel">Interrupts the computation.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Nondeterministic"/>: the state here is another than where the event was made; <see cref="ErrorCode.Crashed"/>: it can't
    /// be computed here (for want of memory, where an <see cref="InsufficientMemoryException"/> is the cause);
    /// <see cref="ErrorCode.BadEvent"/>: the payload is no event; <see cref="ErrorCode.Gap"/>: it does not follow. The state is the old one.
    /// </exception>
    ValueTask<Applied> ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel);

    /// <summary>Keeps the present state under the name of its position, durably; older snapshots may be dropped, all but the last two.</summary>
    /// <param name="position">The position of <see cref="Number"/> in the log: a snapshot says which log it belongs to.</param>
    /// <param name="cancel">Ends the attempt; the snapshots that were there stay.</param>
    /// <remarks>Written aside, read back and checked, then renamed.</remarks>
    ValueTask SnapshotAsync(Position position, CancellationToken cancel);

    /// <summary>Goes back to the newest good snapshot at or below <paramref name="atMost"/>, or to before event 1 where there is none.</summary>
    /// <returns>The position of the state: the caller compares its chain with the log's before it goes on, and calls again with a lower number where they differ.</returns>
    ValueTask<Position> RestoreAsync(EventNumber atMost, CancellationToken cancel);
}

namespace Seguro.Core;

/// <summary>What a member knows to be committed and released, and what it knew of that when it asked the store for its state.</summary>
/// <remarks>
/// Invariants: what is committed here only grows until the member compares its log with the store's again; what is proven was committed; both only grow unless the user accepts a loss.
/// </remarks>
internal sealed class ProgressState
{
    private readonly Question _state = new("the store's state");
    private (Term Term, Position EverCommitted, Position Proven, Position Local) _whenAsked;

    /// <summary>The last position that is known to be committed in the store and is here, in <see cref="MemberState.Tail"/> or in the local log.</summary>
    public Position Committed { get; private set; }

    /// <summary>The highest position that was ever known to be committed, here or elsewhere: the store has it, or has lost what it confirmed.</summary>
    public Position EverCommitted { get; private set; }

    /// <summary>The highest position that was ever known to be committed and follows from what is in the local log.</summary>
    public Position Proven { get; private set; }

    /// <summary>All effects up to here are certainly out.</summary>
    public EventNumber Released { get; private set; }

    /// <summary>The user accepted a loss, and the local log was not compared with the store's since: what it has beyond that is given up.</summary>
    public bool IsLossAccepted { get; private set; }

    /// <summary>The store's state is being read; whoever asked is told by the answer.</summary>
    public bool IsStateAsked => _state.IsOpen;

    /// <summary>The member's folder says so. Until it has compared its log with the store's, what it calls committed is only what it has.</summary>
    /// <param name="local">The end of the local log.</param>
    /// <param name="proven">What of it, or beyond it, was committed for certain; <see langword="null"/> where nothing is known.</param>
    public void Begin(Position local, Position? proven)
    {
        Committed = local;
        IsLossAccepted = false;
        if (proven is not { } known)
            return;
        Proven = known;
        See(known);
    }

    /// <summary>The local log is a beginning of the store's: the member goes on from its end.</summary>
    public void Compared(Position local)
    {
        IsLossAccepted = false;
        Committed = local;
        Prove(local);
    }

    /// <summary>A position is committed, here or elsewhere.</summary>
    public void See(Position committed)
    {
        if (committed.Number > EverCommitted.Number)
            EverCommitted = committed;
    }

    /// <summary>A position is committed, and all up to it is here: in the local log, or after it in <see cref="MemberState.Tail"/>.</summary>
    /// <exception cref="BrokenInvariantException">It was known already, or more was.</exception>
    public void Confirm(Position committed)
    {
        if (committed.Number <= Committed.Number)
            throw new BrokenInvariantException($"event {Committed.Number} is committed here, and then event {committed.Number}");
        Committed = committed;
        Prove(committed);
    }

    /// <summary>Effects up to here are out; false where that is known.</summary>
    public bool Release(EventNumber released)
    {
        if (released <= Released)
            return false;
        Released = released;
        return true;
    }

    /// <summary>
    /// The user accepted a loss: what this member was told of before then proves nothing any more, and the watermark of events that are given up says
    /// nothing of those that take their numbers.
    /// </summary>
    public void GiveUp()
    {
        (EverCommitted, Proven, Released) = (Position.Origin, Position.Origin, EventNumber.None);
        _whenAsked = _whenAsked with { EverCommitted = Position.Origin, Proven = Position.Origin };
        IsLossAccepted = true;
    }

    /// <summary>The store's state is asked for.</summary>
    /// <param name="term">The highest term that is known to have been won.</param>
    /// <param name="local">The end of the local log.</param>
    public void AskState(Term term, Position local)
    {
        _state.Ask();
        _whenAsked = (term, EverCommitted, Proven, local);
    }

    /// <summary>The store's state was read, or could not be.</summary>
    public void StateRead() => _state.Done();

    /// <summary>
    /// What shows that the store has lost what it confirmed, by its state and the last position that the local log shares with it; null where nothing does. Only what was known when the
    /// state was asked for counts: the store may have been told more since.
    /// </summary>
    public string? FindLoss(LogState state, Position common)
    {
        (Term term, Position committed, Position proven, Position local) = _whenAsked;
        if (state.Head.Number < committed.Number)
            return $"the store has lost what it confirmed: event {committed.Number} was committed, and its log ends at {state.Head.Number}";
        if (common.Number < proven.Number && common.Number < local.Number)
            return $"the store has lost what it confirmed: event {common.Number.Next} was committed, and its log has another one there";
        if (state.Lease.Term < term)
            return $"the store has gone back in time: it knows term {state.Lease.Term}, and term {term} was won";
        return null;
    }

    /// <summary>The local log, as it was when the state was asked for, has what the store's log has not.</summary>
    public bool HasMoreThan(Position common) => common.Number < _whenAsked.Local.Number;

    private void Prove(Position committed)
    {
        if (committed.Number > Proven.Number)
            Proven = committed;
        See(committed);
    }
}

using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// All that happened, seen from where nobody can stand: what the store has committed, who won which term, who processed what, which effects left. Each
/// invariant is checked as soon as it can be, and the rest at the end.
/// </summary>
internal sealed partial class ClusterHistory : IDisposable
{
    private readonly List<Fact> _log = [];
    private readonly SortedDictionary<ulong, (string Holder, Position Head)> _terms = [];
    private readonly List<Fact> _lost = [];
    private readonly HashSet<(ulong Term, string Holder)> _formerMasters = [];
    private ulong _lostAfter;
    private bool _isLossAccepted;
    private ulong _highestWon;
    private readonly SortedDictionary<string, EventNumber> _processed = new(StringComparer.Ordinal);

    public ClusterHistory(SimulationPlan plan) => Plan = plan;

    /// <summary>The configuration.</summary>
    public SimulationPlan Plan { get; }

    /// <summary>Computes chains.</summary>
    public ChainHasher Hasher { get; } = new();

    /// <summary>The end of the log, as committed.</summary>
    public Position Head => PositionAt((ulong)_log.Count);

    /// <summary>How many masterships there were.</summary>
    public int Terms => _terms.Count;

    /// <summary>How many events the store has.</summary>
    public int Committed => _log.Count;

    /// <summary>The last event that is committed and has effects.</summary>
    public EventNumber LastEffectful { get; private set; }

    /// <summary>The position at a number that is committed.</summary>
    public Position PositionAt(ulong number) => number == 0 ? Position.Origin : new Position(new EventNumber(number), _log[(int)number - 1].Chain);

    /// <summary>This position is in the committed log.</summary>
    public bool IsCommitted(Position position) => position.Number.Value <= (ulong)_log.Count && PositionAt(position.Number.Value).Chain == position.Chain;

    /// <summary>This position is in the committed log, or was before the store lost it.</summary>
    public bool WasCommitted(Position position)
    {
        ulong lost = position.Number.Value - _lostAfter;
        return IsCommitted(position)
            || (position.Number.Value > _lostAfter && lost <= (ulong)_lost.Count && _lost[(int)lost - 1].Chain == position.Chain);
    }

    /// <summary>The store went back in time.</summary>
    public bool HasGoneBack { get; private set; }

    /// <summary>What the store lost is in its log again, and only that: it can be put back no more.</summary>
    public int Lost => _lost.Count;

    /// <summary>The store's log ends where it ended before.</summary>
    public void GoesBack(EventNumber head)
    {
        HasGoneBack = true;
        _lostAfter = head.Value;
        _lost.AddRange(_log.Skip((int)head.Value));
        _log.RemoveRange((int)head.Value, _log.Count - (int)head.Value);
        foreach (string name in _processed.Keys.ToList())
            _processed[name] = _processed[name] < head ? _processed[name] : head;
        LastEffectful = EventNumber.None;
        _sequenced.Clear();
        for (int i = 0; i < _log.Count; i++)
        {
            if (ShipRules.CountOf(_log[i].Payload.Span) > 0)
                LastEffectful = new EventNumber((ulong)i + 1);
            ulong id = ShipRules.IdOf(_log[i].Payload.Span);
            _sequenced[id] = _sequenced.GetValueOrDefault(id) + 1;
        }
    }

    /// <summary>The user gives up what the store lost.</summary>
    public void AcceptsLoss() => _isLossAccepted = true;

    /// <summary>A member keeps on disk what it knows for certain.</summary>
    public void Remembers(SimulatedMember member, Evidence known) => Require(
        Invariant.StoreBack,
        known.Committed.Number == EventNumber.None || WasCommitted(known.Committed),
        () => $"{member.Candidate} keeps on disk that {known.Committed} was committed, which it never was");

    /// <summary>The state of a right ship at a number.</summary>
    public ulong StateAt(EventNumber number) => number == EventNumber.None ? 0 : _log[(int)number.Value - 1].State;

    /// <summary>Committed events after a number, up to another.</summary>
    public IReadOnlyList<Event> Events(EventNumber after, EventNumber last)
    {
        List<Event> events = [];
        for (ulong number = after.Value + 1; number <= last.Value; number++)
            events.Add(new Event(new EventNumber(number), _log[(int)number - 1].Payload, _log[(int)number - 1].Chain));
        return events;
    }

    /// <summary>The store committed events.</summary>
    public void Append(Position previous, IReadOnlyList<Event> events)
    {
        Require(Invariant.Contiguous, previous == Head, () => $"the store took events after {previous}, its log ends at {Head}");
        foreach (Event added in events)
        {
            Position end = Head;
            Require(Invariant.Contiguous, added.Number == end.Number.Next, () => $"event {added.Number} was committed after {end.Number}");
            Require(
                Invariant.OneValue, Hasher.Next(end.Chain, added.Number, added.Payload.Span) == added.Chain, () => $"event {added.Number} was committed with a wrong chain");
            ulong state = ShipRules.Next(StateAt(end.Number), added.Payload.Span);
            Require(
                Invariant.Determinism, ShipRules.MugOf(state) == ShipRules.MugIn(added.Payload.Span), () => $"event {added.Number} was committed with the mug of another state");
            if (ShipRules.CountOf(added.Payload.Span) > 0)
                LastEffectful = added.Number;
            _log.Add(new Fact(added.Chain, added.Payload, state));
            _sequenced[ShipRules.IdOf(added.Payload.Span)] = _sequenced.GetValueOrDefault(ShipRules.IdOf(added.Payload.Span)) + 1;
        }
    }

    /// <summary>A candidate won a term.</summary>
    public void Won(LogState state)
    {
        // A store that went back gives a term out again, to who knows nothing of it.
        if (HasGoneBack && _terms.Remove(state.Lease.Term.Value, out (string Holder, Position) former))
            _formerMasters.Add((state.Lease.Term.Value, former.Holder));
        Require(Invariant.OneMaster, !_terms.ContainsKey(state.Lease.Term.Value), () => $"{state.Lease} was won, but the term was {_terms[state.Lease.Term.Value].Holder}'s");
        _terms.Add(state.Lease.Term.Value, (NodeEpoch.CandidateOf(state.Lease.Holder), state.Head.Position));
        _highestWon = Math.Max(_highestWon, state.Lease.Term.Value);
    }

    /// <summary>Somebody acts as the master of a term.</summary>
    public void ActsAsMaster(SimulatedMember member, Term term, string what)
    {
        Require(
            Invariant.OneMaster,
            (_terms.TryGetValue(term.Value, out (string Holder, Position) won) && won.Holder == member.Candidate) || _formerMasters.Contains((term.Value, member.Candidate)),
            () => $"{member.Candidate} does this as master of term {term}, which is {(_terms.TryGetValue(term.Value, out var owner) ? owner.Holder : "nobody")}'s: {what}");
    }

    /// <summary>A master gives its first ova to its ship.</summary>
    public void Serves(SimulatedMember member, Term term)
    {
        ActsAsMaster(member, term, "computes");
        EventNumber head = _terms.TryGetValue(term.Value, out (string Holder, Position Head) won) && won.Holder == member.Candidate ? won.Head.Number : EventNumber.None;
        Require(
            Invariant.CompleteMaster,
            member.Ship!.Number >= head,
            () => $"{member.Candidate} computes as master of term {term} on a ship at event {member.Ship.Number}; the log ended at {head} when it won");
        Require(
            Invariant.CompleteMaster,
            member.Disk.Durable.Number >= head,
            () => $"{member.Candidate} computes as master of term {term}, and its disk ends at event {member.Disk.Durable.Number}; the log ended at {head} when it won");
    }

    /// <summary>A master's append, as it leaves.</summary>
    public void FirstAppend(SimulatedMember member, Term term, Position previous)
    {
        ActsAsMaster(member, term, "appends");
        if (_formerMasters.Contains((term.Value, member.Candidate)))
            return;
        Position head = _terms[term.Value].Head;
        Require(
            Invariant.CompleteMaster,
            previous == head,
            () => $"the first append of {member.Candidate} in term {term} follows {previous}; the log ended at {head} when it won");
    }

    /// <summary>Events are about to be written into a local log.</summary>
    public void AppendsLocally(SimulatedMember member, Role role, IReadOnlyList<Event> events)
    {
        if (role is Role.Master or Role.Candidate)
            return;
        foreach (Event added in events)
        {
            Require(
                Invariant.OneValue,
                WasCommitted(new Position(added.Number, added.Chain)),
                () => $"{member.Candidate}, {role}, writes event {added.Number}, chain {added.Chain.ToString()[..16]}, which is not committed ({Head})");
        }
    }

    /// <summary>A replica tells how far it is.</summary>
    public void Acknowledges(SimulatedMember member, MemberMessage.Ack ack)
    {
        Require(
            Invariant.NothingLost,
            ack.Durable.Number == EventNumber.None || member.Disk.DurableChainAt(ack.Durable.Number) == ack.Durable.Chain,
            () => $"{member.Candidate} says that {ack.Durable} is on its disk; there it ends at {member.Disk.Durable}");
        bool committed = IsCommitted(ack.Processed);
        Require(
            Invariant.NothingLost,
            ack.Processed.Number <= ack.Durable.Number,
            () => $"{member.Candidate} processed {ack.Processed.Number}, but only {ack.Durable.Number} is durable");
        if (member.Role is Role.Replica)
            Require(Invariant.OneValue, WasCommitted(ack.Processed), () => $"{member.Candidate}, a replica, processed {ack.Processed}, which is not committed ({Head})");
        if (ack.Stopped is null && committed)
        {
            Require(
                Invariant.Determinism,
                member.DiffersFrom is not { } differs || ack.Processed.Number < differs,
                () => $"{member.Candidate} acknowledges event {ack.Processed.Number}, but its ship differs from event {member.DiffersFrom} on");
            if (ack.Processed.Number > _processed.GetValueOrDefault(member.Name))
                _processed[member.Name] = ack.Processed.Number;
        }
    }

    /// <summary>A replica answers the master of the highest term that it knows, and no other.</summary>
    public void Follows(SimulatedMember member, string master, Term term) => Require(
        Invariant.OneMaster,
        member.Role is not Role.Replica || HasGoneBack || (_terms.TryGetValue(term.Value, out (string Holder, Position) won) && won.Holder.StartsWith(master + "@", StringComparison.Ordinal)),
        () => $"{member.Candidate}, a replica that knows term {term}, answers {master}, whose term that is not");

    /// <summary>Compares a ship with the right one.</summary>
    public bool IsRight(EventNumber number, ulong state) => number.Value > (ulong)_log.Count || StateAt(number) == state;

    /// <summary>Events leave a local log for the quarantine, because the store's log, which ended here when it was read, has them not.</summary>
    /// <remarks>An append of the member's own may still arrive at the store after that; it is then read back from there.</remarks>
    public void Quarantines(SimulatedMember member, IReadOnlyList<Event> moved, EventNumber head)
    {
        foreach (Event gone in moved)
        {
            Require(
                Invariant.Rejoin,
                gone.Number > head || !IsCommitted(new Position(gone.Number, gone.Chain)),
                () => $"{member.Candidate} moves event {gone.Number} into quarantine, which is committed");
            Require(
                Invariant.StoreBack,
                gone.Number > member.Confirmed || _isLossAccepted || !WasCommitted(new Position(gone.Number, gone.Chain)),
                () => $"{member.Candidate} moves event {gone.Number} into quarantine, of which it has proof that it was committed before the store lost it");
        }
    }

    /// <summary>The store forgets events.</summary>
    /// <remarks>While the members are being changed, either list is in force.</remarks>
    public void Trims(EventNumber first, IReadOnlyList<string> known, IReadOnlyList<string> stored, IReadOnlyList<SimulatedMember> machines)
    {
        IReadOnlyList<string> members = known.Count < stored.Count ? known : stored;
        Position last = PositionAt(first.Previous.Value);
        int copies = 0;
        foreach (string name in members)
        {
            if (machines.Any(machine => machine.Name == name && machine.HasHad(last)))
                copies++;
        }
        int needed = Plan.Copies == 0 ? (members.Count / 2) + 1 : Math.Min(Plan.Copies, members.Count);
        Require(Invariant.Trim, copies >= needed, () => $"the store forgets what is below {first}; {copies} members have it, {needed} should");
    }

    /// <inheritdoc/>
    public void Dispose() => Hasher.Dispose();

    /// <summary>Ends the simulation where something does not hold.</summary>
    public static void Require(Invariant invariant, bool holds, Func<string> text)
    {
        if (!holds)
            throw new InvariantException(invariant, text());
    }

    private readonly record struct Fact(Chain Chain, ReadOnlyMemory<byte> Payload, ulong State);
}

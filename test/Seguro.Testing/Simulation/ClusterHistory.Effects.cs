using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The part that watches effects, and the datagrams that they answer.</summary>
internal sealed partial class ClusterHistory
{
    private readonly List<Emission> _emissions = [];
    private readonly Dictionary<(ulong Number, int Index, ulong State), bool> _left = [];
    private readonly Dictionary<ulong, int> _sequenced = [];
    private readonly Dictionary<ulong, int> _copies = [];
    private readonly HashSet<ulong> _heardByNextLife = [];
    private readonly HashSet<ulong> _answered = [];
    private ulong _highestTerm;

    /// <summary>The last event that was in the log before the cluster took it over.</summary>
    public EventNumber Imported { get; set; }

    /// <summary>How many effects left.</summary>
    public int Effects => _emissions.Count;

    /// <summary>How many datagrams were answered, as the client sees it.</summary>
    public int Answered => _answered.Count;

    /// <summary>How many effects belong to no event of the final log (possible at optimism 0 only).</summary>
    public int Phantoms { get; private set; }

    /// <summary>A master lets effects go.</summary>
    public void Releases(SimulatedMember member, MemberOutput.Release release, SimulatedMember.Settings known, Optimism stored, IReadOnlyList<string> storedMembers)
    {
        ActsAsMaster(member, release.Term, "releases");
        Require(
            Invariant.Gate,
            member.LeaseIsLive,
            () => $"{member.Candidate} releases up to {release.Last} without a live lease: {member.LeaseAge.TotalMilliseconds:0.#} ms since the last one was asked for");
        // The store is asked, not the master: where clocks run at the same rate, a lease that the master relies on is nobody else's. After the store went back its word says nothing.
        Require(
            Invariant.Gate,
            Math.Min(known.Optimism.Replicas, stored.Replicas) > 0 || Plan.Nemeses.HasFlag(Nemesis.ClockDrift) || HasGoneBack || release.Effects.Count == 0 || _highestWon <= release.Term.Value,
            () => $"{member.Candidate} releases up to {release.Last} at optimism 0 in term {release.Term}, and term {_highestWon} was won");
        EventNumber before = EventNumber.None;
        int index = -1;
        foreach (Effect effect in release.Effects)
        {
            Require(
                Invariant.EffectCount,
                effect.Number > before || (effect.Number == before && effect.Index > index),
                () => $"{member.Candidate} releases the effect of event {effect.Number} after that of {before}");
            (before, index) = (effect.Number, effect.Index);
            Require(Invariant.EffectCount, effect.Number <= release.Last, () => $"a release up to {release.Last} has an effect of event {effect.Number}");
            CheckGate(member, release, effect, known, stored, storedMembers);
        }
    }

    /// <summary>An effect left a member's process.</summary>
    public void Left(SimulatedMember member, Term term, Effect effect, bool optimistic)
    {
        Require(Invariant.Imported, effect.Number > Imported, () => $"the effect of event {effect.Number} left, and the events up to {Imported} were made by another runtime");
        (ulong Number, int Index, ulong State) key = (effect.Number.Value, effect.Index, ShipRules.StateIn(effect));
        bool again = _left.TryGetValue(key, out bool wasOptimistic);
        _left[key] = optimistic;
        foreach (Emission earlier in Recent())
        {
            if (earlier.Term == term.Value && earlier.Candidate == member.Candidate)
            {
                Require(
                    Invariant.EffectCount,
                    earlier.Number < effect.Number.Value || (earlier.Number == effect.Number.Value && earlier.Index < effect.Index),
                    () => $"in term {term} the effect of event {effect.Number} left after that of {earlier.Number}");
                break;
            }
        }
        // At optimism 0 the event may have been lost with its master; the same datagram then makes the same event once more.
        Require(
            Invariant.EffectCount,
            !again || wasOptimistic || Plan.Effects is EffectsPolicy.AtLeastOnce,
            () => $"the effect of event {effect.Number} left again (term {term}), and the policy is at-most-once");
        _emissions.Add(new Emission(term.Value, member.Candidate, effect.Number.Value, effect.Index, ShipRules.StateIn(effect), optimistic));
    }

    /// <summary>The client sees an effect, unless the balancer dropped it as one of an old term.</summary>
    public void Arrives(Term term, Effect effect)
    {
        if (term.Value < _highestTerm)
            return;
        _highestTerm = term.Value;
        _answered.Add(ShipRules.AnswerOf(effect));
    }

    /// <summary>This datagram was answered.</summary>
    public bool IsAnswered(ulong id) => _answered.Contains(id);

    /// <summary>How many events this datagram became.</summary>
    public int SequencedAs(ulong id) => _sequenced.GetValueOrDefault(id);

    /// <summary>A datagram was sent so many times to each member.</summary>
    public void Sent(ulong id, int copies) => _copies[id] = copies;

    /// <summary>A member that was started again while this datagram was on its way to it heard it.</summary>
    public void HeardByNextLife(ulong id) => _heardByNextLife.Add(id);

    /// <summary>This effect left some process.</summary>
    public bool HasLeft(EventNumber number, ulong state) => _left.ContainsKey((number.Value, 0, state));

    /// <summary>Somebody says that all effects up to a number are out.</summary>
    public void SaysReleased(SimulatedMember member, EventNumber number)
    {
        foreach ((EventNumber effectful, ulong state) in member.TakeEffectfulUpTo(number))
        {
            Require(
                Invariant.EffectCount,
                effectful <= Imported || HasLeft(effectful, state),
                () => $"{member.Candidate} says that the effects up to {number} are out; that of {effectful} is not");
        }
    }

    /// <summary>At least once: each effect of the log left. <see langword="null"/> where that holds.</summary>
    public string? FindMissingEffect()
    {
        if (Plan.Effects is EffectsPolicy.AtMostOnce)
            return null;
        for (int i = (int)Imported.Value; i < _log.Count; i++)
        {
            int count = ShipRules.CountOf(_log[i].Payload.Span);
            for (int index = 0; index < count; index++)
            {
                if (!_left.ContainsKey(((ulong)i + 1, index, _log[i].State)))
                    return $"effect {index} of event {i + 1} never left";
            }
        }
        return null;
    }

    /// <summary>What can be checked at the end only.</summary>
    public void CheckEnd()
    {
        SortedDictionary<ulong, HashSet<ulong>> phantoms = [];
        foreach (Emission emission in _emissions)
        {
            bool real = emission.Number <= (ulong)_log.Count && _log[(int)emission.Number - 1].State == emission.State;
            if (real || (_isLossAccepted && IsOfLost(emission)))
                continue;
            Phantoms++;
            Require(
                Invariant.NoPhantom,
                emission.Optimistic,
                () => $"the effect of event {emission.Number} left in term {emission.Term}, and the final log has no such event");
            if (!phantoms.TryGetValue(emission.Term, out HashSet<ulong>? numbers))
                phantoms.Add(emission.Term, numbers = []);
            numbers.Add(emission.Number);
        }
        foreach ((ulong term, HashSet<ulong> numbers) in phantoms)
        {
            Require(
                Invariant.NoPhantom,
                numbers.Count <= Plan.MaxUnreplicated || HasGoneBack,
                () => $"the master of term {term} lost {numbers.Count} released events at optimism 0; the bound is {Plan.MaxUnreplicated}");
        }
        foreach ((ulong id, int events) in _sequenced)
        {
            // Where few ova may wait, few are remembered too: a copy that comes late may then be taken for a new one.
            if (Plan.MaxIngress < 512 || Plan.MakesEvents)
                break; // and a ship that takes what it hears by itself knows its peers' repeats by itself
            int copies = _copies.GetValueOrDefault(id, 1);
            Require(Invariant.Ingress, events <= copies || _heardByNextLife.Contains(id), () => $"datagram {id} was sent {copies} times to each member and became {events} events");
        }
    }

    private void CheckGate(
        SimulatedMember member, MemberOutput.Release release, Effect effect, SimulatedMember.Settings known, Optimism stored, IReadOnlyList<string> storedMembers)
    {
        int asked = Math.Min(known.Optimism.Replicas, stored.Replicas);
        EventNumber number = effect.Number;
        if (asked == 0 && member.Disk.DurableChainAt(number) is null && Math.Max(known.Optimism.Replicas, stored.Replicas) > 0)
            asked = Math.Max(known.Optimism.Replicas, stored.Replicas); // it is being changed: the stricter condition is as good
        if (asked == 0)
        {
            Require(
                Invariant.Gate,
                member.Disk.DurableChainAt(number) is not null,
                () => $"{member.Candidate} releases event {number} at optimism 0; its disk ends at {member.Disk.Durable.Number}");
            return;
        }
        bool committed = (number.Value <= (ulong)_log.Count && _log[(int)number.Value - 1].State == ShipRules.StateIn(effect))
            || IsLost(number.Value, ShipRules.StateIn(effect));
        Require(Invariant.Gate, committed, () => $"{member.Candidate} releases event {number} at optimism {asked}, which is not committed (the log ends at {Head.Number})");
        int processed = 0;
        foreach ((string name, EventNumber to) in _processed)
        {
            if (name != member.Name && to >= number && (known.Members.Contains(name, StringComparer.Ordinal) || storedMembers.Contains(name, StringComparer.Ordinal)))
                processed++;
        }
        // What was processed was noted by number; the store's going back took numbers away.
        if (processed >= asked || IsLost(number.Value, ShipRules.StateIn(effect)))
            return;
        bool degrades = known.Optimism.OnReplicaLoss is ReplicaLossPolicy.Degrade || stored.OnReplicaLoss is ReplicaLossPolicy.Degrade;
        int healthy = member.Machine!.Status.Replicas.Count(static replica => replica.Healthy);
        Require(
            Invariant.Gate,
            degrades && release.Degraded && processed >= Math.Min(asked, healthy),
            () => $"{member.Candidate} releases event {number} at optimism {known.Optimism} (stored: {stored}); {processed} other members processed it, {healthy} are healthy, degraded: {release.Degraded}");
    }

    private bool IsOfLost(Emission emission) => IsLost(emission.Number, emission.State);

    private bool IsLost(ulong number, ulong state) =>
        number > _lostAfter && number - _lostAfter <= (ulong)_lost.Count && _lost[(int)(number - _lostAfter) - 1].State == state;

    private IEnumerable<Emission> Recent()
    {
        for (int i = _emissions.Count - 1; i >= 0 && i >= _emissions.Count - 64; i--)
            yield return _emissions[i];
    }

    private readonly record struct Emission(ulong Term, string Candidate, ulong Number, int Index, ulong State, bool Optimistic);
}

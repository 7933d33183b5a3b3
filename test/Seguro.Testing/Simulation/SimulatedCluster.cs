using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The world of one simulation: machines, store, network, balancer and client, under one schedule.</summary>
internal sealed class SimulatedCluster : IDisposable
{
    private const ulong Prime = 0x100000001b3;

    private readonly SimulationRandom _clientRandom;
    private readonly List<SimulatedMember> _members = [];
    private ulong _trace = 0xcbf29ce484222325;
    private ulong _ids;

    public SimulatedCluster(SimulationPlan plan, SimulatedFleet? fleet = null)
    {
        Plan = plan;
        Fleet = fleet;
        Schedule = fleet?.Schedule ?? new Schedule(plan.Seed);
        _clientRandom = new SimulationRandom(plan.Seed, "client");
        // One machine more for who joins, one for a copy of another, then the store and the balancer.
        int machines = plan.Members + 2;
        Network = fleet?.Network ?? new SimulatedNetwork(machines + 2, Schedule, new SimulationRandom(plan.Seed, "network"));
        Shared = new SimulatedLog(this, machines, "store");
        for (int i = 0; i <= plan.Members; i++)
            _members.Add(new SimulatedMember(this, i, NameOf(i), isTwin: false) { Node = fleet?.Nodes[i] });
        _members.Add(new SimulatedMember(this, machines - 1, NameOf(new SimulationRandom(plan.Seed, "twin").Below(plan.Members)), isTwin: true));
        Import(plan.Imported);
        FirstMembers = [.. _members.Take(plan.Members).Select(static member => member.Name)];
    }

    public SimulationPlan Plan { get; }

    /// <summary>The nodes that hold it, where they hold more ships; else each machine has a lease of the ship's own.</summary>
    public SimulatedFleet? Fleet { get; }

    public Schedule Schedule { get; }

    public SimulatedNetwork Network { get; }

    /// <summary>The log that the members share.</summary>
    public SimulatedLog Shared { get; }

    /// <summary>The log of a member whose configuration names another store; <see langword="null"/> where there is none.</summary>
    public SimulatedLog? Other { get; private set; }

    public SimulatedStore Store => Shared.Store;

    public ClusterHistory History => Shared.History;

    /// <summary>All machines; the last but one is of who may join, the last one a copy of another.</summary>
    public IReadOnlyList<SimulatedMember> Members => _members;

    /// <summary>Who belongs to the cluster at first.</summary>
    public IReadOnlyList<string> FirstMembers { get; }

    /// <summary>Where the balancer is in the network.</summary>
    public int Balancer => Plan.Members + 3;

    /// <summary>How often a member became master.</summary>
    public int Takeovers { get; set; }

    /// <summary>How many ova members dropped.</summary>
    public int Dropped { get; set; }

    /// <summary>A hash of all that happened: equal where two runs were equal.</summary>
    public ulong TraceHash => _trace;

    /// <summary>Who belongs to the cluster now.</summary>
    public IReadOnlyList<string> CurrentMembers => Shared.CurrentMembers;

    /// <summary>Who serves just now, or thinks so.</summary>
    public SimulatedMember? Master() => _members.Find(static member => member.Role is Role.Master);

    /// <summary>Makes the other store, as empty as a new one, at the place of the store.</summary>
    public SimulatedLog MakeOther() => Other = new SimulatedLog(this, Plan.Members + 2, "other store");

    /// <summary>Carries a message to whoever runs under a name.</summary>
    public void Carry(SimulatedMember from, string to, MemberMessage message)
    {
        SimulatedMember? target = null;
        foreach (SimulatedMember member in _members)
        {
            if (member.Name == to && member.IsUp && member != from)
                target = member;
        }
        if (target is not null)
        {
            Network.Send(from.Index, target.Index, () =>
            {
                // As the links do: the stores are compared before the first word, and of two that do not share one neither hears the other.
                if (Other is not null && (!target.Compare(from) | !from.Compare(target)))
                    return;
                target.Receive(from.Name, message);
            });
        }
    }

    /// <summary>Carries an effect to the balancer, and from there to the client.</summary>
    public void Emit(SimulatedMember from, Term term, Effect effect)
    {
        // What another log's master says is no answer of this ship; its own history has checked that it waited at its gate.
        if (from.Log == Shared)
            Network.SendLoose(from.Index, Balancer, 0, () => History.Arrives(term, effect));
    }

    /// <summary>A datagram comes to the balancer, which gives it to every member.</summary>
    public ulong SendDatagram(ShipRules.Kind kind, int size)
    {
        ulong id = ++_ids;
        bool bad = Plan.Nemeses.HasFlag(Nemesis.Datagrams) && !IsHealed;
        int copies = bad && _clientRandom.Chance(0.05) ? 2 : 1;
        History.Sent(id, copies);
        Ovum ovum = ShipRules.Ovum(id, kind, size, isDatagram: true);
        foreach (SimulatedMember member in _members)
        {
            for (int copy = 0; copy < copies; copy++)
            {
                if (bad && _clientRandom.Chance(0.1))
                    continue;
                long more = bad ? _clientRandom.Between(0, 20 * Schedule.Millisecond) : 0;
                int life = member.Life;
                Network.SendLoose(Balancer, member.Index, more, () =>
                {
                    // Whoever starts while a datagram is on its way can't tell whether it was in the log before.
                    if (member.Life != life)
                        History.HeardByNextLife(id);
                    member.Hear(ovum);
                });
            }
        }
        return id;
    }

    /// <summary>A timer rings on the master.</summary>
    public void RingTimer()
    {
        ulong id = ++_ids;
        Ovum ovum = ShipRules.Ovum(id, ShipRules.Kind.Quiet, 8, isDatagram: false);
        foreach (SimulatedMember member in _members)
        {
            if (member.Role is Role.Master)
                member.Hear(ovum);
        }
        History.Sent(id, Members.Count);
    }

    /// <summary>Another runtime's log is there already: its events have effects, which were its own affair.</summary>
    private void Import(int count)
    {
        if (count == 0)
            return;
        LogModel.Campaign(Store.Database, Store.Log, Store.Log.State.Lease, "import@1", Plan.Lease);
        History.Won(Store.Log.State);
        SimulatedShip ship = new(Position.Origin, 0);
        for (int i = 0; i < count; i++)
        {
            Position end = Store.Log.State.Head.Position;
            Computation.Accepted made = (Computation.Accepted)ship.Poke(ShipRules.Ovum(++_ids, ShipRules.Kind.Answer, 8, isDatagram: true));
            Event added = new(made.Number, made.Payload, History.Hasher.Next(end.Chain, made.Number, made.Payload.Span));
            LogModel.Append(Store.Database, Store.Log, new Append(Store.Log.State.Lease.Term, end, [new NewEvent(added.Number, added.Payload.Length, added.Chain, added.Payload)]));
            History.Append(end, [added]);
        }
        LogModel.Resign(Store.Database, Store.Log, Store.Log.State.Lease);
        History.Imported = new EventNumber((ulong)count);
    }

    /// <summary>The faults are over.</summary>
    public bool IsHealed { get; set; }

    /// <summary>A master is none any more; under <see cref="Nemesis.Zombie"/> it writes once more, in its old term.</summary>
    public void Deposed(SimulatedMember member, Term term)
    {
        if (!Plan.Nemeses.HasFlag(Nemesis.Zombie) || IsHealed || member.Log != Shared)
            return;
        LogState state = Store.Log.State;
        byte[] payload = new byte[17];
        EventNumber next = state.Head.Number.Next;
        Event forged = new(next, payload, History.Hasher.Next(state.Head.Chain, next, payload));
        for (ulong old = 1; old < state.Lease.Term.Value; old += Math.Max(1, state.Lease.Term.Value / 3))
        {
            Append write = new(new Term(old), state.Head.Position, [new NewEvent(next, payload.Length, forged.Chain, payload)]);
            WriteOutcome outcome = LogModel.Append(Store.Database, Store.Log, write);
            ClusterHistory.Require(
                Invariant.OneMaster, outcome is WriteOutcome.Fenced, () => $"the store took a write of term {old} from {member.Candidate} in term {state.Lease.Term}");
        }
    }

    /// <summary>Adds to the hash of all that happened.</summary>
    public void Trace(SimulatedMember member, MemberInput input, List<MemberOutput> outputs)
    {
        Mix((ulong)Schedule.Now);
        Mix((ulong)member.Index);
        Mix((ulong)input.GetType().Name.Length);
        Mix((ulong)outputs.Count);
        Mix(member.Machine!.Status.Processed.Number.Value);
        foreach (MemberOutput output in outputs)
            Mix((ulong)output.GetType().Name.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Shared.Dispose();
        Other?.Dispose();
    }

    /// <summary>The name of a machine.</summary>
    public static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"m{index + 1}");

    private void Mix(ulong value) => _trace = (_trace ^ value) * Prime;
}

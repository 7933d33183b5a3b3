using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A node's process: the leases of Core, its shell and its clock; and the members of its ships, which live and die with it.</summary>
internal sealed class SimulatedNode
{
    private readonly SimulatedFleet _fleet;
    private readonly SimulationRandom _random;
    private readonly double _rate;
    private readonly long _offset;
    private readonly Queue<Action> _backlog = new();
    private NodeLeases? _leases;
    private NodeView _shown = NodeView.None;
    private string _name = "";
    private int _life;
    private long _heldUntil;
    private TimeSpan _leaseFrom;
    private Term _epoch;

    public SimulatedNode(SimulatedFleet fleet, int index, string name)
    {
        _fleet = fleet;
        Index = index;
        Name = name;
        _random = new SimulationRandom(fleet.Plan.Seed, "node " + name);
        _rate = fleet.Plan.Nemeses.HasFlag(Nemesis.ClockDrift) ? 1 + ((_random.Below(401) - 200) / 1000.0) : 1;
        _offset = _random.Between(0, 1000 * Schedule.Second);
    }

    /// <summary>Its place in the network.</summary>
    public int Index { get; }

    /// <summary>Its name, and that of its members.</summary>
    public string Name { get; }

    /// <summary>The time by its own clock.</summary>
    public TimeSpan Clock => TimeSpan.FromTicks(_offset + (long)(_fleet.Schedule.Now * _rate));

    /// <summary>Its process runs.</summary>
    public bool IsUp => _leases is not null;

    /// <summary>For how long its lease was not asked for with success.</summary>
    public TimeSpan LeaseAge => Clock - _leaseFrom;

    private SimulatedStore Store => _fleet.Ships[0].Store;

    private IEnumerable<SimulatedMember> Members => _fleet.Ships.Select(ship => ship.Members[Index]);

    /// <summary>The store gave it this epoch, and no later one.</summary>
    public bool Holds(string? holder) => NodeEpoch.TryParse(holder, out NodeEpoch epoch) && epoch.Node == Name && epoch.Number == _epoch;

    /// <summary>Starts the process, with the members of all ships that belong here.</summary>
    public void Start()
    {
        if (IsUp)
            return;
        _life++;
        _name = string.Create(CultureInfo.InvariantCulture, $"{Name}@node{_life}");
        _leases = new NodeLeases(Name, _name, [.. _fleet.Nodes.Select(static node => node.Name)], _fleet.Plan.Lease);
        (_shown, _epoch, _heldUntil) = (NodeView.None, Term.None, 0);
        Tick(_life);
        foreach (SimulatedCluster ship in _fleet.Ships)
        {
            if (!ship.Members[Index].IsUp && ship.CurrentMembers.Contains(Name, StringComparer.Ordinal))
                ship.Members[Index].StartProcess(ship.CurrentMembers);
        }
    }

    /// <summary>Ends it at once.</summary>
    public void Crash()
    {
        _leases = null;
        _life++;
        _backlog.Clear();
        foreach (SimulatedMember member in Members)
            member.EndProcess();
    }

    /// <summary>Stops all of it for a while.</summary>
    public void Pause(long ticks)
    {
        HoldLease(ticks);
        foreach (SimulatedMember member in Members)
            member.PauseProcess(ticks);
    }

    /// <summary>Stops for a while what keeps its lease; its members go on.</summary>
    public void HoldLease(long ticks)
    {
        long until = _fleet.Schedule.Now + ticks;
        if (!IsUp || until <= _heldUntil)
            return;
        _heldUntil = until;
        _fleet.Schedule.At(until, Resume);
    }

    /// <summary>Lets that go on.</summary>
    public void Resume()
    {
        if (_fleet.Schedule.Now < _heldUntil && !_fleet.Ships[0].IsHealed)
            return;
        _heldUntil = 0;
        while (_backlog.TryDequeue(out Action? waiting))
            waiting();
    }

    /// <summary>Tells a member, which has just begun, how things are.</summary>
    public void Tell(SimulatedMember member) => _fleet.Schedule.After(1, () => member.See(_shown));

    /// <summary>A member that took nothing in for longer than any lease lasts that it was told of holds its ship no more: when it wakes, it finds out before it does anything.</summary>
    public void Tend(SimulatedMember member, Lease claim, int life)
    {
        bool isLong = member.IsPaused && _fleet.Schedule.Now - member.PausedSince >= _fleet.Plan.Lease.Ticks * 2;
        if (member.Life == life && isLong && _fleet.Schedule.Now >= _heldUntil)
            GiveBack(member.Log.Store, claim);
    }

    /// <summary>Frees a ship's lease that a member may hold and does not serve on any more.</summary>
    public void GiveBack(SimulatedStore store, Lease claim)
    {
        if (!IsUp || !claim.IsHeld)
            return;
        int own = _life;
        store.Write<LeaseOutcome>(Index, () => LogModel.Resign(store.Database, store.Log, claim), static cause => new LeaseOutcome.Unknown(cause), outcome =>
        {
            bool mayCome = outcome is LeaseOutcome.Unknown || (outcome is LeaseOutcome.Lost lost && lost.Current.Term < claim.Term);
            if (mayCome && own == _life)
                _fleet.Schedule.After(_fleet.Plan.Lease.Ticks / 2, () => GiveBack(store, claim));
        });
    }

    private void Tick(int life) => _fleet.Schedule.After(_random.Between(1, _fleet.Plan.Lease.Ticks / 25), () =>
    {
        if (life != _life)
            return;
        if (_fleet.Schedule.Now >= _heldUntil)
            Pump();
        Tick(life);
    });

    private void Pump()
    {
        List<NodeQuestion> questions = [];
        _leases!.Pump(Clock, questions);
        Show();
        foreach (NodeQuestion question in questions)
            Ask(question, Clock);
    }

    private void Ask(NodeQuestion question, TimeSpan sent)
    {
        string node = question.Node;
        switch (question)
        {
            case NodeQuestion.Observe:
                Read(node, () => Store.ObserveNode(node), (leases, lease) => leases.Observed(node, lease, Clock));
                break;
            case NodeQuestion.Read:
                Read(node, () => Store.NodeLog(node).State.Lease, (leases, lease) => leases.Read(node, lease, Clock));
                break;
            case NodeQuestion.Campaign campaign:
                string name = _name;
                Write(node, log => LogModel.Campaign(Store.Database, log, campaign.Expected, name, _fleet.Plan.Lease), (leases, outcome) =>
                {
                    leases.Campaigned(node, outcome, sent, Clock);
                    if (node == Name && leases.Held is { } won && won.Term != _epoch)
                        (_epoch, _leaseFrom) = (won.Term, sent);
                });
                break;
            case NodeQuestion.Renew renew:
                Write(node, log => LogModel.Move(log, LeaseRules.Renew(log.State.Lease, renew.Held)), (leases, outcome) =>
                {
                    if (outcome is LeaseOutcome.Done)
                        _leaseFrom = sent;
                    leases.Renewed(outcome, sent, Clock);
                });
                break;
        }
    }

    private void Read(string node, Func<Lease> read, Action<NodeLeases, Lease?> answer)
    {
        int life = _life;
        Store.Read<Answer>(Index, () => new Answer(read()), static () => new Answer(null), seen => Deliver(life, leases => answer(leases, seen.Lease)));
    }

    private void Write(string node, Func<ModelLogData, LeaseOutcome> write, Action<NodeLeases, LeaseOutcome> answer)
    {
        int life = _life;
        Store.Write<LeaseOutcome>(Index, () => Store.MoveNode(node, write), static cause => new LeaseOutcome.Unknown(cause), outcome => Deliver(life, leases => answer(leases, outcome)));
    }

    private void Deliver(int life, Action<NodeLeases> answer)
    {
        if (life != _life || _leases is not { } leases)
            return;
        if (_fleet.Schedule.Now < _heldUntil)
        {
            _backlog.Enqueue(() => Deliver(life, answer));
            return;
        }
        answer(leases);
        Pump();
    }

    /// <summary>Tells the members; each a little later.</summary>
    private void Show()
    {
        if (_leases!.View == _shown)
            return;
        _shown = _leases.View;
        foreach (SimulatedMember member in Members)
        {
            int life = member.Life;
            _fleet.Schedule.After(_random.Between(1, _fleet.Plan.Lease.Ticks / 20), () =>
            {
                if (member.Life == life)
                    member.See(_shown);
            });
        }
    }

    private sealed record Answer(Lease? Lease);
}

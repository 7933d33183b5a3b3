using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A machine on which a member's process runs, dies and runs again: the machine of Core, its shell, its clock and its disk.</summary>
internal sealed partial class SimulatedMember
{
    private readonly SimulatedCluster _cluster;
    private readonly SimulationRandom _random;
    private readonly SimulationRandom _bursts;
    private readonly List<MemberOutput> _outputs = [];
    private readonly Queue<(MemberInput Input, int? Mastership)> _backlog = new();
    private readonly double _rate;
    private readonly long _offset;
    private readonly Queue<(EventNumber Number, TimeSpan At)> _told = new();
    private long _pausedUntil;
    private long _pausedSince;
    private int _life;
    private int _mastership;
    private int _steps;
    private readonly List<(ulong Id, TimeSpan Clock)> _heard = [];
    private TimeSpan? _masterSince;
    private int _masterships;
    private bool _hasDropped;
    private readonly Dictionary<string, (int Life, bool IsShared)> _compared = [];
    private readonly SortedDictionary<string, bool> _shares = new(StringComparer.Ordinal);
    private ShellContract _contract = new("");

    public SimulatedMember(SimulatedCluster cluster, int index, string name, bool isTwin)
    {
        _cluster = cluster;
        Index = index;
        Name = name;
        IsTwin = isTwin;
        _random = new SimulationRandom(cluster.Plan.Seed, string.Create(CultureInfo.InvariantCulture, $"member {index}"));
        _bursts = new SimulationRandom(cluster.Plan.Seed, string.Create(CultureInfo.InvariantCulture, $"bursts {index}"));
        Log = cluster.Shared;
        Disk = new SimulatedDisk(cluster.History.Hasher);
        _rate = cluster.Plan.Nemeses.HasFlag(Nemesis.ClockDrift) ? 1 + ((_random.Below(401) - 200) / 1000.0) : 1;
        _offset = _random.Between(0, 1000 * Schedule.Second);
        Ring = new TraceRing(cluster.Plan.Traced);
    }

    /// <summary>Its place in the network.</summary>
    public int Index { get; }

    /// <summary>Its name in the cluster.</summary>
    public string Name { get; }

    /// <summary>A copy of another machine, which should not be.</summary>
    public bool IsTwin { get; }

    /// <summary>The log that its store has.</summary>
    public SimulatedLog Log { get; private set; }

    /// <summary>Its disk.</summary>
    public SimulatedDisk Disk { get; }

    /// <summary>Its process's ship.</summary>
    public SimulatedShip? Ship { get; private set; }

    /// <summary>Its process; <see langword="null"/> where none runs.</summary>
    public Member? Machine { get; private set; }

    /// <summary>Its process's name in the lease.</summary>
    public string Candidate { get; private set; } = "";

    /// <summary>What its process is.</summary>
    public Role Role => Machine?.Role ?? Role.Stopped;

    /// <summary>Its last inputs.</summary>
    public TraceRing Ring { get; }

    /// <summary>From this event on its ship is not the cluster's.</summary>
    public EventNumber? DiffersFrom { get; private set; }

    /// <summary>How far its disk was before it was lost.</summary>
    public EventNumber LostAt { get; private set; }

    /// <summary>The time by its own clock.</summary>
    public TimeSpan Clock => Node?.Clock ?? TimeSpan.FromTicks(_offset + (long)(_cluster.Schedule.Now * _rate));

    /// <summary>
    /// Up to here the store told this machine that its events are committed, and it had the time that a member may take to keep that on disk. What a replica wrote into its local log is
    /// committed, and proves it.
    /// </summary>
    public EventNumber Confirmed { get; private set; }

    /// <summary>A process runs here, paused or not.</summary>
    public bool IsUp => Machine is not null;

    /// <summary>Since when the process stands still, or stood last.</summary>
    public long PausedSince => _pausedSince;

    /// <summary>The process stands still.</summary>
    public bool IsPaused => _cluster.Schedule.Now < _pausedUntil;

    /// <summary>Starts the member alone.</summary>
    public void StartProcess(IReadOnlyList<string> members)
    {
        _hasBegun = false;
        _life++;
        Candidate = string.Create(CultureInfo.InvariantCulture, $"{Name}@{(IsTwin ? "twin" : "")}{_life}");
        SimulationPlan plan = _cluster.Plan;
        Machine = new Member(new MemberOptions
        {
            Name = Name,
            Candidate = Candidate,
            Members = members,
            LeaseDuration = plan.Lease,
            LeasesByNode = Node is not null,
            ReplicaPatience = plan.Lease,
            Effects = plan.Effects,
            MakesEvents = plan.MakesEvents,
            InitialOptimism = plan.Optimism,
            MaxUnreplicatedEvents = plan.MaxUnreplicated,
            MaxGated = plan.MaxGated,
            MaxIngress = plan.MaxIngress,
            MaxGroup = plan.MaxGroup,
            MaxGroupBytes = plan.MaxGroupBytes,
            PushWindow = plan.PushWindow,
            CloseEnough = plan.CloseEnough,
            SnapshotEvery = plan.SnapshotEvery,
            SnapshotAge = plan.Lease * 20,
            StoreWindow = plan.Window,
            Copies = plan.Copies,
            HasHarbors = plan.Harbors > 0,
        });
        _compared.Clear();
        _shares.Clear();
        _heard.Clear();
        _masterSince = null;
        _masterships = 0;
        _hasDropped = false;
        _steps = 0;
        _contract = new ShellContract(Candidate);
        _known = new Settings(plan.Optimism, members);
        _leaseFrom = TimeSpan.MinValue;
        _effectful.Clear();
        _firstOvum = true;
        _run = null;
        _firstAppend = Term.None;
        (_stored, _askedAlong, _appending, _isFull) = (0, 0, 0, false);
        _wasMaster = false;
        _term = Term.None;
        (Position Position, ulong State) restored = Disk.Restore(Disk.End.Number);
        Put(restored.Position, restored.State);
        Ring.Note(_cluster.Schedule.Now, string.Create(CultureInfo.InvariantCulture, $"--- {Candidate} starts"));
        int life = _life;
        _cluster.Schedule.After(1, () => Deliver(life, new MemberInput.Started(Disk.Durable, restored.Position, Disk.Known)));
        Tick(life);
    }

    /// <summary>Ends the member alone; its node, where it lives, gives back what it may hold.</summary>
    public void EndProcess()
    {
        if (Machine is null)
            return;
        Node?.GiveBack(Log.Store, _campaigned);
        _campaigned = default;
        _life++;
        Machine = null;
        Ship = null;
        _run = null;
        _pausedUntil = 0;
        _backlog.Clear();
        _told.Clear();
        Disk.Crash();
        _cluster.Network.End(Index);
        Ring.Note(_cluster.Schedule.Now, "--- it dies");
    }

    /// <summary>Takes the disk away, and puts an empty one in.</summary>
    public void WipeDisk()
    {
        NoteLoss();
        Disk.Wipe();
        Ring.Note(_cluster.Schedule.Now, "--- its disk is empty");
    }

    /// <summary>An event of the local log is damaged: the shell finds that by the chain when it starts, and sets it aside with all that follows.</summary>
    public void FlipEvent(EventNumber number)
    {
        NoteLoss();
        Disk.Cut(number.Previous);
        Ring.Note(_cluster.Schedule.Now, string.Create(CultureInfo.InvariantCulture, $"--- event {number} is damaged on disk"));
    }

    /// <summary>From its next start on its configuration names this store; its disk is empty then.</summary>
    public void UseStore(SimulatedLog log)
    {
        Crash();
        Disk.Wipe();
        Confirmed = EventNumber.None;
        Log = log;
        Ring.Note(_cluster.Schedule.Now, "--- another store, and an empty disk");
    }

    /// <summary>It was told of a member that works with another store.</summary>
    public bool KnowsOfOtherStore => _shares.ContainsValue(false);

    /// <summary>There is a link with another member, or was: tells, once for each life of the other, whether they share a store. False where they do not.</summary>
    public bool Compare(SimulatedMember other)
    {
        (int Life, bool IsShared) now = (other.Life, other.Log == Log);
        if (IsUp && (!_compared.TryGetValue(other.Name, out (int Life, bool IsShared) known) || known != now))
        {
            _compared[other.Name] = now;
            Deliver(_life, new MemberInput.StoreCompared(other.Name, now.IsShared));
        }
        return now.IsShared;
    }

    /// <summary>Its disk has, or had before it was lost, the log up to here.</summary>
    public bool HasHad(Position position) =>
        position.Number <= LostAt || Disk.DurableChainAt(position.Number) == position.Chain || position.Number == EventNumber.None;

    /// <summary>Stops the member alone; where that is longer than any lease lasts that it was told of, its node gives back what it holds.</summary>
    public void PauseProcess(long ticks)
    {
        long until = _cluster.Schedule.Now + ticks;
        if (Machine is null || until <= _pausedUntil)
            return;
        if (!IsPaused)
            _pausedSince = _cluster.Schedule.Now;
        _pausedUntil = until;
        int life = _life;
        _cluster.Schedule.At(until, () => Resume(life));
        if (Node is { } node)
            _cluster.Schedule.After(_cluster.Plan.Lease.Ticks * 2, () => node.Tend(this, _campaigned, life));
    }

    /// <summary>Changes with each start and each end of the process.</summary>
    public int Life => _life;

    /// <summary>Something is heard.</summary>
    public void Hear(Ovum ovum)
    {
        if (_cluster.Plan.MakesEvents)
            HearBySelf(ovum);
        else
            Deliver(_life, new MemberInput.Heard(ovum));
    }

    /// <summary>A message came.</summary>
    public void Receive(string from, MemberMessage message) => Deliver(_life, new MemberInput.Received(from, message));

    /// <summary>An operator wants a change.</summary>
    public void Wish(Wish wish) => Deliver(_life, new MemberInput.Wished(Log.History.Wished(wish), wish));

    /// <summary>
    /// A datagram that this process heard not long before it became master, or as master, and that became no event; <see langword="null"/> where all is well, or where this
    /// process can't tell: it is no master, was one before, or had to drop something.
    /// </summary>
    public ulong? FindUnheeded()
    {
        if (_masterSince is not { } since || Role is not Role.Master || _masterships != 1 || _hasDropped
            || _contract.IsShipBusy || Machine!.Status.Ingress > 0 || Machine.Status.Committed.Number < Ship!.Number)
            return null; // or what it became is on its way to the store
        TimeSpan age = new MemberOptions { Name = Name, Candidate = Candidate, Members = [] }.IngressAge;
        foreach ((ulong id, TimeSpan clock) in _heard)
        {
            if (clock > since - (age / 2) && clock < Clock - TimeSpan.FromSeconds(1) && Log.History.SequencedAs(id) == 0)
                return id;
        }
        return null;
    }

    private void Resume(int life, bool force = false)
    {
        if (life != _life || (!force && _cluster.Schedule.Now < _pausedUntil))
            return;
        _pausedUntil = 0;
        while (_backlog.TryDequeue(out (MemberInput Input, int? Mastership) waiting) && life == _life)
            Take(waiting.Input, waiting.Mastership);
    }

    private void Tick(int life)
    {
        long period = (long)(_cluster.Plan.Lease.Ticks / 10 / Math.Max(1, _rate));
        _cluster.Schedule.After(_random.Between(period / 2, period), () =>
        {
            if (life != _life)
                return;
            // Timers of a process that stands still do not pile up.
            if (!IsPaused || _backlog.Count == 0)
                Deliver(life, MemberInput.Tick.Instance);
            Tick(life);
        });
    }

    private void Deliver(int life, MemberInput input, int? mastership = null)
    {
        if (life != _life || Machine is null)
            return;
        if (IsPaused)
            _backlog.Enqueue((input, mastership));
        else
            Take(input, mastership);
    }

    private void Take(MemberInput input, int? mastership)
    {
        // Whose mastership is over hears no more of what it asked for, also of what waited in the mailbox when it ended.
        if (mastership is { } asked && asked != _mastership)
            return;
        if (input is MemberInput.Heard { Ovum: { Digest: not 0 } ovum } && ShipRules.KindOf(ovum) is not ShipRules.Kind.Nonsense)
            _heard.Add((ShipRules.IdOf(ovum), Clock));
        NoteAnswer(input);
        if (input is MemberInput.Started)
        {
            _hasBegun = true;
            Node?.Tell(this);
        }
        _outputs.Clear();
        Role before = Role;
        if (input is MemberInput.Heard heard && _steps > 0 && _bursts.Chance(0.3))
        {
            // More inputs wait: the member goes on with the next, at the latest with what ends the burst.
            Machine!.Hear(Clock, heard.Ovum, _outputs);
            Answer(_bursts.Between(1, Schedule.Millisecond / 20), MemberInput.Tick.Instance);
        }
        else
        {
            Machine!.Step(Clock, input, _outputs);
        }
        Ring.Add(_cluster.Schedule.Now, Clock, input, _outputs);
        _cluster.Trace(this, input, _outputs);
        while (_told.TryPeek(out (EventNumber Number, TimeSpan At) told) && Clock - told.At >= _cluster.Plan.Lease / 3)
            Confirm(_told.Dequeue().Number);
        _contract.Check(Clock, input, _outputs);
        CheckStatus(before);
        if (input is MemberInput.StoreCompared)
            CheckStands();
        foreach (MemberOutput output in _outputs)
            Perform(output);
    }

    private void NoteLoss()
    {
        if (Log == _cluster.Shared && Disk.Durable.Number > LostAt)
            LostAt = Disk.Durable.Number;
    }

    private void Confirm(EventNumber number) => Confirmed = number > Confirmed ? number : Confirmed;

    private void CheckStatus(Role before)
    {
        if (_steps++ % 8 != 0 && Role == before)
            return;
        MemberStatus status = Machine!.Status;
        ClusterHistory.Require(
            Invariant.Bounds,
            status.Ingress <= 2 * _cluster.Plan.MaxIngress,
            () => $"{Candidate} keeps {status.Ingress} ova; the bound is {_cluster.Plan.MaxIngress}");
        ClusterHistory.Require(
            Invariant.Bounds,
            status.Gated <= (2 * _cluster.Plan.MaxGated) + _cluster.Plan.MaxUnreplicated,
            () => $"{Candidate} holds the effects of {status.Gated} events; the bound is {_cluster.Plan.MaxGated}");
        ClusterHistory.Require(
            Invariant.OneMaster, status.Term >= _term || before is Role.Stopped, () => $"the term of {Candidate} went from {_term} back to {status.Term}");
        _term = status.Term;
    }

    /// <summary>Judged by what the member was told, not by what it made of it.</summary>
    private void CheckStands()
    {
        int others = _known.Members.Count(name => _shares.TryGetValue(name, out bool isShared) && !isShared);
        int sharing = 1 + _known.Members.Count(name => _shares.TryGetValue(name, out bool isShared) && isShared);
        ClusterHistory.Require(
            Invariant.OneStore, others < sharing || Role is Role.Stopped, () => $"{Candidate} is {Role}; of its members {others} work with another store, and {sharing} with its own");
    }

    private void Put(Position position, ulong state)
    {
        Ship = new SimulatedShip(position, state);
        DiffersFrom = Log.History.IsCommitted(position) && !Log.History.IsRight(position.Number, state) ? position.Number : null;
    }

    private void Answer(long delay, MemberInput input)
    {
        int life = _life;
        _cluster.Schedule.After(delay, () => Deliver(life, input));
    }

    private void Answer(int life, MemberInput input) => Deliver(life, input);

    /// <summary>Answers what only a master asks: whose mastership is over hears no more of it.</summary>
    private void AnswerMaster(int life, int mastership, MemberInput input) => Deliver(life, input, mastership);
}

using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Does what the nemeses of a plan do, at times that the seed decides; heals in the end.</summary>
internal sealed class Chaos
{
    private readonly SimulatedCluster _cluster;
    private readonly SimulationRandom _random;
    private readonly List<Action> _faults = [];
    private readonly List<ModelLogData> _copies = [];
    private readonly long _lease;
    private readonly long _end;
    private SimulatedMember? _stray;

    public Chaos(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _random = new SimulationRandom(cluster.Plan.Seed, "nemesis");
        _lease = cluster.Plan.Lease.Ticks;
        _end = cluster.Plan.Chaos.Ticks;
        Add(Nemesis.Crash, () => CrashFor(AnyMachine()));
        Add(Nemesis.MasterCrash, () => CrashFor(Master() ?? AnyMachine()));
        Add(Nemesis.CrashAll, CrashAll);
        Add(Nemesis.Pause, () => (_random.Chance(0.5) ? Master() ?? AnyMachine() : AnyMachine()).Pause(Span()));
        Add(Nemesis.Partition, Partition);
        Add(Nemesis.OneWay, OneWay);
        Add(Nemesis.Flap, () => Flap(_random.Between(5, 30)));
        Add(Nemesis.SlowNetwork, () => For(Span(), () => _cluster.Network.Latency = _lease / 5, () => _cluster.Network.Latency = Schedule.Millisecond / 2));
        Add(Nemesis.StoreUnknown, () => For(Span(), () => _cluster.Store.Weather.UnknownRate = 0.4, () => _cluster.Store.Weather.UnknownRate = 0));
        Add(Nemesis.StoreSlow, () => For(Span(), () => _cluster.Store.Weather.Latency = _lease / 3, () => _cluster.Store.Weather.Latency = 2 * Schedule.Millisecond));
        Add(Nemesis.StoreAway, () => _cluster.Store.Weather.AwayUntil = Now + Span());
        Add(Nemesis.StoreStale, () => For(Span(), () => _cluster.Store.Weather.Staleness = _lease * 2, () => _cluster.Store.Weather.Staleness = 0));
        Add(Nemesis.DiskWipe, () => LoseDisk(AnyMachine(), whole: true));
        Add(Nemesis.DiskFlip, () => LoseDisk(AnyMachine(), whole: false));
        Add(Nemesis.OptimismChange, ChangeOptimism);
        Add(Nemesis.StepDown, () => Ask(Wish.StepDown.Instance));
        Add(Nemesis.Membership, ChangeMembers);
        Add(Nemesis.Twin, StartTwin);
        Add(Nemesis.ShipDiffers, SpoilShip);
        Add(Nemesis.StoreBack, GoBack);
        Add(Nemesis.Certificate, ExpireCertificate);
        Add(Nemesis.Memory, Starve);
        Add(Nemesis.Suspend, () => Suspend(_random.Chance(0.5) ? Master() ?? AnyMachine() : AnyMachine()));
        if (cluster.Fleet is not { } fleet || cluster.Plan.Calm)
            return;
        // A node that is slow for one ship only; a member that fails on a node that lives; a node whose own lease alone is slow, so that others end its epoch while it goes on.
        if (_random.Chance(0.5))
            _faults.Add(() => (fleet.Any(_random).Master() ?? AnyMachine()).PauseProcess(_random.Between(_lease / 2, _lease * 5)));
        if (_random.Chance(0.5))
            _faults.Add(() => FailOne(fleet.Any(_random).Master() ?? AnyMachine()));
        if (_random.Chance(0.7))
            _faults.Add(() => (Master() ?? AnyMachine()).Node!.HoldLease(_random.Between(_lease / 2, _lease * 4)));
    }

    private long Now => _cluster.Schedule.Now;

    /// <summary>Starts the cluster, the client and the nemeses.</summary>
    public void Begin()
    {
        if (_cluster.Plan.Nemeses.HasFlag(Nemesis.OtherStore))
        {
            _stray = AnyMachine();
            _stray.UseStore(_cluster.MakeOther());
            _cluster.Schedule.After(_random.Between(_lease, _end * 3 / 4), PutStrayRight);
        }
        foreach (SimulatedMember member in _cluster.Members.Take(_cluster.Plan.Members))
        {
            _cluster.Schedule.After(_random.Between(0, _random.Chance(0.8) ? Schedule.Millisecond : _lease * 2), () =>
            {
                if (!member.IsUp)
                    member.Start(_cluster.FirstMembers);
            });
        }
        Client();
        Timers();
        if (_faults.Count > 0)
            Next();
        if (!_cluster.Plan.Nemeses.HasFlag(Nemesis.StoreBack))
            return;
        CopyStore();
        _cluster.Schedule.After(_random.Between(_end / 4, _end - 1), GoBack);
    }

    /// <summary>Ends all faults: links, store, processes; and brings those members up that belong to the cluster.</summary>
    public void Heal()
    {
        _cluster.IsHealed = true;
        _cluster.Network.MendAll();
        _cluster.Network.Latency = Schedule.Millisecond / 2;
        _cluster.Store.Weather.UnknownRate = 0;
        _cluster.Store.Weather.Latency = 2 * Schedule.Millisecond;
        _cluster.Store.Weather.AwayUntil = 0;
        _cluster.Store.Weather.Staleness = 0;
        PutStrayRight();
        IReadOnlyList<string> members = _cluster.CurrentMembers;
        foreach (SimulatedMember member in _cluster.Members)
        {
            bool belongs = !member.IsTwin && members.Contains(member.Name, StringComparer.Ordinal);
            if (!belongs || (member.Role is Role.Stopped && !member.KnowsOfOtherStore))
                member.EndProcess();
            member.Resume();
            if (member.Ship is { } ship)
                (ship.Differs, ship.Starves) = (false, false);
            if (belongs && !member.IsUp)
                member.Start(members);
        }
    }

    /// <summary>The user mends the configuration, and empties the folder of what that member did alone.</summary>
    private void PutStrayRight()
    {
        if (_stray is not { } stray)
            return;
        _stray = null;
        stray.UseStore(_cluster.Shared);
        _cluster.Schedule.After(_random.Between(1, _lease * 2), () => Restart(stray));
    }

    private void Add(Nemesis nemesis, Action fault)
    {
        if (_cluster.Plan.Nemeses.HasFlag(nemesis))
            _faults.Add(fault);
    }

    private void Next()
    {
        _cluster.Schedule.After(_random.Between(_lease / 4, _lease * 5 / 2), () =>
        {
            if (_cluster.IsHealed)
                return;
            _faults[_random.Below(_faults.Count)]();
            Next();
        });
    }

    private void Client()
    {
        long gap = Schedule.Second / _cluster.Plan.Rate;
        _cluster.Schedule.After(_random.Chance(0.1) ? 1 : _random.Between(gap / 2, gap * 3 / 2), () =>
        {
            if (Now >= _end)
                return;
            // Not so often that the ship could never keep up.
            double slow = 4.0 * Schedule.Second / _cluster.Plan.Rate / _lease;
            ShipRules.Kind kind = _random.Below(20) switch
            {
                0 or 1 or 2 => ShipRules.Kind.Quiet,
                3 or 4 => ShipRules.Kind.AnswerTwice,
                5 => ShipRules.Kind.Crash,
                6 => ShipRules.Kind.Nonsense,
                7 when _cluster.Plan.Nemeses.HasFlag(Nemesis.ShipSlow) && _random.Chance(slow) => ShipRules.Kind.Slow,
                _ => ShipRules.Kind.Answer,
            };
            _cluster.SendDatagram(kind, _random.Chance(0.03) ? 3000 : (int)_random.Between(4, 60));
            Client();
        });
    }

    private void Timers() => _cluster.Schedule.After(_random.Between(_lease / 2, _lease * 2), () =>
    {
        if (Now >= _end)
            return;
        _cluster.RingTimer();
        Timers();
    });

    /// <summary>One member fails, and is started again by its node.</summary>
    private void FailOne(SimulatedMember member)
    {
        member.EndProcess();
        _cluster.Schedule.After(Schedule.Second / 5 + Span(), () =>
        {
            if (!member.IsUp && !_cluster.IsHealed && member.Log.CurrentMembers.Contains(member.Name, StringComparer.Ordinal))
                member.Start(member.Log.CurrentMembers);
        });
    }

    private SimulatedMember? Master()
    {
        SimulatedMember? master = null;
        foreach (SimulatedMember member in _cluster.Members)
        {
            if (member.Role is Role.Master && (master is null || _random.Chance(0.5)))
                master = member;
        }
        return master;
    }

    private SimulatedMember AnyMachine() => _cluster.Members[_random.Below(_cluster.Plan.Members)];

    private long Span() => _random.Chance(0.3) ? _random.Between(_lease * 2, _lease * 6) : _random.Between(_lease / 10, _lease * 2);

    private void For(long span, Action begin, Action end)
    {
        begin();
        _cluster.Schedule.After(span, end);
    }

    private void CrashFor(SimulatedMember member)
    {
        member.Crash();
        _cluster.Schedule.After(Schedule.Second / 5 + Span(), () => Restart(member));
    }

    private void Restart(SimulatedMember member)
    {
        if (!member.IsUp && !_cluster.IsHealed && _cluster.CurrentMembers.Contains(member.Name, StringComparer.Ordinal))
            member.Start(_cluster.CurrentMembers);
    }

    private void CrashAll()
    {
        foreach (SimulatedMember member in _cluster.Members)
        {
            if (member.IsUp)
                CrashFor(member);
        }
    }

    private void Partition()
    {
        SimulatedNetwork network = _cluster.Network;
        int places = network.Places;
        int sides = _random.Below(4);
        bool[] left = new bool[places];
        for (int place = 0; place < places; place++)
        {
            left[place] = sides switch
            {
                0 => place == (Master()?.Index ?? 0),
                1 => place == _random.Below(places),
                _ => _random.Chance(0.5),
            };
        }
        // In a bridge one place still sees both sides.
        int bridge = sides == 3 ? _random.Below(places) : -1;
        bool onlyMembers = _random.Chance(0.3);
        Cut(Span(), (from, to) => left[from] != left[to] && from != bridge && to != bridge && !(onlyMembers && Math.Max(from, to) >= places - 2));
    }

    private void OneWay()
    {
        int one = _random.Below(_cluster.Network.Places);
        int other = _random.Below(_cluster.Network.Places);
        bool all = _random.Chance(0.5);
        Cut(Span(), (from, to) => from == one && (all || to == other));
    }

    private void Flap(long times)
    {
        if (times == 0 || _cluster.IsHealed)
            return;
        int one = _random.Below(_cluster.Network.Places);
        Cut(_random.Between(Schedule.Millisecond, _lease / 4), (from, to) => from == one || to == one);
        _cluster.Schedule.After(_random.Between(Schedule.Millisecond, _lease / 3), () => Flap(times - 1));
    }

    private void Cut(long span, Func<int, int, bool> cuts)
    {
        SimulatedNetwork network = _cluster.Network;
        for (int from = 0; from < network.Places; from++)
        {
            for (int to = 0; to < network.Places; to++)
            {
                if (from == to || !cuts(from, to) || !network.IsOpen(from, to))
                    continue;
                (int mendFrom, int mendTo) = (from, to);
                network.Set(from, to, open: false);
                _cluster.Schedule.After(span, () => network.Set(mendFrom, mendTo, open: true));
            }
        }
    }

    /// <summary>Only where the others have all that the store has forgotten: else a loss would be no mistake.</summary>
    private void LoseDisk(SimulatedMember member, bool whole)
    {
        Position forgotten = _cluster.Store.Log.State.Base;
        // A trim that was asked for may be made at any time, and counted on this disk.
        if (_cluster.Shared.TrimmedBelow.Value > forgotten.Number.Value + 1)
            forgotten = _cluster.History.PositionAt(_cluster.Shared.TrimmedBelow.Previous.Value);
        bool safe = _cluster.Members.Any(other => other != member && !other.IsTwin && other.Disk.DurableChainAt(forgotten.Number) == forgotten.Chain
            && _cluster.CurrentMembers.Contains(other.Name, StringComparer.Ordinal));
        if (!safe && forgotten.Number != EventNumber.None)
            return;
        CrashFor(member);
        if (whole)
            member.WipeDisk();
        else if (member.Disk.Durable.Number != EventNumber.None)
            member.FlipEvent(new EventNumber((ulong)_random.Between(1, (long)member.Disk.Durable.Number.Value)));
    }

    private void Ask(Wish wish) => Master()?.Wish(wish);

    private void ChangeOptimism()
    {
        Ask(new Wish.ChangeOptimism(_random.Below(_cluster.Plan.Members), _random.Chance(0.5) ? ReplicaLossPolicy.Wait : ReplicaLossPolicy.Degrade));
    }

    private void ChangeMembers()
    {
        IReadOnlyList<string> members = _cluster.CurrentMembers;
        SimulatedMember spare = _cluster.Members[_cluster.Plan.Members];
        if (!members.Contains(spare.Name, StringComparer.Ordinal))
        {
            if (!spare.IsUp)
                spare.Start([.. members, spare.Name]);
            Ask(new Wish.ChangeMembers([spare.Name], []));
        }
        else if (members.Count > 1)
        {
            string gone = _random.Chance(0.5) ? spare.Name : members[_random.Below(members.Count)];
            Ask(new Wish.ChangeMembers([], [gone]));
        }
    }

    private void StartTwin()
    {
        // Where the store forgets, what only a machine has that will be gone counts as a copy: a loss then is the user's.
        if (_cluster.Plan.Window is not null)
            return;
        SimulatedMember twin = _cluster.Members[^1];
        if (twin.IsUp)
        {
            twin.Crash();
            return;
        }
        twin.Disk.CopyFrom(_cluster.Members.First(member => member.Name == twin.Name && !member.IsTwin).Disk);
        twin.Start(_cluster.CurrentMembers);
    }

    private void CopyStore()
    {
        if (_cluster.IsHealed || _cluster.History.HasGoneBack)
            return;
        _copies.Add(_cluster.Store.Log.Copy());
        _cluster.Schedule.After(_lease, CopyStore);
    }

    /// <summary>An older copy of the store takes its place, under running members or while all are down.</summary>
    private void GoBack()
    {
        if (_cluster.History.HasGoneBack || _cluster.IsHealed)
            return;
        ModelLogData copy = _copies[_random.Below(_copies.Count)];
        if (_random.Chance(0.6))
        {
            foreach (SimulatedMember member in _cluster.Members.Where(static member => member.IsUp).ToList())
            {
                member.Crash();
                _cluster.Schedule.After(_random.Between(1, _lease * 8), () => Restart(member));
            }
        }
        _cluster.Store.GoBackTo(copy);
    }

    private void ExpireCertificate()
    {
        int member = AnyMachine().Index;
        _cluster.Network.Expire(member);
        _cluster.Schedule.After(_lease * _random.Between(2, 12), () => _cluster.Network.Renew(member));
    }

    /// <summary>Until its process starts again, or its ship does.</summary>
    private void Starve()
    {
        if (AnyMachine().Ship is { } ship)
            For(Span(), () => ship.Starves = true, () => ship.Starves = false);
    }

    private void Suspend(SimulatedMember member)
    {
        long span = _random.Between(_lease / 2, _lease * 8);
        member.Pause(span);
        Cut(span, (from, to) => from == member.Index || to == member.Index);
    }

    private void SpoilShip()
    {
        // One at a time, and never one that computes: the cluster can tell that a ship differs, not which of two is right.
        if (_cluster.Members.Any(static member => member.Role is Role.Stopped && member.IsUp))
            return;
        SimulatedMember member = AnyMachine();
        if (member.Ship is { } ship && member.Role is Role.Replica)
            ship.Differs = true;
    }
}

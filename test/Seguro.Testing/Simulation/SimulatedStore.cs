using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The replicated database: the model's rules, reached over links, with the faults that a database may have. What it has committed is lost by <see cref="GoBackTo"/> only.</summary>
internal sealed class SimulatedStore
{
    private const int KeptLeases = 32;

    private readonly Schedule _schedule;
    private readonly SimulatedNetwork _network;
    private readonly SimulationRandom _random;
    private readonly ClusterHistory _history;
    private readonly int _place;
    private readonly Queue<(long Time, Lease Lease)> _leases = new();
    private readonly Dictionary<string, Queue<(long Time, Lease Lease)>> _nodeLeases = [];

    public SimulatedStore(SimulationPlan plan, Schedule schedule, SimulatedNetwork network, ClusterHistory history, int place, string name)
    {
        _schedule = schedule;
        _network = network;
        _random = new SimulationRandom(plan.Seed, name);
        _history = history;
        _place = place;
        Database = new ModelDatabase(new ModelOptions { Window = plan.Window, Bug = plan.StoreBug, Identity = DrawIdentity(plan.Seed, name) });
        Log = Database.FindOrAdd(Ship.Parse("~zod"), Position.Origin, new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal));
        Group = _random.Of(1, 8, 64);
    }

    /// <summary>The database.</summary>
    public ModelDatabase Database { get; }

    /// <summary>Which store it is, as <see cref="IStore.ReadIdentityAsync"/> tells.</summary>
    public StoreIdentity Identity => Database.Identity;

    /// <summary>The ship's log.</summary>
    public ModelLogData Log { get; }

    /// <summary>The most events in one transaction.</summary>
    public int Group { get; }

    /// <summary>How it is just now.</summary>
    public StoreWeather Weather { get; init; } = new();

    /// <summary>How long a caller waits for an answer, in ticks.</summary>
    public long Patience { get; set; } = 500 * Schedule.Millisecond;

    /// <summary>A write: asked for, made or not, answered or not.</summary>
    public void Write<T>(int from, Func<T> write, Func<string, T> unknown, Action<T> answer)
        where T : class
    {
        Call(from, () =>
        {
            if (_schedule.Now < Weather.AwayUntil)
                return unknown("the store is away");
            if (!_random.Chance(Weather.UnknownRate))
                return Make(write, unknown);
            switch (_random.Below(3))
            {
                case 0:
                    return unknown("the store lost the write");
                case 1:
                    Make(write, unknown);
                    return unknown("the store lost the answer");
                default:
                    _schedule.After(_random.Between(1, 3 * Schedule.Second), () => Make(write, unknown));
                    return unknown("the store will write it later");
            }
        }, unknown, answer, _random.Delay(Weather.Latency));
    }

    /// <summary>A read that decides.</summary>
    public void Read<T>(int from, Func<T> read, Func<T> away, Action<T> answer) =>
        Call(from, () => _schedule.Now < Weather.AwayUntil || _random.Chance(Weather.UnknownRate) ? away() : read(), _ => away(), answer, _random.Delay(Weather.Latency));

    /// <summary>A lease as a plain read shows it.</summary>
    public Lease Observe() => Observe(Log, _leases);

    /// <summary>A node's lease as a plain read shows it.</summary>
    public Lease ObserveNode(string name) => Observe(NodeLog(name), _nodeLeases.GetValueOrDefault(name) ?? []);

    /// <summary>The log that has a node's lease.</summary>
    public ModelLogData NodeLog(string name) =>
        Database.FindOrAdd(Core.NodeLog.NameOf(name), Position.Origin, new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal));

    /// <summary>A write of a node's lease.</summary>
    public LeaseOutcome MoveNode(string name, Func<ModelLogData, LeaseOutcome> write)
    {
        ModelLogData log = NodeLog(name);
        Lease before = log.State.Lease;
        LeaseOutcome outcome = write(log);
        if (log.State.Lease != before)
        {
            if (!_nodeLeases.TryGetValue(name, out Queue<(long Time, Lease Lease)>? older))
                _nodeLeases.Add(name, older = new());
            older.Enqueue((_schedule.Now, before));
            if (older.Count > KeptLeases)
                older.Dequeue();
        }
        return outcome;
    }

    private Lease Observe(ModelLogData log, Queue<(long Time, Lease Lease)> leases)
    {
        long seen = _schedule.Now - (Weather.Staleness > 0 ? _random.Between(0, Weather.Staleness) : 0);
        Lease lease = log.State.Lease;
        foreach ((long time, Lease older) in leases)
        {
            // Each entry is the lease as it was until that time.
            if (time > seen)
                return older;
        }
        return lease;
    }

    /// <summary>An older copy takes the database's place.</summary>
    public void GoBackTo(ModelLogData copy)
    {
        Log.GoBackTo(copy);
        _leases.Clear();
        _history.GoesBack(Log.State.Head.Number);
    }

    private static StoreIdentity DrawIdentity(ulong seed, string name)
    {
        SimulationRandom random = new(seed, name + "'s identity");
        byte[] bytes = new byte[StoreIdentity.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, random.Next());
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(sizeof(ulong)), random.Next() | 1);
        return new StoreIdentity(bytes);
    }

    private T Make<T>(Func<T> write, Func<string, T> unknown)
    {
        LogState before = Log.State;
        T outcome;
        try
        {
            outcome = write();
        }
        catch (SeguroException refused)
        {
            return unknown(refused.Message);
        }
        if (Log.State.Lease != before.Lease)
        {
            _leases.Enqueue((_schedule.Now, before.Lease));
            if (_leases.Count > KeptLeases)
                _leases.Dequeue();
            if (Log.State.Lease.Term != before.Lease.Term)
                _history.Won(Log.State);
        }
        return outcome;
    }

    private void Call<T>(int from, Func<T> serve, Func<string, T> unknown, Action<T> answer, long work)
    {
        bool answered = false;
        void Answer(T outcome)
        {
            if (answered)
                return;
            answered = true;
            answer(outcome);
        }
        _schedule.After(Patience + _random.Between(0, Patience / 4), () =>
        {
            if (!answered)
                Answer(unknown("no answer from the store"));
        });
        _network.SendLoose(from, _place, work / 2, () =>
        {
            T outcome = serve();
            _network.SendLoose(_place, from, work / 2, () => Answer(outcome));
        });
    }
}

using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Testing;

/// <summary>
/// A database in memory that obeys the contract of a store to the letter: what every store is compared with. It has no clock and no
/// randomness of its own; each call happens at once, under a lock.
/// </summary>
/// <remarks>Threading: everything may be called from any thread.</remarks>
public sealed class ModelDatabase
{
    private readonly SortedDictionary<string, ModelLogData> _logs = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Makes an empty database.</summary>
    public ModelDatabase(ModelOptions? options = null)
    {
        Options = options ?? new ModelOptions();
        Identity = Options.Identity ?? NewIdentity.Make();
    }

    /// <summary>What it can do.</summary>
    public ModelOptions Options { get; }

    /// <summary>Which database it is.</summary>
    public StoreIdentity Identity { get; }

    /// <summary>Its faults.</summary>
    public ModelFaults Faults { get; } = new();

    /// <summary>Its lock: held during each call.</summary>
    internal Lock Lock { get; } = new();

    /// <summary>A new client of it.</summary>
    public ModelStore Open() => new(this, isDeposed: false);

    /// <summary>
    /// A client that speaks with a deposed leader: plain reads show the database as it is now for ever; whatever needs the
    /// other servers ends with <c>StoreUnavailable</c>, or <c>Unknown</c>.
    /// </summary>
    public ModelStore OpenDeposed()
    {
        lock (Lock)
        {
            ModelDatabase frozen = new(Options);
            foreach ((string name, ModelLogData log) in _logs)
                frozen._logs.Add(name, log.Copy());
            return new ModelStore(frozen, isDeposed: true);
        }
    }

    /// <summary>Changes the stored bytes behind the store's back: event → index → fragment.</summary>
    public void Damage(Ship ship, Action<SortedDictionary<ulong, SortedDictionary<int, byte[]>>> damage)
    {
        ArgumentNullException.ThrowIfNull(damage);
        lock (Lock)
            damage(Find(ship)!.Fragments);
    }

    /// <summary>Where these bytes are stored.</summary>
    internal IReadOnlyList<(byte[] Fragment, int At)> Find(ReadOnlySpan<byte> stored)
    {
        lock (Lock)
        {
            List<(byte[] Fragment, int At)> places = [];
            foreach (byte[] fragment in _logs.Values.SelectMany(static log => log.Fragments.Values).SelectMany(static event1 => event1.Values))
            {
                int at = fragment.AsSpan().IndexOf(stored);
                if (at >= 0)
                    places.Add((fragment, at));
            }
            return places;
        }
    }

    /// <summary>Forgets the last append of every log: what a store that lies about durability does in a crash.</summary>
    internal void LoseLastCommit()
    {
        lock (Lock)
        {
            foreach (ModelLogData log in _logs.Values)
            {
                if (log.State.Head.Number > log.Before.Head.Number)
                    log.Become(log.State with { Head = log.Before.Head, Bytes = log.Before.Bytes });
            }
        }
    }

    /// <summary>The names of the logs.</summary>
    internal IReadOnlyList<Ship> Ships => [.. _logs.Keys.Select(Ship.Parse)];

    /// <summary>The sum of the payloads of all logs.</summary>
    internal long Bytes => _logs.Values.Sum(static log => log.State.Bytes);

    /// <summary>Ends when something changes after this call.</summary>
    internal Task Changed => _changed.Task;

    /// <summary>Finds a log.</summary>
    internal ModelLogData? Find(Ship ship) => _logs.GetValueOrDefault(Key(ship));

    /// <summary>Finds a log or makes it.</summary>
    internal ModelLogData FindOrAdd(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (!_logs.TryGetValue(Key(ship), out ModelLogData? log))
            _logs.Add(Key(ship), log = ModelLogData.Empty(origin, metadata));
        return log;
    }

    /// <summary>Wakes those who wait for a change.</summary>
    internal void Signal()
    {
        TaskCompletionSource changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Key(Ship ship) => Options.Bug is ModelBug.ShipsMixed ? "~zod" : ship.Name;
}

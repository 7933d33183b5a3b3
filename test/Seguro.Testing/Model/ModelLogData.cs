using Seguro.Core;

namespace Seguro.Testing;

/// <summary>One ship's log in a model database. Guarded by the database's lock.</summary>
internal sealed class ModelLogData
{
    private ModelLogData(LogState state, IEnumerable<KeyValuePair<string, byte[]>> metadata)
    {
        State = state;
        Before = state;
        Metadata = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach ((string key, byte[] value) in metadata)
            Metadata.Add(key, value);
    }

    /// <summary>The state.</summary>
    public LogState State { get; private set; }

    /// <summary>The state before the last write: for a planted bug.</summary>
    public LogState Before { get; private set; }

    /// <summary>Size and chain of each event.</summary>
    public SortedDictionary<ulong, (long Size, Chain Chain)> Events { get; private init; } = [];

    /// <summary>The fragments, staged ones too.</summary>
    public SortedDictionary<ulong, SortedDictionary<int, byte[]>> Fragments { get; private init; } = [];

    /// <summary>The metadata.</summary>
    public SortedDictionary<string, byte[]> Metadata { get; }

    /// <summary>An empty log.</summary>
    public static ModelLogData Empty(Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) => new(
        new LogState(origin, new Head(Term.None, origin.Number, origin.Chain), Lease.None, 0),
        metadata.Select(static pair => KeyValuePair.Create(pair.Key, pair.Value.ToArray())));

    /// <summary>A copy that later writes do not touch.</summary>
    public ModelLogData Copy() => new(State, Metadata)
    {
        Events = new(Events),
        Fragments = new(Fragments.ToDictionary(static pair => pair.Key, static pair => new SortedDictionary<int, byte[]>(pair.Value))),
    };

    /// <summary>Becomes again what it was when a copy was made.</summary>
    public void GoBackTo(ModelLogData copy)
    {
        ModelLogData older = copy.Copy();
        Become(older.State);
        Refill(Events, older.Events);
        Refill(Fragments, older.Fragments);
        Refill(Metadata, older.Metadata);

        static void Refill<TKey, TValue>(SortedDictionary<TKey, TValue> filled, SortedDictionary<TKey, TValue> with)
            where TKey : notnull
        {
            filled.Clear();
            foreach ((TKey key, TValue value) in with)
                filled.Add(key, value);
        }
    }

    /// <summary>Moves to another state.</summary>
    public void Become(LogState state)
    {
        Before = State;
        State = state;
    }

    /// <summary>Keeps a fragment.</summary>
    public void Put(EventNumber number, int index, ReadOnlyMemory<byte> bytes)
    {
        if (!Fragments.TryGetValue(number.Value, out SortedDictionary<int, byte[]>? fragments))
            Fragments.Add(number.Value, fragments = []);
        fragments[index] = bytes.ToArray();
    }

    /// <summary>Removes what is staged above the head.</summary>
    public void DropStaged()
    {
        foreach (ulong number in Fragments.Keys.Where(number => number > State.Head.Number.Value).ToList())
            Fragments.Remove(number);
    }

    /// <summary>Removes the events below <paramref name="first"/>; says how many bytes they had.</summary>
    public long DropBelow(ulong first)
    {
        long bytes = 0;
        foreach (ulong number in Events.Keys.TakeWhile(number => number < first).ToList())
        {
            bytes += Events[number].Size;
            Events.Remove(number);
            Fragments.Remove(number);
        }
        return bytes;
    }
}

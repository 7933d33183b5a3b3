using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// Remembers what this process staged last, by random stamps, so that the append can demand in its own statement that just these fragments lie there. A request
/// of an attempt given up long ago may still arrive (a stopped node goes on, its socket still full) and write over a fragment.
/// </summary>
/// <remarks>Safe for any thread. Holds one number for each fragment of one event.</remarks>
sealed class DqliteStaging
{
    /// <summary>Stamps are this small so that the sum over an event's fragments fits into 64 bits.</summary>
    private const long LargestStamp = 1L << 40;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, long> _stamps = [];
    private EventNumber _number;
    private Term _term;

    /// <summary>This process has staged something in this term. What earlier terms left was removed before.</summary>
    public bool HasStaged(Term term)
    {
        lock (_lock)
            return _term == term && _stamps.Count > 0;
    }

    /// <summary>A new stamp for a fragment that is about to be staged.</summary>
    public long Stamp(Term term, EventNumber number, int index)
    {
        long stamp = Random.Shared.NextInt64(1, LargestStamp);
        lock (_lock)
        {
            _term = term;
            if (number != _number)
            {
                _stamps.Clear();
                _number = number;
            }
            _stamps[index] = stamp;
            // What lies beyond was staged for an earlier attempt, or is about to be staged again.
            foreach (int beyond in _stamps.Keys.Where(key => key > index).ToList())
                _stamps.Remove(beyond);
        }
        return stamp;
    }

    /// <summary>The sum of the stamps of an event's fragments; <see langword="null"/> where not all of them were staged by this process.</summary>
    public long? Stamps(EventNumber number)
    {
        lock (_lock)
            return number == _number && _stamps.Count > 0 && _stamps.ContainsKey(1) && _stamps.Last().Key == _stamps.Count ? _stamps.Values.Sum() : null;
    }
}

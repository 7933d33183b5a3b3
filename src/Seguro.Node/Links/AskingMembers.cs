using System.Diagnostics;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Node.Links;

/// <summary>Who asked lately to be let in: by certificate of the cluster, but not on the list of its members. For any thread.</summary>
sealed class AskingMembers
{
    // They ask once a second.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (HostAddress Address, long Heard)> _names = new(StringComparer.Ordinal);

    /// <summary>The names of those heard within the last ten seconds.</summary>
    public IReadOnlyList<string> Names => [.. Addresses.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Where they are.</summary>
    public IReadOnlyDictionary<string, HostAddress> Addresses
    {
        get
        {
            lock (_lock)
            {
                foreach (string silent in _names.Where(static pair => Stopwatch.GetElapsedTime(pair.Value.Heard) > Silence).Select(static pair => pair.Key).ToArray())
                    _names.Remove(silent);
                return _names.ToDictionary(static pair => pair.Key, static pair => pair.Value.Address, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Notes one; says whether it is new. Past <see cref="Optimism.MostMembers"/> no more are taken.</summary>
    public bool Note(string name, HostAddress address)
    {
        bool isKnown = Addresses.ContainsKey(name);
        lock (_lock)
        {
            if (!isKnown && _names.Count >= Optimism.MostMembers)
                return false;
            _names[name] = (address, Stopwatch.GetTimestamp());
        }
        return !isKnown;
    }

    /// <summary>It was let in.</summary>
    public void Forget(string name)
    {
        lock (_lock)
            _names.Remove(name);
    }
}

using Seguro.Core;

namespace Seguro.Testing;

internal sealed partial class ClusterHistory
{
    private readonly List<(Optimism Optimism, IReadOnlyList<string> Members)> _settings = [];
    private readonly List<(Wish Wish, int Since)> _wishes = [];
    private readonly SortedDictionary<string, int> _lastNamed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (int Wish, bool IsMember)> _granted = new(StringComparer.Ordinal);

    /// <summary>An operator asks for a change; returns its number.</summary>
    public ulong Wished(Wish wish)
    {
        _wishes.Add((wish, _settings.Count));
        if (wish is Wish.ChangeMembers change)
        {
            foreach (string name in change.Join.Concat(change.Leave))
                _lastNamed[name] = _wishes.Count - 1;
        }
        return (ulong)_wishes.Count - 1;
    }

    /// <summary>The store has these settings.</summary>
    public void HasSettings(Optimism optimism, IReadOnlyList<string> members)
    {
        _settings.Add((optimism, members));
        foreach ((string name, (int wish, bool isMember)) in _granted)
        {
            Require(Invariant.Wishes, _lastNamed[name] != wish || HasGoneBack || members.Contains(name) == isMember,
                () => $"wish {wish} was granted, so that {name} {(isMember ? "belongs" : "does not belong")} to the cluster, and the store's members are {string.Join(' ', members)}");
        }
    }

    /// <summary>A wish was answered.</summary>
    public void WishAnswered(ulong number, bool isGranted, Optimism firstOptimism, IReadOnlyList<string> firstMembers)
    {
        (Wish wish, int since) = _wishes[(int)number];
        if (!isGranted)
            return;
        IEnumerable<(Optimism Optimism, IReadOnlyList<string> Members)> seen = _settings.Skip(since - 1);
        if (since == 0)
            seen = seen.Prepend((firstOptimism, firstMembers));
        if (wish is Wish.ChangeOptimism optimism)
        {
            Require(Invariant.Wishes, HasGoneBack || seen.Any(one => one.Optimism.Replicas == optimism.Replicas),
                () => $"an optimism of {optimism.Replicas} was said to be in force, and the store never had it");
        }
        else if (wish is Wish.ChangeMembers change)
        {
            Require(Invariant.Wishes, HasGoneBack || seen.Any(one => change.Join.All(one.Members.Contains) && !change.Leave.Any(one.Members.Contains)),
                () => $"{string.Join(' ', change.Join)} joined and {string.Join(' ', change.Leave)} left, it was said, and the store never had that");
            foreach (string name in change.Join.Concat(change.Leave))
                _granted[name] = ((int)number, change.Join.Contains(name));
        }
    }
}

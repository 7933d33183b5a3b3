namespace Seguro.Balancer;

/// <summary>The seals of a <see cref="KeyRing"/>, for one thread. Immutable: other keys make another.</summary>
internal sealed class SealRing : IDisposable
{
    private readonly Dictionary<uint, (FrameSeal Seal, string Member)> _seals;

    public SealRing(KeyRing keys) => _seals = keys.Entries.ToDictionary(static entry => entry.Key.Id, static entry => (new FrameSeal(entry.Key), entry.Member));

    /// <summary>The members that have a key.</summary>
    public IReadOnlyCollection<string> Members => [.. _seals.Values.Select(static found => found.Member).Distinct()];

    /// <summary>The seal of a key; <see langword="null"/> where the ring does not have it.</summary>
    public FrameSeal? Find(uint id) => _seals.TryGetValue(id, out (FrameSeal Seal, string Member) found) ? found.Seal : null;

    /// <summary>Whose key it is.</summary>
    public string MemberOf(uint id) => _seals[id].Member;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((FrameSeal seal, _) in _seals.Values)
            seal.Dispose();
    }
}

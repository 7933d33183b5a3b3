namespace Seguro.HarborService.Owners;

/// <summary>Keys that were looked up lately, known or not. Bounded; many who ask at once for the same share one look.</summary>
/// <remarks>For any thread.</remarks>
internal sealed class OwnerCache(OwnerRegistry registry, ServiceOptions options)
{
    private const int Most = 16_384;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Owner, string Key), (Task<OwnerRecord?> Look, long At)> _looks = [];

    /// <exception cref="Core.SeguroException">What the storage throws.</exception>
    public async Task<OwnerRecord?> FindAsync(string owner, string key)
    {
        Task<OwnerRecord?> look;
        lock (_lock)
        {
            long now = options.Time.GetTimestamp();
            if (_looks.TryGetValue((owner, key), out (Task<OwnerRecord?> Look, long At) kept) && options.Time.GetElapsedTime(kept.At, now) < options.OwnerAge && !kept.Look.IsFaulted)
            {
                look = kept.Look;
            }
            else
            {
                if (_looks.Count >= Most)
                    Sweep(now);
                look = registry.FindAsync(owner, key, CancellationToken.None); // others wait for it, too
                _looks[(owner, key)] = (look, now);
            }
        }
        return await look;
    }

    /// <summary>Forgets what is old, and all where nothing is.</summary>
    private void Sweep(long now)
    {
        foreach (((string, string) known, (_, long at)) in _looks.ToList())
        {
            if (options.Time.GetElapsedTime(at, now) >= options.OwnerAge)
                _looks.Remove(known);
        }
        if (_looks.Count >= Most)
            _looks.Clear();
    }
}

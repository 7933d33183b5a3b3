namespace Seguro.HarborService.Limits;

/// <summary>How often somebody may ask: so many a second on average, more after a while of quiet.</summary>
/// <remarks>For any thread. Whoever has been quiet for long is forgotten; where there are too many who have not, those who come new share one measure.</remarks>
/// <param name="perSecond">On average.</param>
/// <param name="burst">At once.</param>
/// <param name="time">The clock.</param>
internal sealed class RateLimit<TKey>(double perSecond, double burst, TimeProvider time)
    where TKey : notnull
{
    private const int Most = 65_536;
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, (double Used, long At)> _used = [];
    private (double Used, long At) _others;
    private long _sweptAt;

    /// <summary>Takes what a request costs, where it is there.</summary>
    public bool TryTake(TKey key, double cost = 1)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            bool isKnown = _used.TryGetValue(key, out (double Used, long At) used);
            if (!isKnown && _used.Count >= Most && !Sweep(now))
                return Take(ref _others, now, cost);
            bool isTaken = Take(ref used, now, cost);
            _used[key] = used;
            return isTaken;
        }
    }

    /// <summary>Takes it, also where it is not there: what somebody did already.</summary>
    public void Charge(TKey key, double cost)
    {
        lock (_lock)
        {
            if (_used.TryGetValue(key, out (double Used, long At) used))
                _used[key] = (Math.Min(burst, used.Used + cost), used.At);
        }
    }

    private bool Take(ref (double Used, long At) used, long now, double cost)
    {
        double left = Math.Max(0, used.Used - (time.GetElapsedTime(used.At, now).TotalSeconds * perSecond));
        bool fits = left + cost <= burst;
        used = (fits ? left + cost : left, now);
        return fits;
    }

    private bool Sweep(long now)
    {
        if (time.GetElapsedTime(_sweptAt, now) < TimeSpan.FromSeconds(1))
            return false;
        _sweptAt = now;
        foreach ((TKey key, (double used, long at)) in _used.ToList())
        {
            if (used <= time.GetElapsedTime(at, now).TotalSeconds * perSecond)
                _used.Remove(key);
        }
        return _used.Count < Most;
    }
}

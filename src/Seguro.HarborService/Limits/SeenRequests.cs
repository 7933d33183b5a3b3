namespace Seguro.HarborService.Limits;

/// <summary>Requests that were taken lately, so that none is taken again while its time is still good. Bounded.</summary>
/// <remarks>For any thread.</remarks>
internal sealed class SeenRequests(TimeProvider time)
{
    /// <summary>How far a request's time may be from the clock here.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>Of each half; 32 bytes each, about.</summary>
    private const int Most = 1_000_000;
    private readonly Lock _lock = new();
    private HashSet<UInt128> _now = [];
    private HashSet<UInt128> _before = [];
    private long _turnedAt = time.GetTimestamp();

    /// <summary>Whether a time is near enough.</summary>
    public bool IsNear(long milliseconds) => Math.Abs(time.GetUtcNow().ToUnixTimeMilliseconds() - milliseconds) <= Window.TotalMilliseconds;

    /// <summary>Remembers one; <see langword="false"/>: it was here before; <see langword="null"/>: there is no room to remember it.</summary>
    public bool? TryAdd(UInt128 nonce)
    {
        lock (_lock)
        {
            // A request whose time is ahead by a window is good for two.
            if (time.GetElapsedTime(_turnedAt) >= Window * 2)
                (_before, _now, _turnedAt) = (_now, [], time.GetTimestamp());
            if (_now.Contains(nonce) || _before.Contains(nonce))
                return false;
            return _now.Count >= Most ? null : _now.Add(nonce);
        }
    }
}

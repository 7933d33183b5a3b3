namespace Seguro.Node.Members;

/// <summary>The pause after a failure: doubles from 10 ms to a second, and begins anew after a success. Not for two threads at a time.</summary>
sealed class Backoff(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private TimeSpan _next = Shortest;

    /// <summary>It went well.</summary>
    public void Reset() => _next = Shortest;

    /// <summary>Waits out the pause, or until cancelled; never throws.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        TimeSpan pause = _next;
        _next = _next + _next < Longest ? _next + _next : Longest;
        await Task.Delay(pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

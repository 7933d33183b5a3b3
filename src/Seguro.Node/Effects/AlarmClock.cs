namespace Seguro.Node.Effects;

/// <summary>The one alarm of a ship's kernel: rings at a time of the wall clock, on the master only. From any thread.</summary>
sealed class AlarmClock : IDisposable
{
    /// <summary>A timer is never set for longer than this: the wall clock may be set meanwhile, and the machine may sleep.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly Action _ring;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private DateTimeOffset? _when;
    private bool _isOff = true;

    /// <param name="time">The clock.</param>
    /// <param name="ring">What happens when it rings. Must not block.</param>
    public AlarmClock(TimeProvider time, Action ring)
    {
        _time = time;
        _ring = ring;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets alarms be set, or takes back the one that is set and refuses others.</summary>
    public void Turn(bool on)
    {
        lock (_gate)
        {
            _isOff = !on;
            _when = null;
        }
    }

    /// <summary>Sets the alarm, in place of the one before; <see langword="null"/>: none.</summary>
    public void Set(DateTimeOffset? when)
    {
        lock (_gate)
        {
            if (_isOff)
                return;
            _when = when;
            Wind();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Turn(on: false);
        _timer.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_when is not { } when)
                return;
            if (_time.GetUtcNow() < when)
            {
                Wind();
                return;
            }
            _when = null;
            _ring(); // under the lock, so that none rings after the clock was turned off
        }
    }

    private void Wind()
    {
        if (_when is not { } when)
            return;
        TimeSpan rest = when - _time.GetUtcNow();
        _timer.Change(rest < TimeSpan.Zero ? TimeSpan.Zero : rest < LongestWait ? rest : LongestWait, Timeout.InfiniteTimeSpan);
    }
}

namespace Seguro.Tests.Node.Members;

/// <summary>A clock that goes as another does, but for waits of a day: they end when a test says so.</summary>
internal sealed class HeldDay(TimeProvider time) : TimeProvider
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private Action? _held;

    /// <summary>Somebody waits for the next day.</summary>
    public bool IsHeld => Volatile.Read(ref _held) is not null;

    public override long TimestampFrequency => time.TimestampFrequency;

    /// <summary>The next day comes.</summary>
    public void Pass() => Interlocked.Exchange(ref _held, null)!();

    public override long GetTimestamp() => time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= Day)
            Volatile.Write(ref _held, () => callback(state));
        return time.CreateTimer(callback, state, dueTime, period);
    }
}

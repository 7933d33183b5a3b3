namespace Seguro.Testing;

/// <summary>Virtual time: what is due happens in order of time, and where times are equal in an order that the seed decides. Times are in ticks of 100 ns.</summary>
internal sealed class Schedule(ulong seed)
{
    /// <summary>Ticks in a millisecond.</summary>
    public const long Millisecond = TimeSpan.TicksPerMillisecond;

    /// <summary>Ticks in a second.</summary>
    public const long Second = TimeSpan.TicksPerSecond;

    private readonly PriorityQueue<Action, (long Time, ulong Tie)> _queue = new();
    private readonly SimulationRandom _ties = new(seed, "ties");

    /// <summary>The time.</summary>
    public long Now { get; private set; }

    /// <summary>How many things happened.</summary>
    public long Count { get; private set; }

    /// <summary>Lets this happen at a time, which is not before now.</summary>
    public void At(long time, Action action) => _queue.Enqueue(action, (Math.Max(time, Now), _ties.Next()));

    /// <summary>Lets this happen later.</summary>
    public void After(long delay, Action action) => At(Now + delay, action);

    /// <summary>Lets all happen that is due until <paramref name="end"/>.</summary>
    public void RunUntil(long end)
    {
        while (_queue.TryPeek(out Action? action, out (long Time, ulong Tie) due) && due.Time <= end)
        {
            _queue.Dequeue();
            Now = due.Time;
            Count++;
            action();
        }
        Now = end;
    }
}

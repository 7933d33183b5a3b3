using Seguro.Core;

namespace Seguro.Node.Startup;

/// <summary>Waits, while a member starts, for what others must do: says for what after three seconds, and again while it lasts, ever more seldom.</summary>
/// <remarks><see cref="Current"/> is for any thread; one wait at a time.</remarks>
/// <param name="tell">Hears a full sentence each time. From any thread.</param>
/// <param name="time">The clock.</param>
sealed class StartWaiting(Action<string> tell, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan First = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private volatile string? _current;

    /// <summary>What is waited for now, as a full sentence; <see langword="null"/> where nothing is.</summary>
    public string? Current => _current;

    /// <summary>Takes a step, again and again while what it needs is away.</summary>
    /// <param name="awaited">What it waits for.</param>
    /// <param name="step">The step.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">What the step says, but for a store that is away, an outcome that is unknown, and a lease that somebody holds.</exception>
    public async Task<T> ForAsync<T>(string awaited, Func<Task<T>> step, CancellationToken cancel)
    {
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _current = $"Waiting for {awaited}.";
        Task telling = TellAsync(done.Token);
        try
        {
            while (true)
            {
                try
                {
                    return await step();
                }
                catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown or ErrorCode.LeaseHeld)
                {
                    _current = $"Waiting for {awaited}: {error.Message}.";
                }
                await Task.Delay(Pause, time, cancel);
            }
        }
        finally
        {
            _current = null;
            await done.CancelAsync();
            await telling;
        }
    }

    /// <inheritdoc cref="ForAsync{T}"/>
    public Task ForAsync(string awaited, Func<Task> step, CancellationToken cancel) => ForAsync(
        awaited,
        async () =>
        {
            await step();
            return true;
        },
        cancel);

    private async Task TellAsync(CancellationToken done)
    {
        long start = time.GetTimestamp();
        for (TimeSpan pause = First; ; pause = pause * 3 < Longest ? pause * 3 : Longest)
        {
            await Task.Delay(pause, time, done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (done.IsCancellationRequested)
                return;
            if (_current is { } text)
                tell(pause == First ? text : $"{text} (For {time.GetElapsedTime(start).TotalSeconds:0} s now.)");
        }
    }
}

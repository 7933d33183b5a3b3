namespace Seguro.Core;

/// <summary>
/// Wakes those who wait for new events of a log: at once where the writer is in the same process, by looking now and then where it
/// is not.
/// </summary>
/// <remarks>All members may be called from any thread. Waking is a hint: whoever was woken looks for himself.</remarks>
public sealed class AppendSignal
{
    /// <summary>How often a log whose writer may be another process is looked at.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private int _waiting;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Wakes all that wait.</summary>
    public void Announce()
    {
        Interlocked.MemoryBarrier(); // whoever begins to wait after this look sees what is announced
        if (Volatile.Read(ref _waiting) > 0)
            Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Returns when <paramref name="look"/> says yes; asks it at once, at each <see cref="Announce"/>, and after each <paramref name="pause"/>.</summary>
    /// <param name="look">Is there what is waited for? A cheap, plain read.</param>
    /// <param name="pause">The wait between two looks where nobody announces anything, on the caller's clock: <see cref="Interval"/> long, or what suits the store.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async ValueTask WaitAsync(
        Func<CancellationToken, ValueTask<bool>> look, Func<CancellationToken, Task> pause, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(look);
        ArgumentNullException.ThrowIfNull(pause);
        Interlocked.Increment(ref _waiting); // before the look, as is the task: nothing between the two is missed
        try
        {
            while (true)
            {
                Task announced = Volatile.Read(ref _next).Task;
                if (await look(cancel))
                    return;
                using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                await Task.WhenAny(announced, pause(done.Token));
                await done.CancelAsync();
                cancel.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}

namespace Seguro.Stores.Dqlite;

/// <summary>Wakes those in this process who wait for a log to grow.</summary>
sealed class DqliteLogSignal
{
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the log grows the next time.</summary>
    public Task Next => Volatile.Read(ref _grown).Task;

    /// <summary>The log has grown.</summary>
    public void Raise() => Interlocked.Exchange(ref _grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}

using System.Collections.Concurrent;

namespace Seguro.Stores.Postgres;

/// <summary>Wakes this process's readers of a log at once when this process appended to it; others find out by looking.</summary>
sealed class HeadSignals
{
    private readonly ConcurrentDictionary<int, Signal> _signals = new();

    /// <summary>The signal of a log.</summary>
    public Signal Of(int log) => _signals.GetOrAdd(log, static _ => new Signal());

    /// <summary>A bell that all who wait hear once.</summary>
    public sealed class Signal
    {
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends with the next <see cref="Ring"/>.</summary>
        public Task Next => Volatile.Read(ref _next).Task;

        /// <summary>Wakes all who wait.</summary>
        public void Ring() =>
            Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}

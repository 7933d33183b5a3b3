using System.Runtime.InteropServices;

namespace Seguro.Testing.Vere;

/// <summary>A worker's signals: SIGINT and SIGTERM end the event that is being computed, and do nothing where none is (vere-facts.md §5a); SIGUSR1 does nothing here.</summary>
sealed class Interrupts : IDisposable
{
    private const PosixSignal User1 = (PosixSignal)10;
    private readonly List<PosixSignalRegistration> _registered = [];
    private readonly Lock _lock = new();
    private CancellationTokenSource? _running;

    /// <summary>Begins to take them.</summary>
    public Interrupts()
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            _registered.Add(PosixSignalRegistration.Create(signal, Take));
        _registered.Add(PosixSignalRegistration.Create(User1, static context => context.Cancel = true));
    }

    /// <summary>Computes something that can be ended, after a limit too (milliseconds; 0: none).</summary>
    public T Run<T>(ulong limit, Func<CancellationToken, T> compute)
    {
        using CancellationTokenSource running = limit == 0 ? new() : new(TimeSpan.FromMilliseconds(Math.Min(limit, int.MaxValue)));
        lock (_lock)
            _running = running;
        try
        {
            return compute(running.Token);
        }
        finally
        {
            lock (_lock)
                _running = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _registered.ForEach(static registered => registered.Dispose());

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_lock)
            _running?.Cancel();
    }
}

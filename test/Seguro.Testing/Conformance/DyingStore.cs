using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A store that kills its own process (kill −9) at a chosen point: just before one of its writes, or just after it came back.</summary>
/// <param name="inner">The real store.</param>
/// <param name="point">Which point, counted from 1: odd ones lie before a write, even ones behind it.</param>
public sealed class DyingStore(IStore inner, int point) : IStore
{
    private int _passed;

    /// <inheritdoc/>
    public StoreCapabilities Capabilities => inner.Capabilities;

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel) =>
        await inner.OpenLogAsync(ship, cancel) is { } log ? new DyingLog(this, log) : null;

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel) =>
        new DyingLog(this, await WriteAsync(() => inner.CreateLogAsync(ship, origin, metadata, cancel)));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => inner.ListLogsAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel) => WriteAsync(() => inner.ReadIdentityAsync(cancel));

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => inner.ReadRoomAsync(cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Does a write, if this process lives to see it.</summary>
    internal async ValueTask<T> WriteAsync<T>(Func<ValueTask<T>> write)
    {
        Pass();
        T answer = await write();
        Pass();
        return answer;
    }

    private void Pass()
    {
        if (Interlocked.Increment(ref _passed) != point)
            return;
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite); // the signal is on its way
    }
}

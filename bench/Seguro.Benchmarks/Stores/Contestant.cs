using System.Diagnostics;

namespace Seguro.Benchmarks;

/// <summary>Somebody who appends events to an empty log, or table, of its own in a database, each commit durable as the database promises it.</summary>
/// <remarks>One commit at a time, unless a subclass says otherwise.</remarks>
internal abstract class Contestant : IAsyncDisposable
{
    private long _events;
    private long _bytes;

    /// <summary>Its name in results.</summary>
    public abstract string Name { get; }

    /// <summary>The largest event that it can append.</summary>
    public virtual int LargestEvent => int.MaxValue;

    /// <summary>The most events of one commit.</summary>
    public virtual int LargestGroup => 4096;

    /// <summary>The most payload bytes of one commit of several events.</summary>
    public virtual long LargestGroupBytes => 8 << 20;

    /// <summary>It is a process of its own, which measures its time itself, from when it was asked.</summary>
    public virtual bool IsAskedByPipe => false;

    /// <summary>How many events were committed.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>Appends events in one commit; they may be changed when it returns.</summary>
    /// <returns>How long it took, in nanoseconds.</returns>
    public async ValueTask<long> CommitAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        long taken = await TimeAsync(payloads, cancel);
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> payload in payloads)
            bytes += payload.Length;
        Interlocked.Add(ref _events, payloads.Length);
        Interlocked.Add(ref _bytes, bytes);
        return taken;
    }

    /// <summary>As <see cref="CommitAsync"/>, but counted by nobody.</summary>
    public abstract ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel);

    /// <summary>Reads back that all that was committed is there, every byte of it.</summary>
    /// <exception cref="InvalidOperationException">It is not: a benchmark whose writes are lost measured nothing.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        (long events, long bytes) = await ReadBackAsync(cancel);
        if (events != _events || bytes != _bytes)
            throw new InvalidOperationException($"{Name} committed {_events:N0} events of {_bytes:N0} bytes, and {events:N0} of {bytes:N0} are there.");
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Appends, and says how many nanoseconds that took.</summary>
    protected virtual async ValueTask<long> TimeAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        await AppendAsync(payloads, cancel);
        return (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    /// <summary>How many events are in the database, and their bytes.</summary>
    protected abstract ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel);

    /// <summary>Events were appended past <see cref="CommitAsync"/>, and are to be checked too.</summary>
    protected void Count(long events, long bytes)
    {
        Interlocked.Add(ref _events, events);
        Interlocked.Add(ref _bytes, bytes);
    }
}

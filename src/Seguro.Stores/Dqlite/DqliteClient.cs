using System.Collections.Concurrent;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// The sessions with the cluster's leader: one that writes, one caller after the other, and a few that read. Follows the leader when it changes.
/// </summary>
/// <remarks>Threading: all members may be called at the same time. What is run must be safe to be run again from its start.</remarks>
sealed class DqliteClient(DqliteLeaderSearch search, TimeSpan patience, TimeProvider time) : IAsyncDisposable
{
    private const int MostReaders = 4;

    /// <summary>Failures that do not speak of a lost leader, lock or connection are given only so many chances.</summary>
    private const int MostFailures = 5;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(MostReaders, MostReaders);
    private readonly ConcurrentStack<DqliteSession> _readers = new();
    private DqliteSession? _writer;
    private int _generation;
    private volatile bool _closed;

    /// <summary>Runs a write, and again after a failure, until it ends or patience does.</summary>
    /// <exception cref="UnknownOutcomeException">It may have happened.</exception>
    /// <exception cref="SeguroException">It did not happen.</exception>
    public async ValueTask<T> WriteAsync<T>(Func<DqliteSession, CancellationToken, ValueTask<T>> write, CancellationToken cancel)
    {
        if (!await _writing.WaitAsync(patience, cancel))
            throw Busy("other writes of this process did not end");
        try
        {
            return await RepeatAsync(WriterAsync, DropWriterAsync, write, isWrite: true, cancel);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs a plain read, and again after a failure, until it ends or patience does. What it sees may be old.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<DqliteSession, CancellationToken, ValueTask<T>> read, CancellationToken cancel)
    {
        if (!await _reading.WaitAsync(patience, cancel))
            throw Busy("other reads of this process did not end");
        DqliteSession? reader = null;
        try
        {
            T result = await RepeatAsync(
                async (left, token) => reader ??= await ReaderAsync(left, token),
                async () =>
                {
                    DqliteSession? dropped = reader;
                    reader = null;
                    if (dropped is not null)
                        await dropped.DisposeAsync();
                },
                read,
                isWrite: false,
                cancel);
            return result;
        }
        finally
        {
            if (reader is { IsBroken: false } && !_closed)
                _readers.Push(reader);
            else if (reader is not null)
                await reader.DisposeAsync();
            _reading.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        while (_readers.TryPop(out DqliteSession? reader))
            await reader.DisposeAsync();
        if (Interlocked.Exchange(ref _writer, null) is { } writer)
            await writer.DisposeAsync();
    }

    private async ValueTask<T> RepeatAsync<T>(
        Func<TimeSpan, CancellationToken, ValueTask<DqliteSession>> open,
        Func<ValueTask> drop,
        Func<DqliteSession, CancellationToken, ValueTask<T>> run,
        bool isWrite,
        CancellationToken cancel)
    {
        long start = time.GetTimestamp();
        int failures = 0;
        bool mayHaveWritten = false;
        while (true)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            DqliteException? error = null;
            bool opened = false;
            try
            {
                DqliteSession session = await open(patience - time.GetElapsedTime(start), cancel);
                opened = true;
                return await run(session, cancel);
            }
            catch (DqliteException failure)
            {
                error = failure;
                mayHaveWritten |= isWrite && opened && !failure.IsNotLeader;
                if (!failure.IsBusy)
                    await drop();
            }
            catch (SeguroException unavailable) when (!opened && mayHaveWritten)
            {
                throw new UnknownOutcomeException(unavailable);
            }
            catch (OperationCanceledException)
            {
                await drop();
                throw;
            }
            bool passes = error.IsNotLeader || error.IsLeadershipLost || error.IsBusy || error.Failure == 0;
            if (error.Code is ErrorCode.AccessDenied or ErrorCode.Corrupt || (!passes && ++failures >= MostFailures) || time.GetElapsedTime(start) >= patience)
                throw mayHaveWritten ? new UnknownOutcomeException(error) : error;
            // Another client's write takes about a millisecond; an election, half a second.
            await Task.Delay(TimeSpan.FromMilliseconds(error.IsBusy ? Random.Shared.Next(1, 8) : 20), time, cancel);
        }
    }

    private async ValueTask<DqliteSession> WriterAsync(TimeSpan left, CancellationToken cancel)
    {
        if (_writer is { IsBroken: false } ready)
            return ready;
        await DropWriterAsync();
        return _writer = await OpenAsync(left, cancel);
    }

    private async ValueTask DropWriterAsync()
    {
        // The readers of a node that no longer leads are not to be used again.
        Interlocked.Increment(ref _generation);
        if (Interlocked.Exchange(ref _writer, null) is { } dropped)
            await dropped.DisposeAsync();
    }

    private async ValueTask<DqliteSession> ReaderAsync(TimeSpan left, CancellationToken cancel)
    {
        while (_readers.TryPop(out DqliteSession? idle))
        {
            if (!idle.IsBroken && idle.Generation == Volatile.Read(ref _generation))
                return idle;
            await idle.DisposeAsync();
        }
        return await OpenAsync(left, cancel);
    }

    private async ValueTask<DqliteSession> OpenAsync(TimeSpan left, CancellationToken cancel)
    {
        int generation = Volatile.Read(ref _generation);
        DqliteConnection connection = await search.FindAsync(left, cancel);
        return await DqliteSession.OpenAsync(connection, search, time, generation, cancel);
    }

    private SeguroException Busy(string what) => new(
        ErrorCode.StoreUnavailable,
        $"the dqlite store took longer than {patience.TotalSeconds:0.#} s: {what}",
        "Nothing was written. Repeat; if it goes on, see whether the cluster's nodes are overloaded.");
}

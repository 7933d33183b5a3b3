using Seguro.Sdk;

namespace Seguro.Native;

/// <summary>A log that a C program has open, with what belongs to it.</summary>
internal sealed class OpenLog(SeguroLog log) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<nint> _parts = [];
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private int _inside;
    private bool _isClosed;

    public SeguroLog Log { get; } = log;

    /// <summary>Cancelled when the log is being closed.</summary>
    public CancellationToken End => _end.Token;

    /// <summary>A call begins; <see langword="false"/> where the log is being closed. Each that began is ended by <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isClosed)
                return false;
            _inside++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_inside == 0 && _isClosed)
                _left.TrySetResult();
        }
    }

    /// <summary>Gives a writer or a cursor its handle.</summary>
    public nint Add(object part)
    {
        lock (_lock)
        {
            nint handle = Handles.Add(part);
            _parts.Add(handle);
            return handle;
        }
    }

    public void Forget(nint part)
    {
        lock (_lock)
            _parts.Remove(part);
    }

    /// <summary>Wakes who waits, waits for them to leave, and ends all that belongs to the log.</summary>
    public async ValueTask DisposeAsync()
    {
        nint[] parts;
        lock (_lock)
        {
            _isClosed = true;
            parts = [.. _parts];
            if (_inside == 0)
                _left.TrySetResult();
        }
        await _end.CancelAsync();
        await _left.Task;
        foreach (nint part in parts)
        {
            if (Handles.TryTake(part, out OpenWriter? writer))
                await writer.DisposeAsync();
            else if (Handles.TryTake(part, out OpenCursor? cursor))
                await cursor.DisposeAsync();
        }
        await Log.DisposeAsync();
        _end.Dispose();
    }
}

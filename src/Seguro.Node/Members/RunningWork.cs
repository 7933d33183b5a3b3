namespace Seguro.Node.Members;

/// <summary>Work that runs beside a loop, counted, so that its end can be waited for. From any thread.</summary>
sealed class RunningWork
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _isEnding;

    /// <summary>Starts work on the thread pool; after <see cref="EndAsync"/> was called, nothing. The work must not throw.</summary>
    public void Begin(Func<Task> work)
    {
        if (!TryEnter())
            return;
        _ = Task.Run(async () =>
        {
            try
            {
                await work();
            }
            finally
            {
                Leave();
            }
        });
    }

    /// <summary>Does work in the caller's own task, counted.</summary>
    /// <exception cref="OperationCanceledException">It came too late.</exception>
    public async Task<T> DoAsync<T>(Func<Task<T>> work)
    {
        if (!TryEnter())
            throw new OperationCanceledException("The member has ended.");
        try
        {
            return await work();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Lets no more in, and waits for what runs.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            _isEnding = true;
            if (_count == 0)
                _idle.TrySetResult();
        }
        return _idle.Task;
    }

    private bool TryEnter()
    {
        lock (_gate)
        {
            if (_isEnding)
                return false;
            _count++;
            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0 && _isEnding)
                _idle.TrySetResult();
        }
    }
}

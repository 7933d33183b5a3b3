namespace Seguro.Vere.Mirror;

/// <summary>Wakes who waits when something is written below a folder (inotify). A hint only: what it misses, a look at intervals finds.</summary>
/// <remarks>vere writes its log with <c>pwrite</c>, which inotify sees; the meta page of a commit comes last, after it is durable. For one waiter at a time.</remarks>
internal sealed class PierWatch(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly Lock _lock = new();
    private FileSystemWatcher? _watcher;
    private long? _signalledAt;
    private bool _isChanged;

    /// <summary>Notifications come. Without them only the looks at intervals are left.</summary>
    public bool IsWatching => _watcher is not null;

    /// <summary>Watches a folder and what is in it, from now on, instead of what was watched before.</summary>
    /// <returns>Why there will be no notifications; <see langword="null"/> where there will be.</returns>
    public string? Point(string folder)
    {
        _watcher?.Dispose();
        _watcher = null;
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(folder)
            {
                IncludeSubdirectories = true,
                NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.FileName | NotifyFilters.DirectoryName,
            };
            watcher.Changed += (_, _) => Signal();
            watcher.Created += (_, _) => SignalChange();
            watcher.Deleted += (_, _) => SignalChange();
            watcher.Renamed += (_, _) => SignalChange();
            watcher.Error += (_, _) => SignalChange();
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException)
        {
            watcher?.Dispose(); // the folder is gone already, or the user has no more watches (fs.inotify.max_user_instances)
            return refused.Message;
        }
    }

    /// <summary>Waits for a notification, or for so long.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancel) => await _signal.WaitAsync(most, cancel);

    /// <summary>The time stamp of the first notification since this was last asked; <see langword="null"/> where there was none.</summary>
    public long? TakeSignal()
    {
        lock (_lock)
        {
            long? taken = _signalledAt;
            _signalledAt = null;
            return taken;
        }
    }

    /// <summary>A file or folder came, went or got another name since this was last asked.</summary>
    public bool TakeChange() => Interlocked.Exchange(ref _isChanged, false);

    private void SignalChange()
    {
        Volatile.Write(ref _isChanged, true);
        Signal();
    }

    private void Signal()
    {
        lock (_lock)
        {
            _signalledAt ??= time.GetTimestamp();
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watcher?.Dispose();
        _watcher = null;
    }
}

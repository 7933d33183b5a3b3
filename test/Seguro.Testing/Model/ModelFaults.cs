namespace Seguro.Testing;

/// <summary>Faults of a model store, switched on by a test or a simulator. Guarded by the database's lock.</summary>
public sealed class ModelFaults
{
    private readonly Lock _lock = new();
    private readonly Queue<WriteFate> _fates = [];
    private long? _callsLeft;
    private long? _fragmentsLeft;
    private bool _diskFull;

    /// <summary>What becomes of the coming writes, in order; those after them fare well.</summary>
    public void NextWrites(params ReadOnlySpan<WriteFate> fates)
    {
        lock (_lock)
        {
            foreach (WriteFate fate in fates)
                _fates.Enqueue(fate);
        }
    }

    /// <summary>After this many more calls every call ends with <c>StoreUnavailable</c>; <see langword="null"/> heals.</summary>
    public void UnavailableAfter(long? calls)
    {
        lock (_lock)
            _callsLeft = calls;
    }

    /// <summary>After this many more fragments reading ends with <c>StoreUnavailable</c>; <see langword="null"/> heals.</summary>
    public void CutReadsAfter(long? fragments)
    {
        lock (_lock)
            _fragmentsLeft = fragments;
    }

    /// <summary>While set, every write that would take room ends with <c>DiskFull</c>.</summary>
    public bool IsDiskFull
    {
        get
        {
            lock (_lock)
                return _diskFull;
        }
        set
        {
            lock (_lock)
                _diskFull = value;
        }
    }

    /// <summary>Switches every fault off.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _fates.Clear();
            _callsLeft = null;
            _fragmentsLeft = null;
            _diskFull = false;
        }
    }

    internal bool TakeCall() => Take(ref _callsLeft);

    internal bool TakeFragment() => Take(ref _fragmentsLeft);

    internal WriteFate TakeFate()
    {
        lock (_lock)
            return _fates.TryDequeue(out WriteFate fate) ? fate : WriteFate.Fine;
    }

    private bool Take(ref long? left)
    {
        lock (_lock)
        {
            if (left is not { } some)
                return true;
            left = Math.Max(0, some - 1);
            return some > 0;
        }
    }
}

using System.Diagnostics;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// Supervises a dqlite node in a process of its own: a fault in the C library costs a start of that process. When it dies it is
/// started again, after 0.1 s at first and at most 5 s in the end; when this process dies, it ends.
/// </summary>
/// <remarks>For any thread.</remarks>
public sealed class DqliteNodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // A node that ran for so long was well: the next pause is the first one again.
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(30);

    private readonly SeguroExecutable _executable;
    private readonly TimeSpan _startTime;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watch = Task.CompletedTask;
    private DqliteNodeStatus _status = new(DqliteNodeState.Starting, null, 0, null);
    private NodeChild? _child;
    private AccessRecord _access;
    private long _refusedByChild;

    private DqliteNodeProcess(SeguroExecutable executable, DqliteNodeOptions options, TimeSpan startTime)
    {
        _access = options.Access ?? new AccessRecord();
        _executable = executable;
        _startTime = startTime;
        Options = options;
    }

    /// <summary>Connections were refused. From any thread.</summary>
    public event EventHandler<NodeRefusalEventArgs>? Refused;

    /// <summary>What the node is.</summary>
    public DqliteNodeOptions Options { get; }

    /// <summary>What it is doing now.</summary>
    public DqliteNodeStatus Status
    {
        get
        {
            lock (_lock)
                return _status;
        }
    }

    /// <summary>Another list of who is let in is in force from now on, in this process and in those that follow it.</summary>
    public void SetAccess(AccessRecord access)
    {
        ArgumentNullException.ThrowIfNull(access);
        lock (_lock)
        {
            _access = access;
            _child?.SetAccess(access);
        }
    }

    /// <summary>Starts the process and waits until the node is ready.</summary>
    /// <param name="executable">The command to run.</param>
    /// <param name="options">What the node is.</param>
    /// <param name="startTime">How long a start may take; reading a database takes about 9 s a GiB.</param>
    /// <param name="cancel">Ends the process again.</param>
    /// <exception cref="SeguroException">What the node reported, as by <see cref="DqliteNode.Start"/>; or <see cref="ErrorCode.ProcessFailed"/>, with its last words.</exception>
    public static async Task<DqliteNodeProcess> StartAsync(SeguroExecutable executable, DqliteNodeOptions options, TimeSpan startTime, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(executable);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        DqliteNodeProcess supervisor = new(executable, options, startTime);
        NodeChild? child = null;
        try
        {
            child = supervisor.StartChild(options);
            supervisor.Set(new DqliteNodeStatus(DqliteNodeState.Starting, child.Id, 0, null));
            await child.WaitUntilReadyAsync(startTime, cancel);
        }
        catch
        {
            if (child is not null)
                await child.DisposeAsync();
            await supervisor.DisposeAsync();
            throw;
        }
        supervisor.Set(new DqliteNodeStatus(DqliteNodeState.Running, child.Id, 0, null));
        supervisor._watch = Task.Run(() => supervisor.WatchAsync(child), CancellationToken.None);
        return supervisor;
    }

    /// <summary>Waits until the status fulfils a condition, and returns that status.</summary>
    public async Task<DqliteNodeStatus> WaitAsync(Func<DqliteNodeStatus, bool> condition, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            Task changed;
            DqliteNodeStatus status;
            lock (_lock)
            {
                changed = _changed.Task;
                status = _status;
            }
            if (condition(status))
                return status;
            await changed.WaitAsync(cancel);
        }
    }

    /// <summary>Ends the process. Nothing that the cluster acknowledged needs it to end in any particular way.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
            await _stop.CancelAsync();
        await _watch;
        DqliteNodeStatus last = Status;
        if (last.State != DqliteNodeState.Stopped)
            Set(last with { State = DqliteNodeState.Stopped, Process = null });
    }

    private async Task WatchAsync(NodeChild first)
    {
        NodeChild? child = first;
        TimeSpan pause = FirstPause;
        int restarts = 0;
        try
        {
            while (true)
            {
                long since = Stopwatch.GetTimestamp();
                SeguroException? error;
                try
                {
                    error = child is null ? await RestartAsync() : await child.WaitForEndAsync(NoteRefused, _stop.Token);
                }
                finally
                {
                    if (child is not null)
                        await child.DisposeAsync();
                    child = null;
                }
                if (error is null)
                    continue;
                // What is refused as unsafe stays so, however often it is tried.
                if (error.ExitCode == 3)
                {
                    Set(new DqliteNodeStatus(DqliteNodeState.Refused, null, restarts, error));
                    return;
                }
                if (Stopwatch.GetElapsedTime(since) > Steady)
                    pause = FirstPause;
                Set(new DqliteNodeStatus(DqliteNodeState.Waiting, null, restarts, error));
                await Task.Delay(pause, _stop.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                restarts++;
            }
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        async Task<SeguroException?> RestartAsync()
        {
            try
            {
                // It ran: should its disk have been replaced by an empty one meanwhile, it must not begin anew under its old number.
                child = StartChild(Options with { Bootstrap = false, MustExist = true });
                Set(new DqliteNodeStatus(DqliteNodeState.Starting, child.Id, restarts, Status.LastError));
                await child.WaitUntilReadyAsync(_startTime, _stop.Token);
                Set(new DqliteNodeStatus(DqliteNodeState.Running, child.Id, restarts, Status.LastError));
                return await child.WaitForEndAsync(NoteRefused, _stop.Token);
            }
            catch (SeguroException error)
            {
                return error;
            }
        }
    }

    // The count is of this life of the process.
    private void NoteRefused(long count, string why)
    {
        long more = count - _refusedByChild;
        _refusedByChild = count;
        if (more > 0)
            Refused?.Invoke(this, new NodeRefusalEventArgs(more, why));
    }

    private NodeChild StartChild(DqliteNodeOptions options)
    {
        lock (_lock)
        {
            _refusedByChild = 0;
            return _child = NodeChild.Start(_executable, options, _access);
        }
    }

    private void Set(DqliteNodeStatus status)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _status = status;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
    }
}

using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Stores.Dqlite;

namespace Seguro.Testing;

/// <summary>One node of a <see cref="DqliteCluster"/>: a real process, in a folder of its own, on a port of its own.</summary>
public sealed partial class DqliteClusterNode : IAsyncDisposable
{
    private const int Continue = 18;
    private const int Stop = 19;
    private const int Kill = 9;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly SeguroExecutable _executable;
    private DqliteNodeProcess? _process;
    private bool _ran;

    internal DqliteClusterNode(SeguroExecutable executable, DqliteNodeOptions options, TemporaryDisk? disk)
    {
        Disk = disk;
        _executable = executable;
        Options = options;
    }

    /// <summary>What it is.</summary>
    public DqliteNodeOptions Options { get; }

    /// <summary>Its disk, where it has one of its own.</summary>
    public TemporaryDisk? Disk { get; }

    /// <summary>Where it is reached.</summary>
    public HostAddress Address => Options.Address;

    /// <summary>The pid; <see langword="null"/> while it does not run.</summary>
    public int? Process => _process?.Status.Process;

    /// <summary>The supervisor; <see langword="null"/> while the node does not run.</summary>
    public DqliteNodeProcess? Supervisor => _process;

    /// <summary>Starts it, and waits until it is ready.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        DqliteNodeOptions options = _ran ? Options with { Bootstrap = false, MustExist = true } : Options;
        _process = await DqliteNodeProcess.StartAsync(_executable, options, StartTime, cancel);
        _ran = true;
    }

    /// <summary>Ends it with kill −9; it stays down until <see cref="StartAsync"/>.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Kills it −9, and lets its supervisor start it again; returns when it is ready.</summary>
    public async Task CrashAsync(CancellationToken cancel)
    {
        DqliteNodeStatus before = Running.Status;
        Signal(Kill);
        await Running.WaitAsync(status => status.State == DqliteNodeState.Running && status.Restarts > before.Restarts, cancel);
    }

    /// <summary>Stops the process (SIGSTOP): it keeps its connections and says nothing.</summary>
    public void Pause() => Signal(Stop);

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Resume() => Signal(Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Disk?.Dispose();
    }

    private DqliteNodeProcess Running => _process ?? throw new InvalidOperationException($"Node {Options.Id} does not run.");

    private void Signal(int signal)
    {
        if (Process is not { } process || SendSignal(process, signal) != 0)
            throw new InvalidOperationException($"Node {Options.Id} does not run.");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

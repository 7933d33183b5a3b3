using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Vere.Networks;

namespace Seguro.Vere.Running;

/// <summary>A process that does not outlive this one, whatever ends it: the kernel kills it when its starter is gone (PR_SET_PDEATHSIG).</summary>
/// <remarks>
/// <para>That signal comes when the <em>thread</em> ends that started the process, so each process has a thread of its own, which waits for it. The process is put under the signal by
/// <c>setpriv</c>, and into a session of its own by <c>setsid</c>, so that what the user types at this one's terminal does not go to it; both come
/// with util-linux, and keep the process's number.</para>
/// <para>Between its start and the moment at which <c>setpriv</c> has asked for the signal, some milliseconds, the process could be left over; what has a standard input ends by that, too.</para>
/// <para>Safe for any thread.</para>
/// </remarks>
public sealed partial class ChildProcess
{
    private const int Terminate = 15;

    private readonly Process _process;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly ShipNetwork? _network;
    private bool _isGone;

    private ChildProcess(Process process, string name, ShipNetwork? network)
    {
        _process = process;
        _network = network;
        Name = name;
    }

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>Its number.</summary>
    public int Id { get; private set; }

    /// <summary>Its exit code, once it is gone and was waited for; 128 and the signal's number where a signal ended it.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>Its standard input.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>Its standard output.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Its standard error.</summary>
    public Stream Error => _process.StandardError.BaseStream;

    /// <summary>Starts a program.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="program">The program; looked for in PATH where it has no slash.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="terminal">Its terminal, in place of <see cref="Input"/> and <see cref="Output"/>; its session's own. <see langword="null"/> where it has none.</param>
    /// <param name="network">The network that it is in; <see langword="null"/>: the machine's.</param>
    /// <param name="keepsRights">It needs what this process may do beyond an ordinary one (its ambient capabilities); nothing else gets that, least of all what runs a ship's code.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>: it could not be started.</exception>
    public static async Task<ChildProcess> StartAsync(
        string name, string program, IEnumerable<string> arguments, PseudoTerminal? terminal = null, ShipNetwork? network = null, bool keepsRights = false)
    {
        ProcessStartInfo start = new("setsid") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // The first terminal that a session's leader opens is the session's.
        string[] onTerminal = terminal is null ? [] : ["sh", "-c", "exec \"$@\" <\"$0\" >\"$0\"", terminal.Path];
        if (terminal is not null && Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb")
            start.Environment["TERM"] = "xterm-256color";
        string[] rights = keepsRights ? [] : ["--inh-caps=-all", "--ambient-caps=-all"];
        foreach (string argument in (string[])[.. onTerminal, "setpriv", .. rights, "--pdeathsig", "KILL", "--", program, .. arguments])
            start.ArgumentList.Add(argument);
        ChildProcess child = new(new Process { StartInfo = start }, name, network);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() => child.Run(started)) { IsBackground = true, Name = name };
        thread.Start();
        await started.Task;
        return child;
    }

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void AskToEnd()
    {
        lock (_gate)
        {
            if (!_isGone)
                _ = kill(Id, Terminate);
        }
    }

    /// <summary>Ends it now (SIGKILL).</summary>
    public void Kill()
    {
        lock (_gate)
        {
            if (!_isGone)
                _process.Kill();
        }
    }

    /// <summary>Waits until it is gone; kills it where that takes longer than it may.</summary>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        try
        {
            return await Exited.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            Kill();
            return await Exited;
        }
    }

    // Who completes a task may start a thread of the pool, which would be in this one's network for ever. So the thread that enters the ship's is another, which completes none.
    private void Run(TaskCompletionSource started)
    {
        using ManualResetEventSlim isUp = new();
        Exception? failed = null;
        Thread starter = new(() =>
        {
            try
            {
                _network?.EnterThread();
                _process.Start();
                Id = _process.Id;
            }
            catch (Exception error) when (error is Win32Exception or InvalidOperationException or SeguroException)
            {
                failed = error;
                return;
            }
            finally
            {
                isUp.Set();
            }
            _process.WaitForExit();
        })
        { IsBackground = true, Name = $"{Name}'s starter" };
        starter.Start();
        isUp.Wait();
        if (failed is not null)
        {
            starter.Join();
            started.SetException(failed as SeguroException
                ?? new SeguroException(ErrorCode.NotFound, $"{Name} can't be started: {failed.Message}", "Install util-linux, which has setsid and setpriv.", failed));
            return;
        }
        started.SetResult();
        starter.Join();
        lock (_gate)
            _isGone = true;
        _exited.SetResult(_process.ExitCode);
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}

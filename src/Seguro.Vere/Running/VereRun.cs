using System.Globalization;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Vere.Protocol;
using Seguro.Vere.Relay;

namespace Seguro.Vere.Running;

/// <summary>
/// One run of a stock vere under the gate: the king, the worker, and what stands between them. The king starts the relay as its worker; the relay hands the line to the member, and the member starts the
/// worker, so that it can end it. Whatever ends first, all end; none of them outlives the member (<see cref="ChildProcess"/>).
/// </summary>
/// <remarks>All public members may be called from any thread, and none of them blocks. A run is run once.</remarks>
public sealed class VereRun : IDisposable
{
    private readonly VereRunOptions _options;
    private readonly CancellationTokenSource _kill = new();
    private readonly Lock _gate = new();
    private readonly PrintLog _prints;
    private readonly MadeEvents _made;
    private RelayPump? _pump;
    private ChildProcess? _king;
    private ChildProcess? _worker;
    private EventNumber _released;
    private EventNumber _committed;
    private string? _reason;
    private bool _isEnding;

    /// <summary>Makes a run that has not begun.</summary>
    public VereRun(VereRunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _released = _committed = options.Head;
        _prints = new PrintLog(options.Folder);
        _made = new MadeEvents(options);
    }

    /// <summary>Runs until no process is left; everything that the ship made was told then.</summary>
    /// <returns>Why it ended, for people.</returns>
    /// <exception cref="SeguroException">It could not begin, or the pier can't be read: what it holds is then to be looked at.</exception>
    public async Task<string> RunAsync()
    {
        Task made = TellAsync();
        try
        {
            using RelayDoor door = RelayDoor.Open(_options);
            _king = await StartAsync("the king", ["--serf-bin", door.Script, "-t", .. _options.Arguments, _options.Pier]);
            using (_kill.Token.Register(_king.Kill))
            {
                if (_isEnding)
                    _king.AskToEnd();
                await ServeAsync(door, _king);
            }
        }
        catch (OperationCanceledException) when (_kill.IsCancellationRequested)
        {
            Say("it was to end at once");
        }
        finally
        {
            await EndProcessesAsync();
            _made.End();
        }
        await made;
        return _reason ?? "the king ended";
    }

    /// <summary>A run whose events can't be read is over: its gate would stay shut for ever.</summary>
    private async Task TellAsync()
    {
        try
        {
            await _made.RunAsync();
        }
        catch
        {
            Kill();
            throw;
        }
    }

    /// <summary>The gate is open up to an event.</summary>
    public void Release(EventNumber through)
    {
        lock (_gate)
            _released = through > _released ? through : _released;
        _pump?.Give(new RelayInput.Released(through));
    }

    /// <summary>The store has all up to an event: a snapshot may be of it.</summary>
    public void Commit(EventNumber through)
    {
        lock (_gate)
        {
            if (through <= _committed)
                return;
            _committed = through;
        }
        _pump?.Give(new RelayInput.Committed(through));
    }

    /// <summary>A snapshot is wanted: it is asked for once all that the worker was given is answered, released and committed.</summary>
    public void Save() => _pump?.Give(new RelayInput.Save());

    /// <summary>The ship is to finish what it began, write a snapshot, and end.</summary>
    public void End()
    {
        _isEnding = true;
        _king?.AskToEnd();
    }

    /// <summary>All of it is to end now; nothing more is said to the king.</summary>
    public void Kill() => _kill.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _kill.Dispose();
        _prints.Dispose();
    }

    private async Task<ChildProcess> StartAsync(string name, IEnumerable<string> arguments)
    {
        ChildProcess child = await ChildProcess.StartAsync(name, _options.Binary, arguments);
        _ = _prints.TakeAsync(child.Error);
        return child;
    }

    private async Task ServeAsync(RelayDoor door, ChildProcess king)
    {
        _ = _prints.TakeAsync(king.Output);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(_kill.Token);
        Task<NetworkStream> accepting = door.AcceptAsync(over.Token);
        if (await Task.WhenAny(accepting, king.Exited) != accepting)
        {
            Say($"the king ended with exit code {await king.Exited} before it had a worker; see vere.log");
            await over.CancelAsync();
            return;
        }
        await using NetworkStream line = await accepting;
        int code = 1;
        try
        {
            WorkerArguments arguments = WorkerArguments.Read(await RelayLine.ReadArgumentsAsync(line, over.Token));
            code = await RelayAsync(line, king, Checked(arguments), over.Token);
        }
        catch (SeguroException refused)
        {
            Say(refused.Message);
        }
        catch (IOException)
        {
            Say("the relay ended");
        }
        if (!_kill.IsCancellationRequested)
            await RelayLine.SendExitAsync(line, code, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int ended = await king.EndAsync(_options.Patience);
        Say(ended == 0 ? "the king ended" : $"the king ended with exit code {ended}; see vere.log");
    }

    /// <summary>A king that Seguro can gate: it asks for a worker that has the log, on the pier that it was given.</summary>
    private WorkerArguments.Mars Checked(WorkerArguments arguments)
    {
        if (arguments is not WorkerArguments.Mars { Command: "work" } work)
            throw new SeguroException(ErrorCode.Unsupported, "this vere keeps the log with its king, or boots a new ship", "Gate a vere of 4.0 or later, on a pier that is booted; vere 3.1 to 3.5 can be mirrored (seguro mirror).");
        string pier = Path.TrimEndingDirectorySeparator(Path.GetFullPath(work.Pier));
        if (pier != Path.TrimEndingDirectorySeparator(_options.Pier))
            throw new SeguroException(ErrorCode.BadValue, $"the king opens {pier}, and the member's pier is {_options.Pier}", "Name no pier in vere:arguments.");
        return work.WithSnapTime(WorkerArguments.Mars.MaxSnapTime);
    }

    private async Task<int> RelayAsync(NetworkStream line, ChildProcess king, WorkerArguments.Mars arguments, CancellationToken cancel)
    {
        ChildProcess worker = _worker = await StartAsync("the worker", arguments.Write());
        using CancellationTokenRegistration killing = _kill.Token.Register(worker.Kill);
        RelayMachine machine = new(new RelayOptions { PierHead = _options.Head, Released = _options.Head, Committed = _options.Head });
        await using KingStream kings = new(line);
        RelayPump pump = new(machine, new RelayEnd(kings, kings, king.Exited), new RelayEnd(worker.Output, worker.Input, worker.Exited), Report);
        Task<RelayOutput.Ended> running = pump.RunAsync(cancel);
        lock (_gate)
        {
            _pump = pump;
            pump.Give(new RelayInput.Released(_released));
            pump.Give(new RelayInput.Committed(_committed));
        }
        // A pipe that is not read says nothing of its other end.
        _ = EndWithKingAsync(king, worker, pump);
        RelayOutput.Ended ended = await running;
        if (ended.Reason is { } reason)
            Say(reason);
        return ended.ExitCode;
    }

    private async Task EndWithKingAsync(ChildProcess king, ChildProcess worker, RelayPump pump)
    {
        await king.Exited;
        pump.Give(new RelayInput.KingGone());
        await worker.EndAsync(_options.Patience);
    }

    private void Report(RelayOutput output)
    {
        switch (output)
        {
            case RelayOutput.Computed computed:
                _made.See(computed.Number);
                break;
            case RelayOutput.Ripened ripened when ripened.Ripe.Number != _options.Head:
                _options.Notice(string.Create(CultureInfo.InvariantCulture, $"The worker stands at event {ripened.Ripe.Number}, and the log ends at {_options.Head}: it is ended."));
                _ = Task.Run(Kill); // not from within the pump
                break;
            case RelayOutput.Ripened ripened:
                _options.Notice($"The ship is up, at event {ripened.Ripe.Number}.");
                break;
            case RelayOutput.Saved saved:
                _options.Notice($"vere wrote a snapshot at event {saved.Number}.");
                break;
            case RelayOutput.TextDropped:
                _options.Notice("Text of the ship was dropped: too much of it waited for events to be released.");
                break;
            case RelayOutput.KillWorker:
                _worker?.Kill();
                break;
        }
    }

    private async Task EndProcessesAsync()
    {
        if (_worker is { } worker)
            await worker.EndAsync(_kill.IsCancellationRequested ? TimeSpan.Zero : _options.Patience);
        if (_king is { } king)
            await king.EndAsync(TimeSpan.Zero);
    }

    /// <summary>The first that is said is what began the end.</summary>
    private void Say(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);
}

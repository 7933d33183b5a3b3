using System.Globalization;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Seguro.Core;
using Seguro.Vere.Networks;
using Seguro.Vere.Protocol;
using Seguro.Vere.Relay;

namespace Seguro.Vere.Running;

/// <summary>
/// One run of a stock vere under the gate: the king, the worker, and what stands between them. The king starts the relay as its worker; the relay
/// hands the line to the member, and the member starts the
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
    private readonly HandedShip? _handed;
    private RelayPump? _pump;
    private ChildProcess? _king;
    private ChildProcess? _worker;
    private EventNumber _released;
    private EventNumber _committed;
    private readonly PseudoTerminal? _terminal;
    private TerminalDoor? _door;
    private string? _reason;
    private bool _isEnding;

    /// <summary>Makes a run that has not begun.</summary>
    /// <param name="options">What it goes by.</param>
    /// <param name="handed">A worker that stands at the log's end already, and perhaps a king that waits for it: they are this run's from now on. Otherwise both are started.</param>
    public VereRun(VereRunOptions options, HandedShip? handed = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _handed = handed;
        _worker = handed?.Worker;
        _released = options.Head;
        _committed = options.Committed;
        _prints = handed?.Prints ?? new PrintLog(options.Folder);
        _terminal = handed?.King is { } waiting ? waiting.Terminal : options.HasTerminal ? PseudoTerminal.TryOpen() : null;
        _made = new MadeEvents(options);
    }

    /// <summary>Did its king end by itself before it had a worker?</summary>
    public bool IsFalseStart { get; private set; }

    /// <summary>Runs until no process is left; everything that the ship made was told then.</summary>
    /// <returns>Why it ended, for people.</returns>
    /// <exception cref="SeguroException">It could not begin, or the pier can't be read: what it holds is then to be looked at.</exception>
    public async Task<string> RunAsync()
    {
        Task made = TellAsync();
        ExceptionDispatchInfo? first = null;
        try
        {
            WaitingKing? waiting = _handed?.King;
            using RelayDoor door = waiting?.Door ?? RelayDoor.Open(_options);
            string[] plain = _terminal is null ? ["-t"] : [];
            _king = waiting?.Process ?? await StartAsync("the king", ["--serf-bin", door.Script, .. plain, .. _options.Arguments, _options.Pier], _terminal, _options.Network);
            using (_kill.Token.Register(_king.Kill))
            {
                if (_isEnding)
                    _king.AskToEnd();
                await ServeAsync(door, _king, waiting);
            }
        }
        catch (OperationCanceledException) when (_kill.IsCancellationRequested)
        {
            Say("it was to end at once");
        }
        catch (Exception failed)
        {
            first = ExceptionDispatchInfo.Capture(failed); // what is done below must neither hide it nor be left out
        }
        await EndProcessesAsync();
        _made.End();
        await made.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        first?.Throw();
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
        _door?.Dispose();
        _terminal?.Dispose();
        _prints.Dispose();
    }

    private async Task<ChildProcess> StartAsync(string name, IEnumerable<string> arguments, PseudoTerminal? terminal = null, ShipNetwork? network = null)
    {
        ChildProcess child = await ChildProcess.StartAsync(name, _options.Binary, arguments, terminal, network);
        _ = _prints.TakeAsync(child.Error);
        return child;
    }

    private async Task ServeAsync(RelayDoor door, ChildProcess king, WaitingKing? waiting)
    {
        if (waiting is null)
            _ = ShowAsync(king);
        else if (_terminal is { } terminal)
            waiting.Shown = (_door = TerminalDoor.TryOpen(terminal, _options.Folder)) is { } shown ? bytes => shown.Show(bytes.Span) : null;
        while (await ServeOneAsync(door, king, waiting))
            waiting = null;
        int ended = await king.EndAsync(_options.Patience);
        Say(ended == 0 ? "the king ended" : $"the king ended with exit code {ended}; see vere.log");
    }

    /// <summary>What the king shows goes to the log, and to whoever looks at it.</summary>
    private Task ShowAsync(ChildProcess king)
    {
        if (_terminal is not { } terminal)
            return _prints.TakeAsync(king.Output);
        _door = TerminalDoor.TryOpen(terminal, _options.Folder);
        return _prints.TakeAsync(terminal.Stream, shown => _door?.Show(shown.Span));
    }

    /// <summary>Serves what the king starts next as its worker: a replay first, where it is one of 3.1 to 3.5. True where it will start another.</summary>
    private async Task<bool> ServeOneAsync(RelayDoor door, ChildProcess king, WaitingKing? waiting)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(_kill.Token);
        Task<NetworkStream> accepting = waiting is null ? door.AcceptAsync(over.Token) : Task.FromResult(waiting.Line);
        if (await Task.WhenAny(accepting, king.Exited) != accepting)
        {
            Say($"the king ended with exit code {await king.Exited} before it had a worker; see vere.log");
            IsFalseStart = !_kill.IsCancellationRequested && !_isEnding;
            await over.CancelAsync();
            return false;
        }
        await using NetworkStream line = await accepting;
        int code = 1;
        bool goesOn = false;
        try
        {
            WorkerArguments arguments = waiting?.Arguments ?? Checked(WorkerArguments.Read(await RelayLine.ReadArgumentsAsync(line, over.Token)), _options);
            code = arguments is WorkerArguments.Replay ? await ReplayAsync(king, arguments) : await RelayAsync(line, king, arguments, over.Token);
            goesOn = arguments is WorkerArguments.Replay && code == 0;
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
            await SendExitAsync(line, code);
        return goesOn && !_kill.IsCancellationRequested;
    }

    /// <summary>Tells the relay how its worker ended. One that does not read does not keep the run from ending: its king is killed.</summary>
    private async Task SendExitAsync(NetworkStream line, int code)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_kill.Token);
        limit.CancelAfter(_options.Patience);
        await RelayLine.SendExitAsync(line, code, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A king that Seguro can gate: it asks for a worker, on the pier that it was given.</summary>
    internal static WorkerArguments Checked(WorkerArguments arguments, VereRunOptions options)
    {
        if (arguments is WorkerArguments.Mars { Command: not "work" })
            throw new SeguroException(ErrorCode.Unsupported, "this vere boots a new ship", "Gate a pier that is booted; name no -F, -w or -c in vere:arguments.");
        string pier = Path.TrimEndingDirectorySeparator(Path.GetFullPath(arguments.Pier));
        if (pier != Path.TrimEndingDirectorySeparator(options.Pier))
            throw new SeguroException(ErrorCode.BadValue, $"the king opens {pier}, and the member's pier is {options.Pier}", "Name no pier in vere:arguments.");
        return arguments is WorkerArguments.Mars work ? work.WithSnapTime(WorkerArguments.Mars.MaxSnapTime) : arguments;
    }

    /// <summary>
    /// Protocol 1: before it takes the log, a king lets what its snapshot lacks be computed (vere-facts.md §5b). All that is in the log is released when a run begins, so nothing of it need be held;
    /// no frames are spoken.
    /// </summary>
    private async Task<int> ReplayAsync(ChildProcess king, WorkerArguments arguments)
    {
        ChildProcess replay = _worker = await StartAsync("the replay", arguments.Write());
        _ = _prints.TakeAsync(replay.Output);
        await using CancellationTokenRegistration killing = _kill.Token.Register(replay.Kill);
        if (await Task.WhenAny(replay.Exited, king.Exited) != replay.Exited)
            replay.Kill();
        int code = await replay.Exited;
        if (code != 0)
            Say($"vere can't compute the log again: its replay ended with exit code {code}; see vere.log");
        return code;
    }

    private async Task<int> RelayAsync(NetworkStream line, ChildProcess king, WorkerArguments arguments, CancellationToken cancel)
    {
        ChildProcess worker = _worker = _handed?.Worker ?? await StartAsync("the worker", arguments.Write());
        using CancellationTokenRegistration killing = _kill.Token.Register(worker.Kill);
        RelayMachine machine = new(new RelayOptions { Protocol = arguments.Protocol, PierHead = _options.Head, Released = _options.Head, Committed = _options.Committed });
        await using KingStream kings = new(line);
        RelayPump pump = new(machine, new RelayEnd(kings, kings, king.Exited), new RelayEnd(worker.Output, worker.Input, worker.Exited), Report);
        // What a worker that stood by says for itself: its own word of where it stands was said long ago.
        if (_handed is { } handed)
            pump.Give(new RelayInput.WorkerSent(Newt.Frame(handed.Ripe.ToNoun())));
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
                _made.See(computed.Number, computed.Payload);
                break;
            case RelayOutput.Ripened ripened:
                _options.Up();
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
        Task<int> worker = _worker?.EndAsync(_kill.IsCancellationRequested ? TimeSpan.Zero : _options.Patience) ?? Task.FromResult(0);
        await ((Task)worker).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // none of the two is left over because of the other
        if (_king is { } king)
            await king.EndAsync(TimeSpan.Zero);
        _door?.Dispose();
        await worker;
    }

    /// <summary>The first that is said is what began the end.</summary>
    private void Say(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);
}

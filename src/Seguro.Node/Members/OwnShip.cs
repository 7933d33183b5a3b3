using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Node.Effects;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Vere.Running;

namespace Seguro.Node.Members;

/// <summary>A ship that runs on a stock vere, in this member's own pier: on the master the whole of it, under the gate; on a replica now and then its replay.</summary>
/// <remarks>Safe for any thread. The pier is lent to one of the two at a time (<see cref="LocalLog.LendAsync"/>).</remarks>
sealed partial class OwnShip : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a replay may keep the pier from events that are to be recorded: effects may wait for them.</summary>
    private static readonly TimeSpan LongestReplay = TimeSpan.FromSeconds(10);

    private readonly MemberHostOptions _options;
    private readonly VereOptions _vere;
    private readonly LocalLog _local;
    private readonly Action<MemberInput> _post;
    private readonly string _folder;
    private readonly Lock _gate = new();
    private CancellationTokenSource _replaying = new();
    private CancellationToken _standByUntil;
    private readonly TakeoverStages _stages;
    private readonly ComputedReplica? _computed;
    private CancellationTokenSource? _play;
    private VereRun? _run;
    private Task _running = Task.CompletedTask;
    private EventNumber _committed;
    private EventNumber _replayed;
    private bool _isPlain;
    private bool _isEndAsked;

    public OwnShip(MemberHostOptions options, VereOptions vere, LocalLog local, string folder, Action<MemberInput> post, TakeoverStages stages)
    {
        _options = options;
        _vere = vere;
        _local = local;
        _folder = folder;
        _post = post;
        _difference = DifferenceMark.Read(folder);
        _computed = vere is { Level: StandbyLevel.Computed, Machine: { } machine }
            ? new ComputedReplica(options, machine, local) { Found = MarkComputed, Accepted = _difference is { IsAccepted: true } accepted ? accepted.Number : EventNumber.None }
            : null;
        Recorded = new RecordedShip(local, ReplayAsync, Check, () => _difference is { IsAccepted: false } open ? open.Number : null, _computed);
        _stages = stages;
    }

    /// <summary>The ship as Core knows it.</summary>
    public RecordedShip Recorded { get; }

    /// <summary>What a replica has done with the events, for people.</summary>
    public string Level
    {
        get
        {
            if (Standby is { } standby)
                return string.Create(CultureInfo.InvariantCulture, $"hot at {standby.Number}");
            if (_computed is { IsFollowing: true } computed)
                return string.Create(CultureInfo.InvariantCulture, $"computed at {computed.Number}");
            string level = _replayed == EventNumber.None ? "recorded" : string.Create(CultureInfo.InvariantCulture, $"replayed to {_replayed}");
            return _computed?.Progress is { } progress ? $"{level} ({progress})" : level;
        }
    }

    /// <summary>The run that is under way, or the last one.</summary>
    public Task Running => _running;

    /// <summary>Lets the ship run until something ends it. The answer is given in any case.</summary>
    /// <param name="run">What is wanted.</param>
    /// <param name="recorded">What the member knows for certain is on its disk: nothing is begun before.</param>
    /// <param name="tenure">Cancelled when the mastership is over.</param>
    public async Task<MemberInput> RunAsync(MemberOutput.RunShip run, Task recorded, CancellationToken tenure)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _running = done.Task;
        try
        {
            await recorded;
            string reason = tenure.IsCancellationRequested ? "it is master no longer" : await RunLentAsync(run.Head.Number, tenure);
            Recorded.StandAtEnd();
            _options.Log.LogInformation("The ship ended at event {Number}: {Reason}.", _local.Head.Number, reason);
            return new MemberInput.ShipEnded(_local.Head, reason);
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>The gate is open up to an event.</summary>
    public void Release(EventNumber through) => Current?.Release(through);

    /// <summary>The store has all up to an event.</summary>
    public void Commit(EventNumber through)
    {
        VereRun? run;
        lock (_gate)
        {
            if (through == _committed)
                return;
            _committed = through;
            run = _run;
        }
        run?.Commit(through);
    }

    /// <summary>Asks vere for a snapshot. False where it does not run.</summary>
    public bool Save()
    {
        if (Current is not { } run)
            return false;
        run.Save();
        if (_vere.Disk > 0)
            _ = EndToRollAsync(run);
        return true;
    }

    /// <summary>A run is wanted, and <see cref="RunAsync"/> follows: what <see cref="End"/> asked of the one before is over. From the member's loop, as <see cref="End"/>.</summary>
    public void Expect()
    {
        lock (_gate)
            _isEndAsked = false;
    }

    /// <summary>Asks the ship to end in peace; where it has not begun yet, it does not begin.</summary>
    public void End()
    {
        VereRun? run;
        lock (_gate)
        {
            _isEndAsked = true;
            run = _run;
        }
        run?.End();
    }

    /// <summary>This member stands for mastership: a replay would keep the pier from it.</summary>
    public void StopReplay()
    {
        _computed?.Stop();
        lock (_gate)
        {
            _replaying.Cancel();
            _replaying = new CancellationTokenSource();
        }
    }

    /// <summary>Events wait for the pier: a replay that has it gives it back soon.</summary>
    public void HurryReplay()
    {
        lock (_gate)
            _play?.CancelAfter(LongestReplay);
    }

    /// <summary>Nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _replaying.Dispose();
        if (_computed is { } computed)
            await computed.DisposeAsync();
    }

    private VereRun? Current => Volatile.Read(ref _run);

    private bool IsEndAsked
    {
        get
        {
            lock (_gate)
                return _isEndAsked;
        }
    }

    private async Task<string> RunLentAsync(EventNumber head, CancellationToken tenure)
    {
        StopReplay();
        await KeepDiskOfMasterAsync(tenure);
        if (tenure.IsCancellationRequested)
            return "it is master no longer";
        await _local.LendAsync(CancellationToken.None);
        try
        {
            ForgetPorts();
            if (IsEndAsked)
            {
                if (Interlocked.Exchange(ref _standby, null) is { } standby)
                    await standby.EndAsync(isPeaceful: false); // who stands by has the pier's lock
                return "it was asked to end before it began";
            }
            HandedShip? handed = await HandOverAsync(head);
            _stages.Reach(TakeoverStage.Clock);
            if (handed is not null)
                _options.Log.LogInformation("The worker that stood by is handed to a king, at event {Number}.", head);
            using VereRun run = Begin(head, handed);
            if (IsEndAsked)
                run.End(); // it came between the two
            try
            {
                await using (tenure.Register(run.Kill))
                    return await run.RunAsync();
            }
            finally
            {
                Volatile.Write(ref _run, null);
                _isPlain |= run.IsFalseStart; // perhaps it is the terminal that it can't do with
            }
        }
        catch (SeguroException failed)
        {
            // Said here: where the pier can't be taken back, the member ends by that, and this would be hidden.
            _options.Log.LogWarning("The ship ended by an error: {What} ({Code}). {NextStep}", failed.Message, failed.CodeText, failed.NextStep);
            return $"{failed.Message} ({failed.CodeText}). {failed.NextStep}";
        }
        finally
        {
            ForgetPorts();
            await _local.TakeBackAsync();
            await PutPendingAsync(_local, _folder, _options);
        }
    }

    /// <summary>A king that is gone has no ports, though it may not have come to say so.</summary>
    private void ForgetPorts()
    {
        try
        {
            VerePorts.Forget(_options.Pier);
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            _options.Log.LogWarning("The ports that the ship had can't be forgotten: {Cause}", kept.Message);
        }
    }

    /// <summary>A run knows what is committed when it begins, and hears of everything after.</summary>
    private VereRun Begin(EventNumber head, HandedShip? handed)
    {
        lock (_gate)
        {
            VereRun run = new(Options(head), handed);
            Volatile.Write(ref _run, run);
            return run;
        }
    }

    internal VereRunOptions Options(EventNumber head) => new()
    {
        Pier = Path.GetFullPath(_options.Pier),
        Folder = _folder,
        Binary = _vere.Binary,
        Arguments = _vere.Arguments,
        HasTerminal = !_isPlain,
        Seguro = _vere.Seguro,
        Network = _vere.Network,
        Head = head,
        Committed = _committed < head ? _committed : head,
        Made = events =>
        {
            _stages.Reach(TakeoverStage.Event);
            _post(new MemberInput.Made([.. events.Select(Told)]));
        },
        Up = () => _stages.Reach(TakeoverStage.King),
        Notice = text => _options.Log.LogInformation("{Notice}", text),
        Patience = Patience,
    };

    /// <summary>
    /// Puts into a member's own log the events that its ship made and its king did not get to log (vere 3.1 to 3.5), as it would have. Where one of them is not the log's next, and not the
    /// log's own either, all of them are kept in the quarantine.
    /// </summary>
    /// <param name="local">The log; nobody else writes to it.</param>
    /// <param name="folder">The member's folder.</param>
    /// <param name="options">The member.</param>
    public static async Task PutPendingAsync(LocalLog local, string folder, MemberHostOptions options)
    {
        List<Event> events = [];
        List<EventNumber> strays = [];
        Position end = local.Head;
        foreach (PierEvent pending in PendingEvents.Read(folder))
        {
            if (pending.Number == end.Number.Next)
            {
                Event added = new(pending.Number, pending.Payload, ChainHasher.Of(end.Chain, pending.Number, pending.Payload.Span));
                end = new Position(added.Number, added.Chain);
                events.Add(added);
            }
            else if (!await IsInAsync(local, pending))
            {
                strays.Add(pending.Number);
            }
        }
        await local.AppendAsync(events, CancellationToken.None);
        if (strays.Count > 0)
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"event {strays[0]}{(strays.Count > 1 ? $" and {strays.Count - 1} more" : "")}");
            string[] facts =
            [
                $"member {options.Member.Name}: what its ship made and its king had not logged was moved here, with the file that it was in",
                $"{what} did not follow the log, which ended at {local.Head.Number}, chain {local.Head.Chain}, and was not in it",
            ];
            string kept = await QuarantineFolder.MoveAsync(local.QuarantinePath, options.Time.GetUtcNow(), "pending", facts, Path.Combine(folder, PendingEvents.FileName), CancellationToken.None);
            options.Log.LogWarning("Of what the ship made and its king had not logged, {What} did not follow the log, which ends at {Head}: all of it is kept in {Folder}.", what, local.Head.Number, kept);
        }
        PendingEvents.Remove(folder);
    }

    /// <summary>Is it the log's own event of that number? What lies below the log's first can't be told, and is nothing that anybody misses.</summary>
    private static async Task<bool> IsInAsync(LocalLog local, PierEvent pending)
    {
        if (pending.Number <= local.Base.Number)
            return true;
        return await local.ReadChainAsync(pending.Number, CancellationToken.None) is { } chain && await local.ReadChainAsync(pending.Number.Previous, CancellationToken.None) is { } before
            && ChainHasher.Of(before, pending.Number, pending.Payload.Span) == chain;
    }

    /// <summary>What waits for the gate is with the relay; Core needs to know only that something does.</summary>
    private static Computation.Accepted Told(PierEvent made) => new(
        made.Number, made.Payload, BinaryPrimitives.ReadUInt32LittleEndian(made.Payload.Span), [new Effect(made.Number, 0, ReadOnlyMemory<byte>.Empty)]);

    private async Task ReplayAsync(CancellationToken cancel)
    {
        if (Standby is { } standby)
            await SaveStandbyAsync(standby, cancel);
        else if (_vere.Level >= StandbyLevel.Replayed && !_isOver && Current is null)
            await ReplayHurriedAsync(cancel);
        await KeepDiskAsync(cancel);
    }

    private async Task ReplayHurriedAsync(CancellationToken cancel)
    {
        CancellationTokenSource both;
        lock (_gate)
            _play = both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _replaying.Token);
        try
        {
            await ReplayLentAsync(both);
        }
        finally
        {
            lock (_gate)
                _play = null;
            both.Dispose();
        }
    }

    private async Task ReplayLentAsync(CancellationTokenSource both)
    {
        if (!await _local.TryLendAsync(both.Token))
            return;
        try
        {
            EventNumber head = _local.Head.Number;
            int code = await PlayAsync(both.Token);
            if (both.IsCancellationRequested)
                return;
            if (code == 0)
                _replayed = head;
            else
                _options.Log.LogWarning("vere can't compute the log up to event {Head} again: `urbit play` ended with exit code {Code}; see vere.log in {Folder}. The events are kept all the same.", head, code, _folder);
        }
        finally
        {
            await _local.TakeBackAsync();
        }
    }

    private async Task<int> PlayAsync(CancellationToken cancel)
    {
        using PrintLog prints = new(_folder);
        ChildProcess play = await ChildProcess.StartAsync("urbit play", "nice", ["-n", "10", _vere.Binary, "play", Path.GetFullPath(_options.Pier)]);
        Task printing = Task.WhenAll(prints.TakeAsync(play.Output), prints.TakeAsync(play.Error));
        int code;
        await using (cancel.Register(play.Kill))
            code = await play.Exited;
        await printing;
        return code;
    }
}

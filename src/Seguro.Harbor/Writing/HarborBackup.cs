using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;

namespace Seguro.Harbor.Writing;

/// <summary>Keeps one target up to a log: goes on where the target ends, and follows. A target that is away is waited for; it holds nobody up.</summary>
/// <remarks>
/// Safety: before anything is written, the target's end is compared with the log by chain; nothing is ever made over.
/// Threading: <see cref="CatchUpAsync"/> and <see cref="RunAsync"/> one at a time; <see cref="Status"/> from any thread. Memory: four segments; larger events go by files.
/// </remarks>
public sealed class HarborBackup : IDisposable
{
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);
    private readonly EventLog _log;
    private readonly BackupOptions _options;
    private readonly HarborWriter _writer;
    private readonly ArchiveRecord _record;
    private readonly BackupMetrics _metrics;
    private readonly Lock _lock = new();
    private Position? _reached;
    private EventNumber _head;
    private long? _behindSince;
    private long _movedAt;
    private long? _warnedAt;
    private string? _warning;
    private HarborGap? _gap;

    /// <summary>Makes it; nothing is asked of anybody yet.</summary>
    /// <param name="log">The log; it may be read by others meanwhile. Not disposed of.</param>
    /// <param name="target">The target. Not disposed of.</param>
    /// <param name="host">Encrypts and signs; beside its file is kept how far each target was.</param>
    /// <param name="options">What else it needs to know.</param>
    public HarborBackup(EventLog log, IHarborTarget target, HostKey host, BackupOptions options)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(options);
        _log = log;
        _options = options;
        _writer = new HarborWriter(target, host, log.Ship, options);
        _record = new ArchiveRecord(host.Path, _writer.Folder.Id, target.Name);
        _metrics = new BackupMetrics(options.Labels.Count > 0 ? options.Labels : [new("ship", log.Ship.Name), new("cluster", "harbor")], () => Status);
    }

    /// <summary>How it stands.</summary>
    public BackupStatus Status
    {
        get
        {
            lock (_lock)
            {
                TimeSpan lag = _behindSince is { } since ? _options.Time.GetElapsedTime(since) : TimeSpan.Zero;
                EventNumber reached = _reached?.Number ?? EventNumber.None;
                return new BackupStatus(_writer.Folder.Target.Name, reached, _head, lag, _writer.Segments, _writer.Bytes, lag >= _options.Silence, _warning) { Gap = _gap };
            }
        }
    }

    /// <summary>Finds how far the target is, and begins the ship's folder where there is none. Archives nothing.</summary>
    /// <exception cref="SeguroException">As <see cref="CatchUpAsync"/>.</exception>
    public async Task AttachAsync(CancellationToken cancel)
    {
        LogState state = await _log.ReadStateAsync(cancel);
        See(state.Head.Number);
        await AttachAsync(state, cancel);
    }

    /// <summary>Archives all that the log has now.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Diverged"/>: the target has another history; <see cref="ErrorCode.WentBack"/>: it has more than the log; <see cref="ErrorCode.Trimmed"/>: the log lacks what comes next;
    /// what log and target throw. What was archived before stays.
    /// </exception>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        LogState state = await _log.ReadStateAsync(cancel);
        See(state.Head.Number);
        Position reached = _reached ?? await AttachAsync(state, cancel);
        while (reached.Number < state.Head.Number)
        {
            Position before = reached;
            reached = await _writer.AppendAsync(_log, state, reached, Reach, cancel);
            if (reached.Number > state.Head.Number)
                state = await _log.ReadStateAsync(cancel);
            if (reached.Number > state.Head.Number || (reached.Number > before.Number && (await _log.ReadPositionAsync(reached.Number, cancel)).Chain != reached.Chain))
            {
                _reached = null;
                reached = await AttachAsync(state, cancel); // says what is wrong
            }
            Reach(reached);
        }
        Reach(reached);
        lock (_lock)
            _warning = null;
        if (_warnedAt is not null)
            _options.Tell(false, $"{Status.Target} is followed again, up to event {reached.Number}.");
        _warnedAt = null;
    }

    /// <summary>Follows the log until it is cancelled. What may pass is told and tried again.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.WentBack"/>, <see cref="ErrorCode.Trimmed"/>, <see cref="ErrorCode.NewerSchema"/>:
    /// going on would not mend it.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(250);
        while (true)
        {
            try
            {
                await WatchAsync(CatchUpAsync(cancel), cancel);
                pause = TimeSpan.FromMilliseconds(250);
                await _log.Stored.WaitPastAsync(_reached!.Value.Number, cancel);
                LogState state = await _log.ReadStateAsync(cancel);
                See(state.Head.Number);
                if (state.Head.Number > _reached.Value.Number)
                    await Task.Delay(_options.Within, _options.Time, cancel); // what comes meanwhile goes along
                continue;
            }
            catch (SeguroException gone) when (gone.Code is ErrorCode.Trimmed && _options.LeavesGaps)
            {
                _reached = null; // it went while it was read: what is left of the log is looked at anew
            }
            catch (SeguroException trouble) when (MayPass(trouble.Code))
            {
                _reached = null;
                Warn(trouble);
            }
            catch (Exception broken) when (broken is not SeguroException)
            {
                if (cancel.IsCancellationRequested)
                    throw new OperationCanceledException("The backup was told to end.", broken, cancel);
                _reached = null;
                Warn(broken is IOException or UnauthorizedAccessException ? FileFault.Reading(_writer.Folder.Target.Name, broken) : Unforeseen(_writer.Folder.Target.Name, broken));
            }
            await Task.Delay(pause, _options.Time, cancel);
            pause = pause + pause < _options.LongestPause ? pause + pause : _options.LongestPause;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();

    /// <summary>What can be done about a gap.</summary>
    public const string GapNextStep = "Where another target has them, `seguro harbor verify --repair` closes the gap; where another log has them (a pier's copy, a store), back that up into a second target first. "
        + "Put a snapshot of now into the harbor (`seguro harbor backup --snapshots PIER`): a restore can then begin behind the gap (`--from`).";

    /// <summary>What nobody thought of, from a library or a fault of Seguro's, is said as everything, and ends no backup.</summary>
    /// <param name="target">Where.</param>
    /// <param name="fault">What was thrown.</param>
    public static SeguroException Unforeseen(string target, Exception fault) => new(
        ErrorCode.HarborUnavailable, $"{target}: {fault.GetType().Name}: {fault.Message}", "It is tried again. If it lasts, it is a fault of Seguro's: report it, with this line.", fault);

    private static bool MayPass(ErrorCode code) => code is ErrorCode.HarborUnavailable or ErrorCode.AccessDenied or ErrorCode.DiskFull or ErrorCode.FileAccess or ErrorCode.NotFound
        or ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown or ErrorCode.HarborIncomplete or ErrorCode.Corrupt
        or ErrorCode.ClockDiffers;

    /// <summary>Finds where the target ends, and that the log has just that there.</summary>
    private async Task<Position> AttachAsync(LogState state, CancellationToken cancel)
    {
        string target = _writer.Folder.Target.Name;
        (Position? end, FolderIndex index) = await _writer.FindEndAsync(await _log.Stored.ReadMetadataAsync(cancel), cancel);
        EventNumber known = _record.Read();
        SeeGap(await index.ReadGapAsync(_writer.Folder, _writer.Signer, cancel));
        if (known > (end?.Number ?? EventNumber.None))
        {
            string again = end is not null || state.Base.Number == EventNumber.None
                ? "What it lacks is written again"
                : $"What the log still has, from event {state.First} on, is written again, and what was before that is gone from there";
            _options.Tell(true, $"{target} went back (SG{(int)ErrorCode.HarborWentBack}): it had event {known}, and ends with {end?.Number ?? EventNumber.None} now. "
                + again + "; find out who removed it, since other objects may be gone too: `seguro harbor verify`.");
        }
        Position reached = end ?? state.Base;
        if (reached.Number > state.Head.Number)
        {
            throw new SeguroException(
                ErrorCode.WentBack, $"{target} has the events of {_log.Ship} up to {reached.Number}, and the log in {_log.Capabilities.Engine} ends with {state.Head.Number}: it is an older copy",
                "Nothing was written. Do not run the ship from that log: what it would compute was computed before. Restore it with `seguro harbor restore`.");
        }
        if (reached.Number < state.Base.Number && _options.LeavesGaps)
            return await LeaveGapAsync(reached, state, index, cancel);
        if (reached.Number < state.Base.Number)
        {
            throw new SeguroException(
                ErrorCode.Trimmed, $"{target} ends with event {reached.Number} of {_log.Ship}, and the log in {_log.Capabilities.Engine} begins with {state.First}",
                "Nothing was written. Back up once from a log that has the events between (a member's pier, another store), then go on with this one.");
        }
        if (end is not null && reached.Number > state.Base.Number && (await _log.ReadPositionAsync(reached.Number, cancel)).Chain != reached.Chain)
        {
            throw new SeguroException(
                ErrorCode.Diverged, $"{target} has another history of {_log.Ship} than the log in {_log.Capabilities.Engine}: their chains differ at event {reached.Number}",
                "Nothing was written; both are as they were. One of them is of another copy of the ship: find out which one ran last. To back this one up all the same, use a new key or another folder.");
        }
        Reach(reached);
        return reached;
    }

    /// <summary>
    /// The log has lost what comes next: the backup goes on behind that, since what comes now is worth more the sooner it is kept. The log's own base
    /// is what the next segment stands on.
    /// </summary>
    private async Task<Position> LeaveGapAsync(Position reached, LogState state, FolderIndex index, CancellationToken cancel)
    {
        if (state.Head.Number == state.Base.Number)
            throw new SeguroException(ErrorCode.StoreUnavailable, $"the log in {_log.Capabilities.Engine} has no event after its base, {state.Base.Number}, yet", "Wait for the next event.");
        HarborGap gap = new(reached.Number.Next, state.Base.Number);
        SeeGap(new HarborGap(_gap is { } before && before.First < gap.First ? before.First : gap.First, gap.Last));
        if (index.Gaps.Contains(gap))
            return state.Base; // nothing was put behind it yet
        // Noted in the target, before anything is put behind it: whoever fills it after this one knows of it, too.
        await _writer.PutNoteAsync(ObjectName.Gap(gap), cancel);
        _options.Tell(true, $"{Status.Target} has a gap: the log no longer has the events {reached.Number.Next} to {state.Base.Number} of {_log.Ship}, which the target lacks (SG{(int)ErrorCode.HarborGap}). "
            + "The backup goes on behind them. " + GapNextStep);
        return state.Base;
    }

    private void SeeGap(HarborGap? gap)
    {
        lock (_lock)
            _gap = gap;
    }

    /// <summary>While something is archived: a target that takes what it is given and does not answer is told of, too, long before anybody gives it up.</summary>
    private async Task WatchAsync(Task archiving, CancellationToken cancel)
    {
        TimeSpan silence = _options.Silence / 2; // a minute is said before a minute is over
        lock (_lock)
            _movedAt = _options.Time.GetTimestamp();
        using (CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            while (!archiving.IsCompleted && !cancel.IsCancellationRequested)
            {
                await Task.WhenAny(archiving, Task.Delay(silence / 8, _options.Time, over.Token));
                TimeSpan quiet;
                lock (_lock)
                    quiet = _options.Time.GetElapsedTime(_movedAt);
                if (!archiving.IsCompleted && quiet >= silence && Status.Lag >= silence)
                    Warn(new SeguroException(ErrorCode.HarborUnavailable, $"nothing was put for {quiet.TotalSeconds:0} s: it does not answer, or its line is very slow", "See that the server can be reached and is well, or that its disk answers."));
            }
            await over.CancelAsync();
        }
        await archiving;
    }

    private void Reach(Position reached)
    {
        lock (_lock)
        {
            if (_reached is { } before && before.Number < reached.Number)
                (_movedAt, _warning) = (_options.Time.GetTimestamp(), null);
            _reached = reached;
            if (reached.Number >= _head)
                _behindSince = null;
        }
        _record.Write(reached.Number);
    }

    private void See(EventNumber head)
    {
        lock (_lock)
        {
            _head = head;
            if (_reached is not { } reached || head > reached.Number)
                _behindSince ??= _options.Time.GetTimestamp();
        }
    }

    private void Warn(SeguroException trouble)
    {
        lock (_lock)
            _warning = trouble.Message;
        See(_head);
        if (_warnedAt is { } at && _options.Time.GetElapsedTime(at) < Reminder)
            return;
        _warnedAt = _options.Time.GetTimestamp();
        _options.Tell(true, $"{Status.Target} is not followed: {trouble.Message} ({trouble.CodeText}). {trouble.NextStep} The backup goes on by itself.");
    }
}

using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;

namespace Seguro.Harbor.Writing;

/// <summary>Keeps one target up to a log: goes on where the target ends, and follows. A target that is away is waited for; it holds nobody up.</summary>
/// <remarks>
/// Safety: before anything is written, the target's end is compared with the log by chain; nothing is ever made over.
/// Threading: <see cref="CatchUpAsync"/> and <see cref="RunAsync"/> one at a time; <see cref="Status"/> from any thread. Memory: three segments; larger events go by files.
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
    private long? _warnedAt;
    private string? _warning;

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
        _metrics = new BackupMetrics(log.Ship, () => Status);
    }

    /// <summary>How it stands.</summary>
    public BackupStatus Status
    {
        get
        {
            lock (_lock)
            {
                TimeSpan lag = _behindSince is { } since ? _options.Time.GetElapsedTime(since) : TimeSpan.Zero;
                return new BackupStatus(_writer.Folder.Target.Name, _reached?.Number ?? EventNumber.None, _head, lag, _writer.Segments, _writer.Bytes, lag >= _options.Silence, _warning);
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
    /// <exception cref="SeguroException"><see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.WentBack"/>, <see cref="ErrorCode.Trimmed"/>, <see cref="ErrorCode.NewerSchema"/>: going on would not mend it.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(250);
        while (true)
        {
            try
            {
                await CatchUpAsync(cancel);
                pause = TimeSpan.FromMilliseconds(250);
                await _log.Stored.WaitPastAsync(_reached!.Value.Number, cancel);
                LogState state = await _log.ReadStateAsync(cancel);
                See(state.Head.Number);
                if (state.Head.Number > _reached.Value.Number)
                    await Task.Delay(_options.Within, _options.Time, cancel); // what comes meanwhile goes along
                continue;
            }
            catch (SeguroException trouble) when (MayPass(trouble.Code))
            {
                _reached = null;
                Warn(trouble);
            }
            catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
            {
                _reached = null;
                Warn(FileFault.Reading(_writer.Folder.Target.Name, broken));
            }
            await Task.Delay(pause, _options.Time, cancel);
            pause = pause + pause < _options.LongestPause ? pause + pause : _options.LongestPause;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();

    private static bool MayPass(ErrorCode code) => code is ErrorCode.HarborUnavailable or ErrorCode.AccessDenied or ErrorCode.DiskFull or ErrorCode.FileAccess or ErrorCode.NotFound
        or ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown or ErrorCode.HarborIncomplete or ErrorCode.Corrupt;

    /// <summary>Finds where the target ends, and that the log has just that there.</summary>
    private async Task<Position> AttachAsync(LogState state, CancellationToken cancel)
    {
        string target = _writer.Folder.Target.Name;
        Position? end = await _writer.FindEndAsync(await _log.Stored.ReadMetadataAsync(cancel), cancel);
        EventNumber known = _record.Read();
        if (known > (end?.Number ?? EventNumber.None))
        {
            _options.Tell(true, $"{target} went back (SG{(int)ErrorCode.HarborWentBack}): it had event {known}, and ends with {end?.Number ?? EventNumber.None} now. "
                + "What it lacks is written again; find out who removed it, since other objects may be gone too: `seguro harbor verify`.");
        }
        Position reached = end ?? state.Base;
        if (reached.Number > state.Head.Number)
        {
            throw new SeguroException(
                ErrorCode.WentBack, $"{target} has the events of {_log.Ship} up to {reached.Number}, and the log in {_log.Capabilities.Engine} ends with {state.Head.Number}: it is an older copy",
                "Nothing was written. Do not run the ship from that log: what it would compute was computed before. Restore it with `seguro harbor restore`.");
        }
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

    private void Reach(Position reached)
    {
        lock (_lock)
        {
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

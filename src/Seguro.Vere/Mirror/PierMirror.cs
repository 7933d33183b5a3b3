using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;

namespace Seguro.Vere.Mirror;

/// <summary>
/// Copies the log of a pier into a store, event by event, beside a vere that runs or does not. It only reads the pier, without any lock; so it costs
/// the ship nothing, and what the ship computed in the
/// last moments before its machine was lost may be missing.
/// </summary>
/// <remarks>
/// <para>Safety: it writes in a term of its own, so a second mirror of the ship is refused while this one is alive, and fences it otherwise. It
/// appends an event only when pier and log have been compared up to
/// there, and when the event is durable in the pier.</para>
/// <para>Threading: <see cref="RunAsync"/> and <see cref="CatchUpAsync"/> one at a time; <see cref="Status"/> from any thread. Memory: as an import's.</para>
/// </remarks>
public sealed class PierMirror : IAsyncDisposable
{
    /// <summary>So many of the newest common events are compared, whenever a pier is opened or the store was away.</summary>
    private const ulong Compared = 1024;

    /// <summary>After so many events the pier is looked at again.</summary>
    private const ulong MostAtOnce = 4096;

    /// <summary>Appends do not come faster than this: what a busy ship writes meanwhile goes along, in one commit.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan HolderEvery = TimeSpan.FromSeconds(1);

    private readonly MirrorOptions _options;
    private readonly MirrorSource _source;
    private readonly MirrorTarget _target;
    private readonly MirrorReport _report;
    private readonly MirrorMetrics _metrics;
    private Position _head;
    private PierHold _hold = PierHold.Free;
    private long _heldAt;
    private long? _pierTroubleSince;
    private bool _isAttached;
    private bool _saidBlind;

    private PierMirror(MirrorOptions options, MirrorSource source, MirrorTarget target, MirrorReport report)
    {
        _options = options;
        _source = source;
        _target = target;
        _report = report;
        _metrics = new MirrorMetrics(report);
    }

    /// <summary>How it stands.</summary>
    public MirrorStatus Status => _report.Status;

    /// <summary>Looks at the pier, opens the store, becomes the log's writer; makes the log where there is none, and imports the pier where it was never mirrored there.</summary>
    /// <param name="options">What it needs to know.</param>
    /// <param name="openStore">Opens the store, after the pier was found to be one that can be mirrored. The mirror disposes of it.</param>
    /// <param name="progress">Told how far the import is.</param>
    /// <param name="cancel">Ends it; the same call goes on where this one stopped.</param>
    /// <exception cref="SeguroException">
    /// Nothing was written: what opening the pier throws; <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.OtherCustody"/>,
    /// <see cref="ErrorCode.HalfImported"/>, <see cref="ErrorCode.WentBack"/>,
    /// <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.Gap"/>, <see cref="ErrorCode.TooLarge"/>, <see cref="ErrorCode.LeaseHeld"/>. What the store throws.
    /// </exception>
    public static async Task<PierMirror> StartAsync(
        MirrorOptions options, Func<CancellationToken, ValueTask<IStore>> openStore, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(openStore);
        MirrorSource source = new(options);
        IStore? store = null;
        EventLog? log = null;
        PierMirror? mirror = null;
        try
        {
            store = await openStore(cancel);
            MirrorReport report = new(options);
            PierHold hold = source.FindHolder();
            Dictionary<string, ReadOnlyMemory<byte>> custody = new(StringComparer.Ordinal)
            {
                [MetadataKey.Custody] = MirrorTarget.CustodyOf(options, source.Pier.Info.Last, hold.IsHeld).ToBytes(),
            };
            log = await PierImport.OpenLogAsync(source.Pier, store, custody, cancel);
            report.Begin(log.Ship, store.Capabilities.Engine);
            MirrorTarget target = new(options, store, log);
            mirror = new PierMirror(options, source, target, report);
            await mirror.BeginAsync(progress, cancel);
            return mirror;
        }
        catch
        {
            if (mirror is not null)
            {
                await mirror.DisposeAsync();
            }
            else
            {
                if (log is not null)
                    await log.DisposeAsync();
                if (store is not null)
                    await store.DisposeAsync();
                source.Dispose();
            }
            throw;
        }
    }

    /// <summary>Copies what the pier has now, and ends.</summary>
    /// <exception cref="SeguroException">As <see cref="RunAsync"/>; also what may pass (a store that is away).</exception>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        try
        {
            EventNumber goal = default;
            do
            {
                EventNumber last = await StepAsync(cancel);
                goal = goal == default ? last : goal;
            }
            while (_head.Number < goal);
            await _target.MarkAsync(_report.Status.Seen, _hold.IsHeld, cancel);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw MirrorFault.LeaseLost(_target.Log.Ship);
        }
    }

    /// <summary>Follows the pier until it is cancelled. What may pass (the store is away, the pier was moved, vere rolls) is waited for, told and tried again.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.LeaseHeld"/>: another writer took its place; <see cref="ErrorCode.WentBack"/>,
    /// <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.Gap"/>: another
    /// pier lies at the path; <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.ShortLog"/> and their like: it became one that can't be mirrored; <see cref="ErrorCode.TooLarge"/>.
    /// The log is as it was before.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan pause = Pace;
        while (true)
        {
            try
            {
                await StepAsync(cancel);
                _pierTroubleSince = null;
                pause = Pace;
                long done = _options.Time.GetTimestamp();
                await _source.WaitAsync(Status.LagEvents > 0 ? Pace : _options.LookEvery, cancel);
                TimeSpan early = Pace - _options.Time.GetElapsedTime(done);
                if (early > TimeSpan.Zero)
                    await Task.Delay(early, _options.Time, cancel);
                continue;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                _report.Warn(MirrorState.StoreAway, MirrorFault.LeaseLost(_target.Log.Ship));
            }
            catch (SeguroException fenced) when (fenced.Code is ErrorCode.Fenced)
            {
                throw MirrorFault.Replaced(_target.Log, fenced);
            }
            catch (SeguroException trouble) when (MirrorFault.IsOfStore(trouble.Code))
            {
                _report.Warn(MirrorState.StoreAway, trouble);
            }
            catch (SeguroException trouble) when (MirrorFault.IsOfPier(trouble.Code) && MayPass(trouble))
            {
                _report.Warn(MirrorState.PierAway, trouble);
            }
            _isAttached = false;
            await Task.Delay(pause, _options.Time, cancel);
            pause = pause + pause < _options.LongestPause ? pause + pause : _options.LongestPause;
        }
    }

    /// <summary>Frees the lease, and closes pier and store.</summary>
    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        await _target.DisposeAsync();
        _source.Dispose();
    }

    private async Task BeginAsync(IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        bool mustImport = await _target.CheckAsync(_source.Pier.Info, cancel);
        await _target.AcquireAsync(cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _target.Lost);
        try
        {
            if (mustImport)
            {
                await AttachAsync(describes: false, both.Token);
                using Pier whole = Pier.Open(_options.Pier, PierAccess.Live, _options.Despite); // every page of it, before it is called a copy
                PierImportResult imported = await _target.ImportAsync(whole, progress, both.Token);
                _report.Copied(imported.Head.Number, imported.Events);
            }
            _hold = _source.FindHolder();
            await AttachAsync(describes: true, both.Token);
            Look();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw MirrorFault.LeaseLost(_target.Log.Ship);
        }
    }

    /// <summary>Looks at the pier once and copies what is new.</summary>
    /// <returns>The last event of the pier.</returns>
    private async Task<EventNumber> StepAsync(CancellationToken cancel)
    {
        long? signalled = _source.TakeSignal();
        if (_source.IsReplaced)
        {
            _isAttached = false;
            _source.Reopen();
        }
        EventNumber last = Look();
        if (!_isAttached || _target.IsLost)
        {
            await AttachAsync(describes: true, cancel);
            last = Look();
        }
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _target.Lost);
        bool isNew = last > _head.Number;
        if (isNew)
            await CopyAsync(last, signalled, both.Token);
        if (_target.IsMarkDue)
            await _target.MarkAsync(last, _hold.IsHeld, both.Token);
        if (_head.Number == last || (isNew && last - _head.Number < MostAtOnce))
            _report.Followed();
        return last;
    }

    private async Task CopyAsync(EventNumber last, long? signalled, CancellationToken cancel)
    {
        EventNumber before = _head.Number;
        EventNumber settled = _source.Settle(last, before);
        EventNumber to = settled - before > MostAtOnce ? before + MostAtOnce : settled;
        if (to != settled)
            _report.CatchesUp();
        try
        {
            await _target.CopyAsync(_source.Pier, _head, to, position => _head = position, cancel);
        }
        finally
        {
            _report.Copied(_head.Number, _head.Number - before);
            _metrics.Copied(_head.Number - before, signalled is { } since && to == settled ? _options.Time.GetElapsedTime(since) : null);
        }
        _source.Hold(_head.Number);
    }

    private EventNumber Look()
    {
        EventNumber last = _source.Look(_target.Log, _isAttached ? _head.Number : EventNumber.None);
        if (_options.Time.GetElapsedTime(_heldAt) >= HolderEvery)
            (_hold, _heldAt) = (_source.FindHolder(), _options.Time.GetTimestamp());
        _report.Saw(last, _hold);
        if (_source.WithoutNotifications is { } why && !_saidBlind)
        {
            _saidBlind = true;
            _report.Note(true, $"No notifications come from the pier ({why}): it is looked at every {_options.LookEvery.TotalSeconds:0.#} s instead.");
        }
        return last;
    }

    /// <summary>Becomes the writer where it is not, and sees that pier and log are one history. Until then nothing is appended.</summary>
    private async Task AttachAsync(bool describes, CancellationToken cancel)
    {
        _isAttached = false;
        await _target.AcquireAsync(cancel);
        EventLog log = _target.Log;
        LogState state = await log.ReadStateAsync(cancel);
        await _target.CheckAsync(_source.Pier.Info, cancel);
        _source.Reopen(); // after the state was read: whatever is in the log was in the pier before
        PierInfo pier = _source.Pier.Info;
        PierMetadata.Compare(pier, log.Ship, await log.Stored.ReadMetadataAsync(cancel));
        if (pier.First > state.Head.Number.Next)
            throw MirrorFault.Gap(pier, log, state.Head.Number);
        if (await PierTail.FindDifferenceAsync(_source.Pier, log, state, Compared, cancel) is { } difference)
            throw MirrorFault.Differs(pier.Path, log, difference);
        if (pier.Last < state.Head.Number)
            throw MirrorFault.WentBack(pier.Path, pier.Last, log, state.Head.Number);
        _head = state.Head.Position;
        _source.Hold(_head.Number);
        _report.Attached(_target.Term, _head.Number);
        if (!describes)
            return;
        await _target.DescribeAsync(pier, pier.Last, _hold.IsHeld, cancel);
        _isAttached = true;
    }

    /// <summary>A pier that is not there is waited for. One that can't be read may be in the middle of a copy, a roll or a migration: for as long as a vere holds it, or for a minute.</summary>
    private bool MayPass(SeguroException trouble)
    {
        if (trouble.Code is ErrorCode.NotFound)
        {
            _pierTroubleSince = null;
            return true;
        }
        _pierTroubleSince ??= _options.Time.GetTimestamp();
        return _options.Time.GetElapsedTime(_pierTroubleSince.Value) < _options.Silence || _source.FindHolder().IsHeld;
    }
}

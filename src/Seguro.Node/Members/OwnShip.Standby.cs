using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Vere.Running;
using Seguro.Vere.Standby;

namespace Seguro.Node.Members;

/// <content>The worker that stands by on a replica, and writes the local log in the member's name.</content>
sealed partial class OwnShip
{
    /// <summary>What a replica may lack when its worker is started: the worker is not to replay what is only now coming.</summary>
    private const ulong MostBehind = 256;

    /// <summary>Chains that are kept in memory; over it the worker is started anew, and the pier has them.</summary>
    private const int MostFollowed = 1 << 20;

    private static readonly TimeSpan FeedPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SavePatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CommitPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BeforeAnother = TimeSpan.FromSeconds(60);

    /// <summary>Each start that takes too long holds up this replica's events for that long.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private VereStandby? _standby;
    private int _isStandbyChanging;
    private long _triedAt;
    private TimeSpan _pause;
    private bool _isHopeless;
    private bool _isOver;
    private volatile string? _below;
    private volatile DifferenceMark? _difference;
    private long _behindSince;

    /// <summary>What a replica's worker that stands by, or its Nock machine, has computed; 0 where it has neither.</summary>
    public EventNumber Hot => Standby?.Number ?? (Current is null ? _computed?.Number : null) ?? EventNumber.None;

    /// <summary>The level that it is at.</summary>
    public StandbyLevel At => Standby is not null ? StandbyLevel.Hot
        : _computed is { IsFollowing: true } ? StandbyLevel.Computed
        : _replayed > EventNumber.None ? StandbyLevel.Replayed
        : StandbyLevel.Recorded;

    /// <summary>What the user should know; <see langword="null"/> where all is as it was to be.</summary>
    public string? Warning => _difference is { IsAccepted: false } open ? string.Create(CultureInfo.InvariantCulture, $"SG{(int)ErrorCode.StandbyDiffers}: {open.Found}. {open.ToException().NextStep}")
        : _below is { } why && Standby is null ? $"This replica does less than `vere:replicas` says (hot): {why}"
        : _computed?.Below is { } less && Current is null ? $"This replica does less than `vere:replicas` says (computed): {less}" : null;

    /// <summary>Bytes of memory of what stands by.</summary>
    public long Memory => Standby?.Memory ?? 0;

    /// <summary>Since when events are there that it has not processed.</summary>
    public TimeSpan BehindFor => Volatile.Read(ref _behindSince) is var since and not 0 ? _options.Time.GetElapsedTime(since) : TimeSpan.Zero;

    private VereStandby? Standby => Volatile.Read(ref _standby);

    /// <summary>Looks at how the member stands. From the member's loop; never waits.</summary>
    /// <returns>Whether <see cref="StandByAsync"/> should be called.</returns>
    public bool See(MemberStatus status)
    {
        bool isBehind = status.Role is Role.Replica && status.Committed.Number > (Standby?.Number ?? _computed?.Number ?? status.Processed.Number);
        if (!isBehind)
            Volatile.Write(ref _behindSince, 0);
        else if (Volatile.Read(ref _behindSince) == 0)
            Volatile.Write(ref _behindSince, _options.Time.GetTimestamp());
        if (status.Role is Role.Replica)
            Volatile.Write(ref _isRollAsked, 0); // a takeover is not held up by it
        // Taken here, where roles change: a candidacy that comes before the start has begun ends it, too.
        lock (_gate)
            _standByUntil = _replaying.Token;
        return _vere.Level is StandbyLevel.Hot && !_isHopeless && _difference is not { IsAccepted: false } && !_isOver && Standby is null && Current is null
            && status is { Role: Role.Replica, Stopped: null } && status.Durable.Number > EventNumber.None
            && status.Committed.Number.Value <= status.Durable.Number.Value + MostBehind
            && (_triedAt == 0 || _options.Time.GetElapsedTime(_triedAt) >= _pause)
            && Interlocked.Exchange(ref _isStandbyChanging, 1) == 0;
    }

    /// <summary>Looks at how the member stands. From the member's loop; never waits.</summary>
    /// <returns>Whether <see cref="ComputeAsync"/> should be called.</returns>
    public bool SeeComputed(MemberStatus status) => _computed is { } computed && !_isOver && Current is null && status is { Role: Role.Replica, Stopped: null } && computed.TryBegin();

    /// <summary>Brings the Nock machine to where the log ends.</summary>
    public Task ComputeAsync(CancellationToken stop) => _computed!.FollowAsync(stop);

    /// <summary>
    /// Starts a worker that stands by. Appends wait meanwhile: for as long as the worker computes what its snapshot lacks, or its patience
    /// (<see cref="VereOptions.StandbyPatience"/>).
    /// </summary>
    public async Task StandByAsync(CancellationToken stop)
    {
        CancellationToken until;
        lock (_gate)
            until = _standByUntil;
        try
        {
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, until);
            if (!await _local.TryLendAsync(both.Token))
                return;
            bool isStarted = await StartStandbyAsync(both.Token);
            if (isStarted && both.IsCancellationRequested && Interlocked.Exchange(ref _standby, null) is { } late)
                await late.EndAsync(isPeaceful: false);
            if (isStarted && Standby is not null)
                await _local.FollowAsync(FeedAsync);
            else
                await _local.TakeBackAsync();
        }
        catch (OperationCanceledException)
        {
            // The member ends, or is to be master.
        }
        finally
        {
            _triedAt = _options.Time.GetTimestamp();
            Volatile.Write(ref _isStandbyChanging, 0);
        }
    }

    /// <summary>The pier is to be the member's own again: what is in it changes otherwise than by its next events.</summary>
    public async Task StandAsideAsync()
    {
        StopReplay();
        if (Interlocked.Exchange(ref _standby, null) is { } standby)
            await standby.EndAsync(isPeaceful: false);
        await _local.ReclaimAsync();
    }

    /// <summary>The member ends: the worker writes a snapshot first, where all that it has is committed. Nothing is appended any more.</summary>
    public async Task EndStandbyAsync()
    {
        _isOver = true;
        if (Interlocked.Exchange(ref _standby, null) is not { } standby)
            return;
        bool isSafe = standby.Number <= _committed;
        await standby.EndAsync(isSafe);
        if (isSafe)
            _replayed = standby.Number;
        await _local.ReclaimAsync();
    }

    private async Task<bool> StartStandbyAsync(CancellationToken cancel)
    {
        try
        {
            VereStandby standby = await VereStandby.StartAsync(Options(_local.Head.Number), _vere.KeepsKing, _vere.StandbyPatience, cancel);
            _below = null;
            _pause = BeforeAnother;
            Volatile.Write(ref _standby, standby);
            _options.Log.LogInformation(
                "A worker stands by at event {Number} (process {Process}){King}.", standby.Number, standby.ProcessId, standby.HasKing ? ", and a king waits for it" : "");
            return true;
        }
        catch (SeguroException failed)
        {
            _isHopeless |= failed.Code is ErrorCode.NotSteerable;
            bool isLate = failed.InnerException is TimeoutException;
            _pause = isLate && _pause > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks)) : BeforeAnother;
            Fall($"{failed.Message} ({failed.CodeText}). {failed.NextStep}{(isLate ? $" Until it comes up the level is `replayed`; another is started in {_pause.TotalMinutes:0} min." : "")}");
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Appends events by the worker's hand.</summary>
    private async ValueTask<bool> FeedAsync(IReadOnlyList<Event> events)
    {
        if (Standby is not { } standby)
            return false;
        foreach (Event next in events)
        {
            FeedFault fault = await standby.FeedAsync(next.Number, next.Payload, FeedPatience, CancellationToken.None);
            if (fault is FeedFault.None)
                continue;
            Volatile.Write(ref _standby, null);
            try
            {
                if (fault is FeedFault.Late or FeedFault.Gone && await standby.HasWrittenOtherwiseAsync(next.Number, next.Payload))
                    fault = FeedFault.Differs;
                // Before the king is waited for: who is killed meanwhile would find the pier's last event moved aside, and not know why.
                if (fault is FeedFault.Differs)
                    MarkHot(next.Number);
            }
            finally
            {
                await standby.EndAsync(isPeaceful: false);
            }
            Judge(fault, next.Number);
            return false;
        }
        if (_local.Followed < MostFollowed)
            return true;
        _pause = TimeSpan.Zero;
        Volatile.Write(ref _standby, null);
        await standby.EndAsync(isPeaceful: standby.Number <= _committed);
        return false; // all of it is there
    }

    private void Judge(FeedFault fault, EventNumber number)
    {
        _isHopeless = fault is FeedFault.ClockUnheeded or FeedFault.Differs;
        _pause = fault is FeedFault.NoClock ? TimeSpan.Zero : BeforeAnother;
        Fall(fault switch
        {
            FeedFault.NoClock => string.Create(CultureInfo.InvariantCulture, $"event {number} has a time that no clock shows; the worker is started anew, and takes it from the log"),
            FeedFault.ClockUnheeded => "this vere does not read the clock in the way that can be steered",
            FeedFault.Differs => _difference!.Found,
            FeedFault.Late => string.Create(CultureInfo.InvariantCulture, $"the worker did not answer for {FeedPatience.TotalSeconds:0} s at event {number}; another is started in a minute"),
            _ => string.Create(CultureInfo.InvariantCulture, $"the worker ended at event {number}; another is started in a minute (see vere.log)"),
        });
    }

    private void Fall(string why)
    {
        _below = why;
        _options.Log.LogWarning("This replica does less than it was to: {Why}", why);
    }

    /// <summary>An event that came out otherwise here must not be taken for processed.</summary>
    private void Check(EventNumber number)
    {
        if (_difference is { IsAccepted: false } open && number >= open.Number)
            throw open.ToException();
        _computed?.Check();
    }

    private void MarkHot(EventNumber number) => Mark(new DifferenceMark(number, "hot", string.Create(
        CultureInfo.InvariantCulture, $"this replica's worker computed event {number} otherwise than the master did; what it wrote is kept in {_local.QuarantinePath}"), IsAccepted: false));

    private void MarkComputed(EventNumber number, string found) => Mark(new DifferenceMark(number, "computed", found, IsAccepted: false));

    /// <summary>Before anything is said of it: a member that is killed now says the same when it is started again.</summary>
    private void Mark(DifferenceMark difference)
    {
        _difference = difference;
        difference.Write(_folder);
    }

    /// <summary>What is to become of the worker at a takeover.</summary>
    private async Task<HandedShip?> HandOverAsync(EventNumber head)
    {
        if (Interlocked.Exchange(ref _standby, null) is not { } standby)
            return null;
        if (standby.Number == head)
            return await standby.HandOverAsync();
        await standby.EndAsync(isPeaceful: false);
        return null;
    }

    private async Task SaveStandbyAsync(VereStandby standby, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(SavePatience);
        try
        {
            if (await standby.SaveAsync(IsCommittedAsync, limit.Token) is { } number)
                _replayed = number;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            _options.Log.LogWarning("The worker that stands by has not written its snapshot in {Minutes} minutes.", SavePatience.TotalMinutes);
        }
    }

    /// <summary>Of a replica's newest events the store's word may still be on its way.</summary>
    private async Task<bool> IsCommittedAsync(EventNumber number)
    {
        long start = _options.Time.GetTimestamp();
        while (_committed < number)
        {
            if (_options.Time.GetElapsedTime(start) > CommitPatience)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(20), _options.Time, CancellationToken.None);
        }
        return true;
    }
}

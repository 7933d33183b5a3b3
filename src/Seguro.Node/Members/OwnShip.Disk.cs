using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers.LocalLogs;
using Seguro.Piers.Transfer;
using Seguro.Vere.Disk;
using Seguro.Vere.Running;

namespace Seguro.Node.Members;

/// <content>The disk that the pier takes: its log is rolled and chopped within a budget (<see cref="VereOptions.Disk"/>), on a stopped pier, by vere's own verbs.</content>
sealed partial class OwnShip
{
    /// <summary>An epoch may have this part of the budget: two of them stay, a third is there for a moment, and the rest is for snapshots, of which each epoch has one.</summary>
    private const int EpochsInBudget = 4;

    private static readonly TimeSpan RollPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRollPause = TimeSpan.FromHours(1);

    private long _rollFailedAt;
    private TimeSpan _rollPause = FirstPause;
    private int _isRollAsked;
    private volatile string? _chopWaits;
    private volatile string? _rollFailed;
    private volatile string? _disk;
    private volatile string? _beyondHarbors;
    private EventNumber _choppedBeyond;

    /// <summary>What the user should know of the disk; each a full sentence.</summary>
    public IReadOnlyList<string> DiskWarnings => [.. new[] { _disk, _chopWaits, _rollFailed, _beyondHarbors }.OfType<string>()];

    /// <summary>Bytes of the pier that are nearly its budget: a warning from here on, and harbors are waited for no more.</summary>
    private long NearlyFull => _vere.Disk / 10 * 9;

    private bool IsRollDue => _vere.Disk > 0
        && (_rollFailedAt == 0 || _options.Time.GetElapsedTime(_rollFailedAt) >= _rollPause)
        && PierEpochs.NewestBytes(_options.Pier) >= _vere.Disk / EpochsInBudget && PierEpochs.AreOfFour(_options.Pier);

    private bool IsChopDue => _vere.Disk > 0 && PierEpochs.Starts(_options.Pier).Count > 2 && PierEpochs.AreOfFour(_options.Pier);

    /// <summary>On a replica, at the pace of its snapshots: begins an epoch where the newest has its part, and removes what nobody needs. Events wait meanwhile.</summary>
    private async Task KeepDiskAsync(CancellationToken cancel)
    {
        if (_isOver || Current is not null || !(IsRollDue || IsChopDue))
        {
            Measure();
            return;
        }
        CancellationTokenSource soon;
        lock (_gate)
            soon = CancellationTokenSource.CreateLinkedTokenSource(cancel, _replaying.Token); // a candidacy ends it
        bool isMine = false;
        try
        {
            // What only this step needs is asked for before anything is stopped.
            LogNeed need = await _vere.Need(soon.Token);
            if (IsChopDue && !MayChop(need))
            {
                Measure();
                return;
            }
            isMine = Interlocked.Exchange(ref _isStandbyChanging, 1) == 0;
            if (!isMine)
                return; // a worker is being started: at the next snapshot
            await PutStandbyAwayAsync(soon.Token);
            await RollAndChopAsync(need, soon.Token);
        }
        catch (OperationCanceledException) when (soon.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // This member stands for mastership.
        }
        finally
        {
            if (isMine)
                Volatile.Write(ref _isStandbyChanging, 0);
            soon.Dispose();
        }
    }

    /// <summary>Ends the worker that stands by while the log is lent: an append that came meanwhile would find neither the worker nor the pier's lock.</summary>
    private async Task PutStandbyAwayAsync(CancellationToken cancel)
    {
        if (Standby is null)
            return;
        await _local.LendAsync(cancel);
        try
        {
            if (Interlocked.Exchange(ref _standby, null) is not { } standby)
                return;
            _pause = TimeSpan.Zero; // another is started as soon as the pier is free
            await standby.EndAsync(isPeaceful: standby.Number <= _committed);
        }
        finally
        {
            await _local.TakeBackAsync();
        }
    }

    /// <summary>On the master, at the pace of its snapshots: ends the ship for a moment where there is something to be done; Core starts it again.</summary>
    private async Task EndToRollAsync(VereRun run)
    {
        try
        {
            Measure();
            if (!IsRollDue || Interlocked.Exchange(ref _isRollAsked, 1) != 0)
                return;
            if (!IsChopDue || MayChop(await _vere.Need(CancellationToken.None)))
            {
                _options.Log.LogInformation("The ship is ended for a moment: its log is rolled, which needs the pier at rest (vere:disk).");
                run.End(); // with a snapshot
                return;
            }
        }
        catch (Exception failed) when (failed is SeguroException or IOException or UnauthorizedAccessException)
        {
            _options.Log.LogWarning("The disk that the pier takes can't be looked after: {Cause}", failed.Message);
        }
        Volatile.Write(ref _isRollAsked, 0);
    }

    /// <summary>On the master, whose ship was ended for it: before it is started again. It fails at nothing but the local log itself.</summary>
    private async Task KeepDiskOfMasterAsync(CancellationToken tenure)
    {
        if (Interlocked.Exchange(ref _isRollAsked, 0) == 0)
            return;
        try
        {
            await RollAndChopAsync(await _vere.Need(tenure), tenure);
        }
        catch (OperationCanceledException) when (tenure.IsCancellationRequested)
        {
            // It is master no longer; whoever called looks at that.
        }
    }

    /// <param name="need">What of the log others need.</param>
    /// <param name="wanted">
    /// The pier is wanted for something else: a replay ends at once. What vere does to the epochs themselves is let finish, within its patience: it
    /// is short, and its halves are for nobody.
    /// </param>
    private async Task RollAndChopAsync(LogNeed need, CancellationToken wanted)
    {
        using CancellationTokenSource limit = new(RollPatience, _options.Time);
        using CancellationTokenSource play = CancellationTokenSource.CreateLinkedTokenSource(wanted);
        CancellationToken soon = play.Token;
        lock (_gate)
            _play = play; // events that wait for the pier hurry it
        try
        {
            // Without a chop a roll takes disk, and gives none.
            if (IsChopDue && !MayChop(need))
                return;
            string pier = Path.GetFullPath(_options.Pier);
            if (IsRollDue && !await LentAsync("rolled", (head, prints) => PierEpochs.RollAsync(_vere.Binary, pier, head, prints, soon, limit.Token), soon))
                return;
            if (IsChopDue && MayChop(need))
            {
                EventNumber kept = PierEpochs.Starts(_options.Pier)[^2];
                SayWhatHarborsLose(need, kept);
                // First the log says where it begins, then what is before that goes: killed in between, it lies there unseen.
                await _local.BeginAtAsync(kept.Next, soon);
                if (!await LentAsync("chopped", (head, prints) => PierEpochs.ChopAsync(_vere.Binary, pier, head, prints, limit.Token), soon))
                    return;
            }
            _rollFailedAt = 0;
            _rollPause = FirstPause;
            _rollFailed = null;
        }
        catch (OperationCanceledException) when (soon.IsCancellationRequested)
        {
            // Another time.
        }
        catch (SeguroException failed) when (failed is not DamagedLogException && failed.Code is not (ErrorCode.PierLocked or ErrorCode.Fenced))
        {
            RollFailed($"{failed.Message} ({failed.CodeText}). {failed.NextStep}");
        }
        finally
        {
            lock (_gate)
                _play = null;
            Measure();
        }
    }

    private void RollFailed(string why)
    {
        _rollPause = _rollFailedAt == 0 ? FirstPause : TimeSpan.FromTicks(Math.Min(_rollPause.Ticks * 2, LongestRollPause.Ticks));
        _rollFailedAt = _options.Time.GetTimestamp();
        _rollFailed = $"This member's log can't be rolled and chopped: {why} It is tried again in {_rollPause.TotalMinutes:0} min.";
        _options.Log.LogWarning("{What}", _rollFailed);
    }

    /// <summary>Has vere do something with the stopped pier, which is taken back whatever comes of it. False where it was not the time, or failed, which is told.</summary>
    private async Task<bool> LentAsync(string done, Func<EventNumber, PrintLog, Task> work, CancellationToken soon)
    {
        if (!await _local.TryLendAsync(soon))
            return false;
        try
        {
            EventNumber head = _local.Head.Number;
            // An epoch can't be taken back, so it begins after nothing that may be.
            if (!await IsCommittedAsync(head))
                return false;
            using PrintLog prints = new(_folder);
            await work(head, prints);
            _replayed = head;
            _options.Log.LogInformation("This member's log was {Done}, at event {Head}.", done, head);
            return true;
        }
        catch (OperationCanceledException) when (!soon.IsCancellationRequested)
        {
            RollFailed($"it was not done after {RollPatience.TotalMinutes:0} min.");
            return false;
        }
        catch (Exception failed) when (failed is SeguroException or IOException or UnauthorizedAccessException)
        {
            RollFailed(failed is SeguroException error ? $"{error.Message} ({error.CodeText}). {error.NextStep}" : failed.Message);
            return false;
        }
        finally
        {
            await _local.TakeBackAsync();
        }
    }

    private bool MayChop(LogNeed need)
    {
        EventNumber kept = PierEpochs.Starts(_options.Pier) is { Count: > 1 } starts ? starts[^2] : EventNumber.None;
        if (need.Harbors is { } now && now.Through >= _choppedBeyond)
            _beyondHarbors = null; // they went on behind it, which they say themselves, or got it elsewhere
        string? why = null;
        if (IsChopDue && need.Through < kept)
            why = need.Why;
        else if (IsChopDue && PierFolderCopy.Measure(Path.Combine(_options.Pier, ".urb")) <= NearlyFull)
            why = WhileThereIsRoom(need, kept);
        _chopWaits = why is null ? null : string.Create(CultureInfo.InvariantCulture, $"This member's old epochs, up to event {kept}, can't be removed yet: {why}.");
        return why is null;
    }

    /// <summary>What is waited for only as long as the budget lasts: the ship goes first.</summary>
    private string? WhileThereIsRoom(LogNeed need, EventNumber kept)
    {
        if (_computed?.Needs is { } own && own < kept)
            return string.Create(CultureInfo.InvariantCulture, $"this member's Nock machine (vere:replicas computed) has its newest snapshot at event {own}, and computes the rest as a replica only");
        return need.Harbors is { } harbors && harbors.Through < kept ? harbors.Why : null;
    }

    /// <summary>The ship goes first: what no harbor has goes, and that is said.</summary>
    private void SayWhatHarborsLose(LogNeed need, EventNumber kept)
    {
        if (need.Harbors is not { } harbors || harbors.Through >= kept)
            return;
        _choppedBeyond = kept;
        _beyondHarbors = string.Create(
            CultureInfo.InvariantCulture,
            $"The disk's budget (vere:disk) was nearly used up, so this member's events up to {kept} were removed, and {harbors.Why}: "
            + $"where no other member and no store has what lies between, the harbors will have a gap there (SG{(int)ErrorCode.HarborGap}). Bring the harbors up (`seguro status` says what is wrong with them), or raise vere:disk.");
        _options.Log.LogWarning("{What}", _beyondHarbors);
    }

    private void Measure()
    {
        if (_vere.Disk <= 0)
            return;
        long taken = PierFolderCopy.Measure(Path.Combine(_options.Pier, ".urb"));
        _disk = taken <= NearlyFull ? null
            : !PierEpochs.AreOfFour(_options.Pier) ? "The pier is near its budget (vere:disk), or over it, and only a vere of 4.0 or later is made to roll and chop: upgrade it, or raise the budget."
            : string.Create(CultureInfo.InvariantCulture, $"The pier takes {taken >> 20} MiB, and its budget (vere:disk) is {_vere.Disk >> 20} MiB{(taken > _vere.Disk ? ": it is over it" : "")}. Raise it where there is room, or see what stands in the way.");
    }
}

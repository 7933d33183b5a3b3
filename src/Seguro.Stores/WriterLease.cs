using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores;

/// <summary>Makes a process the writer of a log, and keeps it so: takes the lease for a new term, renews it in the background, frees it at the end.</summary>
/// <remarks>
/// <para>Safety does not hang on this, but on the term in every write; the lease spares others a useless takeover. Time is the process's own
/// monotonic clock (<see cref="BootClock"/>); no two clocks are compared.</para>
/// <para>Threading: all members may be used from any thread. Dispose of it before the log.</para>
/// </remarks>
public sealed class WriterLease : IAsyncDisposable
{
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(2);

    private readonly EventLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;
    private readonly Lock _lock = new();
    private readonly LeaseKeeper _keeper;
    private bool _isDisposed;

    private WriterLease(EventLog log, Lease lease, TimeSpan asked, TimeProvider time)
    {
        _log = log;
        _time = time;
        _keeper = new LeaseKeeper(lease, asked, lease.Duration);
        _lost = new CancellationTokenSource(Rest(), time);
        Lost = _lost.Token;
        _renewing = KeepAsync();
    }

    /// <summary>The term to write in.</summary>
    public Term Term => Lease.Term;

    /// <summary>The lease as it was last renewed.</summary>
    public Lease Lease
    {
        get
        {
            lock (_lock)
                return _keeper.Lease;
        }
    }

    /// <summary>
    /// Cancelled when another is the writer, or may be: the lease was found taken, or could not be renewed for its whole duration.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Becomes the writer of a log that is whole: one whose import did not end is refused (<see cref="ImportMark"/>).</summary>
    /// <remarks>As <see cref="AcquireForImportAsync"/>.</remarks>
    /// <param name="log">The log to be written.</param>
    /// <param name="purpose">What the writer is, for people: <c>append</c>, a member's name. It begins the holder's name.</param>
    /// <param name="duration">For how long this writer may be silent before others take it for dead.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HalfImported"/>; those of <see cref="AcquireForImportAsync"/>.</exception>
    public static async ValueTask<WriterLease> AcquireAsync(
        EventLog log, string purpose, TimeSpan duration, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        ImportMark.Require(log.Ship, await log.Stored.ReadMetadataAsync(cancel));
        return await AcquireForImportAsync(log, purpose, duration, time, cancel);
    }

    /// <summary>Becomes the writer in order to bring events in from elsewhere, or to go on with that.</summary>
    /// <remarks>
    /// A free lease is taken at once. One that is held is watched, and taken when its holder was silent for its whole duration; the wait is at most
    /// that. A campaign of unknown outcome is repeated <see cref="EventLog.Attempts"/> times.
    /// </remarks>
    /// <param name="log">The log to be written.</param>
    /// <param name="purpose">What the writer is, for people: <c>import</c>, a member's name. It begins the holder's name.</param>
    /// <param name="duration">For how long this writer may be silent before others take it for dead.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.LeaseHeld"/>: the holder is alive; <see cref="ErrorCode.OutcomeUnknown"/>; what the store throws.
    /// </exception>
    public static async ValueTask<WriterLease> AcquireForImportAsync(
        EventLog log, string purpose, TimeSpan duration, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(time);
        string candidate = HolderName(purpose);
        LeaseRules.CheckCandidate(candidate, duration);
        Lease seen = (await log.ReadStateAsync(cancel)).Lease;
        RefuseNodes(log.Ship, seen);
        LeaseWatch watch = new LeaseWatch().See(seen, Now(time));
        for (int losses = 0; ;)
        {
            if (watch.MayCampaign(Now(time)))
            {
                TimeSpan asked = Now(time);
                switch (await CampaignAsync(log, seen, candidate, duration, cancel))
                {
                    case LeaseOutcome.Done won:
                        return new WriterLease(log, won.Lease, asked, time);
                    case LeaseOutcome.Lost lost when (seen.IsHeld && lost.Current.IsHeld) || ++losses == EventLog.Attempts:
                        throw Held(log.Ship, lost.Current);
                    case LeaseOutcome.Lost lost:
                        RefuseNodes(log.Ship, lost.Current);
                        (seen, watch) = (lost.Current, watch.See(lost.Current, Now(time)));
                        continue;
                }
            }
            TimeSpan rest = watch.Remaining(Now(time));
            await Task.Delay(rest < PollOf(seen) ? rest : PollOf(seen), time, cancel);
            Lease now = await log.Stored.ObserveLeaseAsync(cancel);
            if (!IsNewer(now, seen))
                continue; // the same, or an old answer of a plain read
            if (seen.IsHeld && now.IsHeld)
                throw Held(log.Ship, now);
            RefuseNodes(log.Ship, now);
            (seen, watch) = (now, watch.See(now, Now(time)));
        }
    }

    /// <summary>Stops renewing and frees the lease, as far as that works within two seconds. Errors are not reported: others wait out the duration.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        await _stop.CancelAsync();
        using CancellationTokenSource patience = new(LongestGoodbye, _time);
        try
        {
            await _renewing.WaitAsync(patience.Token);
            if (!Lost.IsCancellationRequested)
                await _log.Stored.ResignAsync(Lease, patience.Token).AsTask().WaitAsync(patience.Token);
        }
        catch (Exception error) when (error is SeguroException or OperationCanceledException or ObjectDisposedException)
        {
            // The lease then ends by silence.
        }
        if (!_renewing.IsCompleted)
            return; // a store that hangs: the loop still uses what would be disposed of here
        _stop.Dispose();
        _lost.Dispose();
    }

    private static TimeSpan Now(TimeProvider time) => time.GetElapsedTime(0);

    private static TimeSpan PollOf(Lease seen)
    {
        TimeSpan tenth = seen.Duration / 10;
        return tenth > LongestPoll ? LongestPoll : tenth < ShortestPoll ? ShortestPoll : tenth;
    }

    private static bool IsNewer(Lease now, Lease seen) =>
        now.Term > seen.Term || (now.Term == seen.Term && now.Renewals > seen.Renewals);

    private static string HolderName(string purpose)
    {
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        string life = string.Create(
            CultureInfo.InvariantCulture, $"@{Environment.MachineName}/{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        string name = purpose + life;
        return Encoding.UTF8.GetByteCount(name) <= Lease.LongestHolder
            ? name
            : throw new ArgumentException($"'{purpose}' is too long for a holder's name.", nameof(purpose));
    }

    private static async ValueTask<LeaseOutcome> CampaignAsync(
        EventLog log, Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        string cause = "";
        for (int attempt = 0; attempt < EventLog.Attempts; attempt++)
        {
            LeaseOutcome outcome = await log.Stored.CampaignAsync(expected, candidate, duration, cancel);
            if (outcome is not LeaseOutcome.Unknown unknown)
                return outcome;
            cause = unknown.Cause;
        }
        throw new SeguroException(ErrorCode.OutcomeUnknown, $"nobody knows whether this process became the writer of {log.Ship}: {cause}",
            $"Try again in {duration.TotalSeconds:0.#} s, when the lease has run out in any case.");
    }

    /// <summary>Whose silence says nothing: a node renews its own lease, and not that of its ship.</summary>
    private static void RefuseNodes(Ship ship, Lease lease)
    {
        if (!NodeEpoch.TryParse(lease.Holder, out NodeEpoch epoch))
            return;
        throw new SeguroException(
            ErrorCode.LeaseHeld, $"the log of {ship} is held by the node {epoch.Node} (term {lease.Term})",
            $"Remove the ship from its nodes first: seguro ship remove {ship}. A node that was killed gives its ships back when it runs again.");
    }

    private static SeguroException Held(Ship ship, Lease lease) => new(
        ErrorCode.LeaseHeld, $"the log of {ship} is being written by {lease.Holder} (term {lease.Term})",
        "End that writer first, or let it do the work; a lease is free when its holder ended.");

    /// <summary>Renews when that is due. The deadline is the timer behind <see cref="Lost"/>, which each success moves: a renewal may take longer than the lease.</summary>
    private async Task KeepAsync()
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, Lost);
        while (!end.IsCancellationRequested)
        {
            TimeSpan rest = _keeper.NextRenewal - Now(_time);
            // Delays are of whole milliseconds, and rounded down.
            if (rest > TimeSpan.Zero)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(rest.TotalMilliseconds)), _time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            TimeSpan now = Now(_time);
            // A machine that slept wakes here before its timers ring.
            if (!_keeper.IsLive(now))
                await _lost.CancelAsync();
            if (end.IsCancellationRequested || !_keeper.MustRenew(now))
                continue;
            LeaseOutcome outcome = await RenewAsync(end.Token);
            string? lost;
            lock (_lock)
                lost = _keeper.Renewed(outcome, now);
            if (lost is not null)
                await _lost.CancelAsync();
            else if (outcome is LeaseOutcome.Done)
                _lost.CancelAfter(Rest());
        }
    }

    private async Task<LeaseOutcome> RenewAsync(CancellationToken cancel)
    {
        try
        {
            return await _log.Stored.RenewAsync(Lease, cancel);
        }
        catch (Exception error) when (error is SeguroException or ObjectDisposedException or OperationCanceledException)
        {
            return new LeaseOutcome.Unknown(error.Message); // the store may come back before the deadline
        }
    }

    private TimeSpan Rest()
    {
        TimeSpan rest = _keeper.Deadline - Now(_time);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }
}

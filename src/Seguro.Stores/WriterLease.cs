using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores;

/// <summary>Makes a process the writer of a log, and keeps it so: takes the lease for a new term, renews it in the background, frees it at the end.</summary>
/// <remarks>
/// <para>Safety does not hang on this, but on the term in every write; the lease spares others a useless takeover. Time is the process's own
/// monotonic clock; no two clocks are compared.</para>
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
    private Lease _lease;
    private bool _isDisposed;

    private WriterLease(EventLog log, Lease lease, long asked, TimeProvider time)
    {
        _log = log;
        _time = time;
        _lease = lease;
        _lost = new CancellationTokenSource(Rest(asked), time);
        Lost = _lost.Token;
        _renewing = RenewAllAlongAsync(asked);
    }

    /// <summary>The term to write in.</summary>
    public Term Term => Lease.Term;

    /// <summary>The lease as it was last renewed.</summary>
    public Lease Lease
    {
        get
        {
            lock (_lock)
                return _lease;
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
        LeaseWatch watch = new LeaseWatch().See(seen, Now(time));
        for (int losses = 0; ;)
        {
            if (watch.MayCampaign(Now(time)))
            {
                long asked = time.GetTimestamp();
                switch (await CampaignAsync(log, seen, candidate, duration, cancel))
                {
                    case LeaseOutcome.Done won:
                        return new WriterLease(log, won.Lease, asked, time);
                    case LeaseOutcome.Lost lost when (seen.IsHeld && lost.Current.IsHeld) || ++losses == EventLog.Attempts:
                        throw Held(log.Ship, lost.Current);
                    case LeaseOutcome.Lost lost:
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

    private static SeguroException Held(Ship ship, Lease lease) => new(
        ErrorCode.LeaseHeld, $"the log of {ship} is being written by {lease.Holder} (term {lease.Term})",
        "End that writer first, or let it do the work; a lease is free when its holder ended.");

    private TimeSpan Rest(long asked)
    {
        TimeSpan rest = Lease.Duration - _time.GetElapsedTime(asked);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    /// <summary>Renews each third of the duration; after a failure sooner. The deadline is the timer behind <see cref="Lost"/>, which each success moves.</summary>
    private async Task RenewAllAlongAsync(long asked)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, Lost);
        TimeSpan duration = Lease.Duration;
        TimeSpan pause = (duration / 3) - _time.GetElapsedTime(asked);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, _time, end.Token);
                long sent = _time.GetTimestamp();
                pause = duration / 10;
                LeaseOutcome outcome = await _log.Stored.RenewAsync(Lease, end.Token);
                if (outcome is LeaseOutcome.Done done)
                {
                    lock (_lock)
                        _lease = done.Lease;
                    _lost.CancelAfter(Rest(sent));
                    pause = (duration / 3) - _time.GetElapsedTime(sent);
                }
                else if (outcome is LeaseOutcome.Lost)
                {
                    await _lost.CancelAsync();
                }
            }
            catch (OperationCanceledException)
            {
                // Stopped, or the deadline passed; the loop's condition says.
            }
            catch (Exception error) when (error is SeguroException or ObjectDisposedException)
            {
                // The store may come back before the deadline.
            }
        }
    }
}

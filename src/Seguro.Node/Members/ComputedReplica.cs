using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>
/// Seguro's own Nock machine on a replica of a ship that runs on a stock vere: it computes each event of the log, too, and what it comes to must have the mug that the log says (vere-facts.md §2.2).
/// It is another implementation than the one that made the event, so it also finds what every vere computes the same wrong way.
/// </summary>
/// <remarks>
/// <para>It begins at its newest snapshot, at a state that vere exported into the pier (<c>urbit cram</c>), or at event 1, and computes what the log
/// has had since beside the member's work; until it is
/// there, events pass without it, and the replica is at the level below.</para>
/// <para>
/// Threading: <see cref="ApplyAsync"/> and <see cref="SnapshotAsync"/> by whoever has the ship's turn, <see cref="FollowAsync"/> one at a time, as
/// <see cref="TryBegin"/> says; the rest from any thread.
/// </para>
/// <para>Durability: only the machine's snapshots are on disk; the log is the member's.</para>
/// </remarks>
sealed partial class ComputedReplica : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly MemberHostOptions _options;
    private readonly Func<ExportedState?, IShip> _make;
    private readonly LocalLog _local;
    private readonly Lock _gate = new();
    private CancellationTokenSource _work = new();
    private IShip? _ship;
    private Position _at;
    private EventNumber _passed;
    private EventNumber _kept;
    private bool _isBegun;
    private bool _isFollowing;
    private bool _isHopeless;
    private long _failedAt;
    private Task _left = Task.CompletedTask; // of an event that nobody waited for any more
    private Position _leftAt;
    private volatile string? _below;
    private volatile string? _differs;

    /// <summary>Makes one that has not begun.</summary>
    /// <param name="options">The member.</param>
    /// <param name="make">Makes the ship, before its first event or with an exported state to begin with.</param>
    /// <param name="local">The member's own log.</param>
    public ComputedReplica(MemberHostOptions options, Func<ExportedState?, IShip> make, LocalLog local)
    {
        _options = options;
        _make = make;
        _local = local;
        _passed = local.Head.Number;
    }

    /// <summary>How long an event may take before the replica's acknowledgements go on without it: effects wait for them.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Makes a difference durable: of which event, and what was found. What it throws is thrown on.</summary>
    public Action<EventNumber, string> Found { get; init; } = static (_, _) => { };

    /// <summary>An event that was computed otherwise here, and accepted: the machine has no state of its own after it, and begins at none before it.</summary>
    public EventNumber Accepted { get; init; }

    /// <summary>The event that the machine stands at.</summary>
    public EventNumber Number
    {
        get
        {
            lock (_gate)
                return _at.Number;
        }
    }

    /// <summary>Is each event computed before it counts as processed?</summary>
    public bool IsFollowing
    {
        get
        {
            lock (_gate)
                return _isFollowing;
        }
    }

    /// <summary>How far it is where it does not follow yet, for people; <see langword="null"/> where it does, or does not try to.</summary>
    public string? Progress
    {
        get
        {
            lock (_gate)
                return _isBegun && !_isFollowing ? string.Create(CultureInfo.InvariantCulture, $"computing event {_at.Number} of {_passed}") : null;
        }
    }

    /// <summary>Why it does not follow, where that is no matter of time.</summary>
    public string? Below => IsFollowing ? null : _below;

    /// <summary>Events above this one are needed to begin again; <see langword="null"/> where it will not.</summary>
    public EventNumber? Needs
    {
        get
        {
            lock (_gate)
                return _isHopeless || _differs is not null ? null : _kept;
        }
    }

    /// <summary>Is it to begin now? <see cref="FollowAsync"/> must follow then. Never waits.</summary>
    public bool TryBegin()
    {
        lock (_gate)
        {
            if (_isBegun || _isFollowing || _isHopeless || _differs is not null || (_failedAt != 0 && _options.Time.GetElapsedTime(_failedAt) < Pause))
                return false;
            _isBegun = true;
            if (_work.IsCancellationRequested)
                _work = new CancellationTokenSource(); // whoever cancelled the last one may not be done with it
            return true;
        }
    }

    /// <summary>Computes what the log has had since its last event, until all events that were passed are computed; from then on each is computed as it comes.</summary>
    /// <exception cref="DamagedLogException">The local log is damaged.</exception>
    public async Task FollowAsync(CancellationToken stop)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop, Work);
        try
        {
            await Task.Run(() => CatchUpAsync(both.Token), CancellationToken.None);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            // The member ends, or is to be master.
        }
        finally
        {
            lock (_gate)
                _isBegun = false;
        }
    }

    /// <summary>The member stands for mastership, or the log is to change otherwise than by its next events: nothing is computed any more, and what is under way is left.</summary>
    public void Stop()
    {
        CancellationTokenSource work;
        lock (_gate)
        {
            _isFollowing = false;
            work = _work;
        }
        work.Cancel(); // whoever waits for the machine goes on here and now, so not under the lock
    }

    /// <summary>The ship stands elsewhere than after the last event that was passed.</summary>
    public void Stand(EventNumber at)
    {
        lock (_gate)
        {
            _isFollowing = false;
            _passed = at;
        }
    }

    /// <summary>Throws where an event was found to be computed otherwise here: nothing more may count as processed.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StandbyDiffers"/>.</exception>
    public void Check()
    {
        if (_differs is { } text)
            throw Differs(text, null);
    }

    /// <summary>Computes the log's next event, where it follows, and lets it pass where it does not.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StandbyDiffers"/>: it came to another state here, or to none.</exception>
    public async ValueTask ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        Check();
        Position at;
        Position next;
        CancellationTokenSource limit;
        CancellationToken within; // which outlives its source
        CancellationToken work;
        Task computing;
        // One at a time computes: whoever takes the ship up from here waits for what is left.
        lock (_gate)
        {
            if (!_isFollowing)
            {
                _passed = number;
                return;
            }
            at = _at;
            byte[] bytes = payload.ToArray(); // the computation may be left behind, and the caller's buffer with it
            next = new Position(number, ChainHasher.Of(at.Chain, number, bytes));
            IShip ship = _ship!;
            work = _work.Token;
            limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, work);
            within = limit.Token;
            computing = Task.Run(() => ship.ApplyAsync(number, bytes, within).AsTask(), CancellationToken.None);
            (_left, _leftAt) = (computing, next);
        }
        limit.CancelAfter(Patience);
        _ = computing.ContinueWith(_ => limit.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await computing.WaitAsync(within);
            lock (_gate)
            {
                if (_at == at)
                    _at = next;
                _passed = number;
            }
        }
        catch (OperationCanceledException)
        {
            bool isLate = !work.IsCancellationRequested && !cancel.IsCancellationRequested;
            lock (_gate)
            {
                if (_at == at)
                    _isFollowing = false;
                if (!cancel.IsCancellationRequested)
                    _passed = number;
            }
            cancel.ThrowIfCancellationRequested();
            if (isLate)
                Fall(string.Create(CultureInfo.InvariantCulture, $"event {number} takes its Nock machine longer than {Patience.TotalSeconds:0} s; it goes on with it, and follows again once it has computed what came meanwhile."));
        }
        catch (SeguroException failed) when (IsInability(failed))
        {
            lock (_gate)
                _passed = number;
            GiveUp(failed.Message);
        }
        catch (OutOfMemoryException failed)
        {
            lock (_gate)
                _passed = number;
            GiveUp($"it has not the memory for event {number}: {failed.Message}");
        }
        catch (SeguroException failed)
        {
            string text = TextOf(number, failed);
            _differs = text;
            Found(number, $"{text}; the event is kept in {_local.QuarantinePath}");
            throw Differs(text, failed);
        }
    }

    /// <summary>Keeps the machine's state, where it is that of the position. The state is taken before this returns its task.</summary>
    /// <exception cref="SeguroException">The disk is full, or can't be written; the snapshots that were there are.</exception>
    public async Task SnapshotAsync(Position position, CancellationToken cancel)
    {
        Task keeping;
        lock (_gate)
        {
            if (!_isFollowing || _at != position)
                return; // while it catches up it keeps its snapshots itself
            keeping = KeepAsync(_ship!, position, cancel);
        }
        await keeping;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await _left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ship is { } ship)
            await ship.DisposeAsync();
        _work.Dispose();
    }

    private CancellationToken Work
    {
        get
        {
            lock (_gate)
                return _work.Token;
        }
    }

    private async Task KeepAsync(IShip ship, Position position, CancellationToken cancel)
    {
        await ship.SnapshotAsync(position, cancel);
        lock (_gate)
            _kept = position.Number;
    }

    private void GiveUp(string why)
    {
        lock (_gate)
            (_isFollowing, _isHopeless) = (false, true);
        Fall($"{why}. Give the member more memory (ship:memory, and the machine's own), and start it again.");
    }

    private void Fall(string why)
    {
        _below = string.Create(CultureInfo.InvariantCulture, $"SG{(int)ErrorCode.MachineFailed}: {why}");
        _options.Log.LogWarning("This replica does less than it was to: {Why}", _below);
    }

    /// <summary>Memory that is not there says nothing of the event.</summary>
    private static bool IsInability(SeguroException failed) => failed.InnerException is InsufficientMemoryException;

    private static string TextOf(EventNumber number, SeguroException failed) =>
        string.Create(CultureInfo.InvariantCulture, $"this replica's Nock machine computed event {number} otherwise than the master's vere did: {failed.Message} ({failed.CodeText})");

    private static SeguroException Differs(string text, SeguroException? cause) => new(
        ErrorCode.StandbyDiffers, text, "Either of the two is wrong, and the master serves with what its vere computed: keep this member's folder, report it, and compare with `urbit play --full` on a copy of the pier.", cause);
}

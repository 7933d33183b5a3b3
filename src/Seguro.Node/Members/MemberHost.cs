using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>The shell around one member of a cluster: it feeds <see cref="Member"/> with what happens, and does what that wants done.</summary>
/// <remarks>
/// <para>Threading: all public members may be called from any thread, none of them blocks.</para>
/// <para>Order: one loop takes inputs from one mailbox. Whatever is to be done runs beside it, and its answer comes back to the mailbox exactly once.</para>
/// <para>Failure: a store that is away is normal. A local disk that fails, a foreign pier, or a mistake of this program ends the host: <see cref="Completion"/>
/// faults, and nothing is acknowledged any more.</para>
/// </remarks>
public sealed partial class MemberHost : IAsyncDisposable
{
    private static readonly TimeSpan StatusAge = TimeSpan.FromMilliseconds(5);
    private const int MostHeld = 64;
    private static readonly TimeSpan ShortestTick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BetweenSuspicions = TimeSpan.FromSeconds(1);

    private readonly MemberHostOptions _options;
    private readonly Member _member;
    private readonly LocalLog _local;
    private readonly ShipWorker _ship;
    private readonly SharedLog _shared;
    private readonly SharedLogReader _reader;
    private readonly StoreTrouble _trouble;
    private readonly MemberMetrics _metrics;
    private readonly ReplayNotice _replay;
    private readonly HistoryFile _history;
    private readonly SuspectOva _suspects;
    private readonly Channel<(MemberInput Input, CancellationToken Tenure)> _mailbox = Channel.CreateUnbounded<(MemberInput, CancellationToken)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping; // outlives its source
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RunningWork _running = new();
    private readonly long _start;
    private readonly string _folder;
    private volatile LocalLogRepair? _repair;
    private CancellationTokenSource _tenure;
    private Task _recorded = Task.CompletedTask;
    private Task _loop = Task.CompletedTask;
    private Task _clock = Task.CompletedTask;
    private volatile MemberStatus _status;
    private readonly FairRoom _heard;
    private readonly Lock _hearing = new();
    private int _received;
    private long _receivedBytes;
    private long _lastTaken;
    private int _tick;
    private int _snapshot;
    private int _isDisposed;
    private volatile bool _isDeaf;

    private MemberHost(MemberHostOptions options, LocalLog local, LocalLogRepair? repair)
    {
        options = options with { Member = options.Member with { LargestEvent = Math.Min(options.Member.LargestEvent, options.Store.Capabilities.LargestEvent) } };
        _options = options;
        _local = local;
        _repair = repair;
        _start = options.Time.GetTimestamp();
        _stopping = _stop.Token;
        _folder = LocalLogRepair.FolderOf(options);
        _member = new Member(options.Member);
        _status = _member.Status;
        _trouble = new StoreTrouble(options.Time, options.Log);
        _replay = new ReplayNotice(options.Time, options.Log);
        _history = new HistoryFile(_folder, options.Time, options.Log);
        _heard = new FairRoom(options.MaxHeard, options.MaxHeardBytes, FairRoom.SeedOf(options.Member.Candidate));
        _suspects = SuspectOva.Open(_folder, options.Member.Name, options.Time);
        _metrics = new MemberMetrics(options.Member.Name, options.Store.Ship, options.Cluster, options.Time, options.Member.StoreWindow, () => _status);
        if (options.Vere is { } vere)
        {
            _stages = _metrics.NewStages();
            _own = new OwnShip(options, vere, local, _folder, Post, _stages);
            _metrics.Add(() => _own, () => _status);
        }
        IShip ship = _own?.Recorded ?? options.Ship ?? throw new ArgumentException("A member needs a ship, or a vere.", nameof(options));
        _ship = new ShipWorker(options, ship, local, _suspects);
        _shared = new SharedLog(options, () => Now, _trouble);
        _reader = new SharedLogReader(options, local, _trouble);
        _tenure = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
    }

    /// <summary>How the member stands, and what the user should know; under load some milliseconds old.</summary>
    public MemberStatus Status
    {
        get
        {
            MemberStatus status = _status;
            if (_repair is { } repair && status.Durable.Number < repair.Until)
                status = status with { Warnings = [.. status.Warnings, repair.Warning] };
            if (ReplayNotice.Describe(status) is { } replay)
                status = status with { Warnings = [.. status.Warnings, replay] };
            if (_own?.Warning is { } below)
                status = status with { Warnings = [.. status.Warnings, below] };
            if (_own?.DiskWarnings is { Count: > 0 } disk)
                status = status with { Warnings = [.. status.Warnings, .. disk] };
            if (_suspects.Warnings is { Count: > 0 } suspects)
                status = status with { Warnings = [.. status.Warnings, .. suspects] };
            return _trouble.Current is { } trouble ? status with { Warnings = [.. status.Warnings, trouble] } : status;
        }
    }

    /// <summary>Ends when the host was disposed of; faults when the member can't go on.</summary>
    public Task Completion => _completion.Task;

    private TimeSpan Now => _options.Time.GetElapsedTime(_start);

    /// <summary>Opens the member's pier (or makes it), restores its ship, and starts it.</summary>
    /// <remarks>A damaged pier is moved aside first, with a report, and made anew from the cluster; not where it may hold what nobody else has.</remarks>
    /// <exception cref="SeguroException">
    /// The pier is another ship's, is held by another process, or is damaged and may be the only copy of something; the store is needed to make the pier, and is away; …
    /// </exception>
    public static async Task<MemberHost> StartAsync(MemberHostOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        (LocalLog local, LocalLogRepair? repair) = await LocalLogRepair.OpenAsync(options, cancel);
        if (options.Identity is { } store)
            CustodyMark.Write(options.Pier, new Custody(CustodyKind.Gated) { Store = store }); // a copy of this pier says whose it is
        MemberHost host = new(options, local, repair);
        try
        {
            Evidence? known = EvidenceFile.Read(host._folder);
            Position ship = await host._ship.RestoreAsync(local.Head.Number, cancel);
            host.Post(new MemberInput.Started(local.Head, ship, known));
            host._loop = Task.Run(host.RunAsync, CancellationToken.None);
            options.Node?.Join(host);
            host._clock = host.TickAsync();
            if (options.ScrubRate > 0)
                host._running.Begin(host.ScrubAsync);
            return host;
        }
        catch (DamagedLogException damage)
        {
            host.Mark(damage.Message);
            await host.DisposeAsync();
            throw;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes a message that came from another member. Where too many wait, it is dropped as if the link had broken.</summary>
    public void Receive(string from, MemberMessage message)
    {
        if (_isDeaf && _status.Role is Role.Replica)
            return; // a master that hands over needs to hear; who ends as a replica comes to rest sooner without
        long size = SizeOf(message);
        long waiting = Interlocked.Add(ref _receivedBytes, size);
        if (Interlocked.Increment(ref _received) > _options.MaxReceived || (waiting > _options.MaxReceivedBytes && waiting > size))
        {
            Interlocked.Decrement(ref _received);
            Interlocked.Add(ref _receivedBytes, -size);
            _metrics.Dropped(1, "mailbox full of messages");
            return;
        }
        Post(new MemberInput.Received(from, message));
    }

    /// <summary>Takes an ovum: a datagram that every member hears, or a timer that rang here. Its bytes are the member's from then on. Where too many wait, it is dropped and counted.</summary>
    public void Hear(Ovum ovum)
    {
        if (_isDeaf)
            return; // the other members hear it, too
        lock (_hearing)
        {
            if (!_heard.TryTake(ovum.Source, ovum.Bytes.Length))
            {
                _metrics.Dropped(1, "mailbox full of ova");
                return;
            }
        }
        Post(new MemberInput.Heard(ovum));
    }

    /// <summary>For how long it has taken nothing from its mailbox, where a tick comes each tenth of a lease: more than some seconds mean that it hangs.</summary>
    public TimeSpan SilentFor => Now - TimeSpan.FromTicks(Volatile.Read(ref _lastTaken));

    /// <summary>What changed in the cluster, as this member saw it; the newest entries, the oldest of them first.</summary>
    public IReadOnlyList<HistoryEntry> History => _history.Read();

    /// <summary>Counts what was dropped before it came here.</summary>
    /// <param name="reason">Why; few and fixed.</param>
    public void Drop(string reason) => _metrics.Dropped(1, reason);

    /// <summary>What was dropped in this life, by reason: datagrams, ova, messages.</summary>
    public IReadOnlyDictionary<string, long> Drops => _metrics.Drops;

    /// <summary>Another member did not come back from an ovum.</summary>
    /// <param name="from">Who says so, by its certificate.</param>
    /// <param name="told">What it is witness of.</param>
    public void HearSuspicion(string from, Suspicion told) => _suspects.Hear(from, told);

    /// <summary>Gives the member an input: what an operator wants.</summary>
    public void Post(MemberInput input) => _mailbox.Writer.TryWrite((input, CancellationToken.None));

    /// <summary>
    /// Serves other members: committed events of the local log that follow a position, not above a number, as many as make a group, in memory of their own.
    /// </summary>
    /// <returns>
    /// None where the local log has another chain there, or does not reach beyond it; and while this member compares its own log with the cluster's, or stands still:
    /// whoever reads here takes what it gets for the cluster's.
    /// </returns>
    public async ValueTask<IReadOnlyList<Event>> ReadLocalAsync(Position after, EventNumber last, CancellationToken cancel)
    {
        MemberStatus status = _status;
        if (status.Role is Role.Rejoining or Role.Stopped)
            return [];
        if (status.Committed.Number < last)
            last = status.Committed.Number;
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stopping);
        try
        {
            return await _running.DoAsync(
                () => _local.ReadAsync(after, last, _options.Member.MaxGroup, _options.Member.MaxGroupBytes, both.Token).AsTask()) ?? [];
        }
        catch (DamagedLogException damage)
        {
            Fail(damage); // who asked reads elsewhere
            return [];
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return []; // this member ends
        }
    }

    /// <summary>Ends the member where it stands, without handing over (ask for <see cref="Wish.StepDown"/> before, for that). Waits for writes that are under way.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await StopAsync();
        _options.Node?.Leave(this);
        await _local.DisposeAsync();
        _ship.Dispose();
        if (_own is { } own)
            await own.DisposeAsync();
        _suspects.Dispose();
        _metrics.Dispose();
        _tenure.Dispose();
        _stop.Dispose();
        _completion.TrySetResult();
    }

    private async Task RunAsync()
    {
        List<MemberOutput> outputs = [];
        TimeSpan stated = TimeSpan.MinValue / 2;
        int held = 0;
        try
        {
            while (await _mailbox.Reader.WaitToReadAsync(_stop.Token))
            {
                while (_mailbox.Reader.TryRead(out (MemberInput Input, CancellationToken Tenure) waiting))
                {
                    if (_stop.IsCancellationRequested)
                        return;
                    // An answer to what a master asked may have waited here while its mastership ended: the next must not take it for its own.
                    MemberInput input = waiting.Tenure.IsCancellationRequested ? MemberInput.Tick.Instance : waiting.Input;
                    TimeSpan now = Now;
                    Volatile.Write(ref _lastTaken, now.Ticks);
                    Take(input);
                    // Datagrams come in bursts; what a member decides about one is decided about all that came before it goes on.
                    if (input is MemberInput.Heard heard && held < MostHeld && _mailbox.Reader.TryPeek(out _))
                    {
                        _member.Hear(now, heard.Ovum, outputs);
                        held++;
                        continue;
                    }
                    held = 0;
                    _member.Step(now, input, outputs);
                    _options.Trace?.Invoke(now, input, outputs);
                    foreach (MemberOutput output in outputs)
                        Do(output);
                    outputs.Clear();
                    if (now - stated < StatusAge)
                        continue;
                    stated = now;
                    State();
                }
                State();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    }

    private void State()
    {
        MemberStatus before = _status;
        _status = _member.Status;
        SeeOwn();
        if (_repair is { } repair && repair.IsDone(_folder, _status.Durable.Number))
            _repair = null;
        _replay.See(_status);
        _history.See(before, _status);
        if (!ReferenceEquals(before.Members, _status.Members) || !ReferenceEquals(before.Left, _status.Left))
            _options.ChangeMembers(_status);
        if (before.Term != _status.Term)
            _options.SeeTerm(_status.Term);
    }

    /// <summary>Makes room in the mailbox for what counts.</summary>
    private void Take(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.Heard heard:
                lock (_hearing)
                    _heard.Return(heard.Ovum.Source, heard.Ovum.Bytes.Length);
                break;
            case MemberInput.Received received:
                Interlocked.Decrement(ref _received);
                Interlocked.Add(ref _receivedBytes, -SizeOf(received.Message));
                break;
            case MemberInput.Tick or MemberInput.NodeSeen:
                Volatile.Write(ref _tick, 0);
                break;
        }
    }

    private static long SizeOf(MemberMessage message)
    {
        long size = 0;
        for (int i = 0; message is MemberMessage.Push push && i < push.Events.Count; i++)
            size += push.Events[i].Payload.Length;
        return size;
    }

    /// <summary>Gives a tick each tenth of the lease; where one still waits, no second.</summary>
    private async Task TickAsync()
    {
        TimeSpan tenth = _options.Member.LeaseDuration / 10;
        TimeSpan told = Now - BetweenSuspicions;
        using PeriodicTimer timer = new(tenth > ShortestTick ? tenth : ShortestTick, _options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (Interlocked.Exchange(ref _tick, 1) == 0 && !PostNode())
                    Post(MemberInput.Tick.Instance);
                LookForSuspects(ref told);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    }

    private void LookForSuspects(ref TimeSpan told)
    {
        if (!_suspects.Look(_options.Member.LeaseDuration / 2) && Now - told < BetweenSuspicions)
            return;
        told = Now;
        if (_suspects.Own is { Count: > 0 } own)
            _options.Suspect(own);
    }

    /// <summary>The member can't go on: nothing more is done, nothing more is said.</summary>
    private void Fail(Exception failed)
    {
        SeguroException error = Fault.Of($"member {_options.Member.Name}", failed);
        if (error is DamagedLogException)
            Mark(error.Message);
        if (!_completion.TrySetException(error))
            return;
        _options.Log.LogCritical(failed, "The member ends: {What} ({Code}). {NextStep}", error.Message, error.CodeText, error.NextStep);
        _stop.Cancel();
    }
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Node.Members;

namespace Seguro.Node.Ships;

/// <summary>The shell around a node's leases (<see cref="NodeLeases"/>): asks the store, tells the members, and frees the ships' leases on which nobody here serves any more.</summary>
/// <remarks>For any thread. All of a node's traffic for leases is here: it does not grow with the number of its ships.</remarks>
sealed class NodeLease : IAsyncDisposable
{
    private const int TicksInLease = 20;
    private const int LongSilence = 2 * TicksInLease;
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(2);

    private readonly IStore _store;
    private readonly string _life;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly long _start;
    private readonly Dictionary<string, IStoredLog> _logs;
    private readonly IStoredLog _own;
    private readonly NodeLeases _leases; // under _lock
    private readonly Lock _lock = new();
    private readonly List<Part> _parts = []; // under _lock
    private readonly List<Claim> _claims = []; // under _lock
    private readonly RunningWork _running = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile NodeView _view = NodeView.None;
    private Task _loop = Task.CompletedTask;

    private NodeLease(IStore store, string name, TimeSpan duration, Dictionary<string, IStoredLog> logs, TimeProvider time, ILogger log)
    {
        _store = store;
        _life = $"{name}@{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        _duration = duration;
        _time = time;
        _log = log;
        _start = time.GetTimestamp();
        _logs = logs;
        _own = logs[name];
        _leases = new NodeLeases(name, _life, logs.Keys, _duration);
    }

    /// <summary>What the members are to know; its times are those of the node's own clock (<see cref="ViewSince"/>).</summary>
    public NodeView View => _view;

    /// <summary>Faults where leases are looked after no more; ends with <see cref="DisposeAsync"/>.</summary>
    public Task Completion => _loop;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Opens the nodes' logs, or makes them, and begins.</summary>
    /// <param name="store">The store, by a connection of its own, so that what ships write does not hold up a renewal; the caller's to close.</param>
    /// <param name="name">The node.</param>
    /// <param name="nodes">All nodes of the configuration; those that ever were are found in the store, since a ship's lease may name one.</param>
    /// <param name="duration">For how long a node may be silent.</param>
    /// <param name="time">The clock; the members' must be the same.</param>
    /// <param name="log">Hears what happens.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <exception cref="SeguroException">What the store throws.</exception>
    public static async Task<NodeLease> StartAsync(
        IStore store, string name, IReadOnlyList<string> nodes, TimeSpan duration, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        Dictionary<string, IStoredLog> logs = new(StringComparer.Ordinal);
        try
        {
            foreach (string node in nodes.Append(name))
            {
                Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [NodeLog.NodeKey] = Encoding.UTF8.GetBytes(node) };
                if (!logs.ContainsKey(node))
                    logs[node] = await store.CreateLogAsync(NodeLog.NameOf(node), Position.Origin, metadata, cancel);
            }
            foreach (Ship ship in (await store.ListLogsAsync(cancel)).Where(ship => NodeLog.IsOne(ship) && logs.Values.All(known => known.Ship != ship)))
                await AddAsync(store, ship, logs, cancel);
        }
        catch
        {
            foreach (IStoredLog opened in logs.Values)
                await opened.DisposeAsync();
            throw;
        }
        NodeLease lease = new(store, name, duration, logs, time, log);
        lease._loop = lease.KeepAsync();
        return lease;
    }

    /// <summary>The view by a clock that began to count at another time.</summary>
    public NodeView ViewSince(NodeView view, long start) => view with { Deadline = view.Deadline + _time.GetElapsedTime(start, _start) };

    /// <summary>A member begins: it hears of what is urgent at once, and asks for the rest (<see cref="View"/>) with its clock's ticks.</summary>
    public void Join(MemberHost member)
    {
        lock (_lock)
            _parts.Add(new Part(member));
        member.SeeNode();
    }

    /// <summary>It has ended, however: what it may hold is given back.</summary>
    public void Leave(MemberHost member)
    {
        lock (_lock)
        {
            _parts.RemoveAll(part => part.Member == member);
            if (member.Claim is { } claim)
                _claims.Add(new Claim(member.Ship, claim));
        }
    }

    /// <summary>Frees what is left to be freed, and the node's own lease, as far as that works within two seconds each. The members have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _running.EndAsync();
        Claim[] claims;
        Lease? held;
        lock (_lock)
        {
            claims = [.. _claims];
            held = _leases.Held;
            _leases.Resign();
        }
        using (CancellationTokenSource patience = new(LongestGoodbye, _time))
            await Task.WhenAll(claims.Select(claim => FreeAsync(claim, patience.Token))).WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (held is { } own)
        {
            using CancellationTokenSource patience = new(LongestGoodbye, _time);
            await ((Task)_own.ResignAsync(own, patience.Token).AsTask()).WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        foreach (IStoredLog opened in _logs.Values)
            await opened.DisposeAsync();
        _stop.Dispose();
    }

    private static async Task AddAsync(IStore store, Ship ship, Dictionary<string, IStoredLog> logs, CancellationToken cancel)
    {
        if (await store.OpenLogAsync(ship, cancel) is not { } stored)
            return;
        if ((await stored.ReadMetadataAsync(cancel)).TryGetValue(NodeLog.NodeKey, out ReadOnlyMemory<byte> name) && logs.TryAdd(Encoding.UTF8.GetString(name.Span), stored))
            return;
        await stored.DisposeAsync();
    }

    private async Task KeepAsync()
    {
        using PeriodicTimer timer = new(_duration / TicksInLease, _time);
        do
        {
            Pump();
            Tend();
        }
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
    }

    private void Pump()
    {
        List<NodeQuestion> questions = [];
        lock (_lock)
            _leases.Pump(Now, questions);
        foreach (NodeQuestion question in questions)
            _running.Begin(() => AskAsync(question));
        Show();
    }

    /// <summary>What changes who may serve is told at once; that a lease was renewed, with the members' next ticks.</summary>
    private void Show()
    {
        NodeView before;
        NodeView now;
        Part[] told = [];
        lock (_lock)
        {
            (before, now) = (_view, _leases.View);
            if (before == now)
                return;
            _view = now;
            if (before.Epoch != now.Epoch || before.Ended != now.Ended || before.Shortfall != now.Shortfall)
                told = [.. _parts];
        }
        if (before.Epoch != now.Epoch && now.Epoch == Term.None)
            _log.LogWarning("This node's lease is lost, and its members are masters no more: {Why}.", now.Lost);
        foreach (Part part in told)
            part.Member.SeeNode();
    }

    private async Task AskAsync(NodeQuestion question)
    {
        TimeSpan sent = Now;
        using Deadline patience = new(_time, question is NodeQuestion.Campaign ? _duration * 2 : _duration, _stop.Token);
        IStoredLog asked = _logs[question.Node];
        switch (question)
        {
            case NodeQuestion.Campaign campaign:
                LeaseOutcome won = await TryAsync(() => asked.CampaignAsync(campaign.Expected, _life, _duration, patience.Token));
                if (won is LeaseOutcome.Done && asked != _own)
                    _log.LogWarning("Node {Node} was silent for {Lease} s: its ships are taken over.", question.Node, _duration.TotalSeconds);
                Answer(now => _leases.Campaigned(question.Node, won, sent, now));
                break;
            case NodeQuestion.Renew renew:
                LeaseOutcome renewed = await TryAsync(() => asked.RenewAsync(renew.Held, patience.Token));
                Answer(now => _leases.Renewed(renewed, sent, now));
                break;
            case NodeQuestion.Read:
                Lease? read = await TryReadAsync(async () => (await asked.ReadStateAsync(patience.Token)).Lease);
                Answer(now => _leases.Read(question.Node, read, now));
                break;
            default:
                Lease? seen = await TryReadAsync(async () => await asked.ObserveLeaseAsync(patience.Token));
                Answer(now => _leases.Observed(question.Node, seen, now));
                break;
        }
    }

    private void Answer(Action<TimeSpan> tell)
    {
        lock (_lock)
            tell(Now);
        if (!_stop.IsCancellationRequested)
            Pump();
    }

    // What is not answered is never asked again, so whatever is thrown is an answer: the node would be mute for good, and nobody would know why.
#pragma warning disable CA1031
    private async Task<LeaseOutcome> TryAsync(Func<ValueTask<LeaseOutcome>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception failed)
        {
            TellUnforeseen(failed);
            return new LeaseOutcome.Unknown(failed.Message);
        }
    }

    private async Task<Lease?> TryReadAsync(Func<Task<Lease>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception failed)
        {
            TellUnforeseen(failed);
            return null; // it is asked again
        }
    }
#pragma warning restore CA1031

    private void TellUnforeseen(Exception failed)
    {
        if (failed is not (SeguroException or OperationCanceledException or ObjectDisposedException))
            _log.LogError(failed, "A question about a lease failed in a way that nobody foresaw; it is asked again. Report it.");
    }

    /// <summary>
    /// A member whose loop stands still holds its ship no more: its node renews on, so nobody else could ever take it. It counts only what passed while this loop ran. The member finds
    /// out when it goes on, before it does anything: the deadline that it was told of is over by then.
    /// </summary>
    private void Tend()
    {
        List<Claim> due = [];
        lock (_lock)
        {
            foreach (Part part in _parts)
            {
                if (part.IsSilent(_duration * 2) && part.Member.Claim is { } claim && part.Given != claim)
                {
                    part.Given = claim;
                    _claims.Add(new Claim(part.Member.Ship, claim));
                    _log.LogError("The member of {Ship} stands still: another node is to be its master.", part.Member.Ship);
                }
            }
            foreach (Claim claim in _claims)
            {
                if (claim.IsUnderWay || Now < claim.Again)
                    continue;
                claim.IsUnderWay = true;
                due.Add(claim);
            }
        }
        foreach (Claim claim in due)
            _running.Begin(() => FreeAsync(claim, _stop.Token));
    }

    private async Task FreeAsync(Claim claim, CancellationToken cancel)
    {
        using Deadline patience = new(_time, _duration * 2, cancel);
        LeaseOutcome outcome = await TryAsync(async () =>
        {
            await using IStoredLog? stored = await _store.OpenLogAsync(claim.Ship, patience.Token);
            return stored is null ? new LeaseOutcome.Lost(claim.Lease) : await stored.ResignAsync(claim.Lease, patience.Token);
        });
        // A campaign of unknown outcome may yet come.
        bool mayCome = outcome is LeaseOutcome.Unknown || (outcome is LeaseOutcome.Lost lost && lost.Current.Term < claim.Lease.Term);
        lock (_lock)
        {
            claim.IsUnderWay = false;
            claim.Again = Now + (_duration / 2);
            bool isOver = NodeEpoch.TryParse(claim.Lease.Holder, out NodeEpoch epoch) && _leases.View.Epoch > epoch.Number;
            if (!mayCome || isOver)
                _claims.Remove(claim);
        }
    }

    /// <summary>A member that is here.</summary>
    private sealed class Part(MemberHost member)
    {
        private TimeSpan _silence;
        private int _ticks;

        public MemberHost Member => member;

        /// <summary>What was given back for it.</summary>
        public Lease? Given { get; set; }

        /// <summary>It has taken nothing in for so long, and for as many looks at it.</summary>
        public bool IsSilent(TimeSpan longest)
        {
            TimeSpan silence = member.SilentFor;
            _ticks = silence >= _silence ? _ticks + 1 : 0;
            _silence = silence;
            return _ticks > LongSilence && silence > longest;
        }
    }

    /// <summary>A ship's lease that is to be freed.</summary>
    private sealed class Claim(Ship ship, Lease lease)
    {
        public Ship Ship => ship;

        public Lease Lease => lease;

        public bool IsUnderWay { get; set; }

        public TimeSpan Again { get; set; }
    }
}

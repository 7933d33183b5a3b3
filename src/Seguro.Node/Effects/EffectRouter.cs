using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Node.Members;

namespace Seguro.Node.Effects;

/// <summary>
/// Carries out an Urbit ship's effects, and hears what comes for it: <c>%send</c> and <c>%push</c> become datagrams, <c>%doze</c> sets the alarm, which becomes a <c>%wake</c>.
/// Everything else is counted as unhandled.
/// </summary>
/// <remarks>
/// Threading: from any thread; <see cref="ReleaseAsync"/> one at a time. Nothing here waits for the network: a datagram that can't be sent is counted, and Ames repeats.
/// </remarks>
public sealed class EffectRouter : IAsyncDisposable
{
    private readonly DatagramPort _port;
    private readonly EffectRouterOptions _options;
    private readonly GalaxyTable _galaxies;
    private readonly AlarmClock _alarm;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _role = new();
    private Action<Ovum>? _hear;
    private readonly RecurringWarning _warning;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile AmesRules? _rules;
    private Task _receiving = Task.CompletedTask;
    private bool _isMaster;
    private long _sent;
    private long _unsent;
    private long _unhandled;

    /// <summary>Makes a router; nothing happens before <see cref="Start"/>.</summary>
    /// <param name="port">Where datagrams come in and go out; disposed of with this.</param>
    /// <param name="options">How.</param>
    public EffectRouter(DatagramPort port, EffectRouterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _port = port;
        _options = options;
        _rules = options.Rules;
        _warning = new RecurringWarning(options.Time, options.Log);
        _galaxies = new GalaxyTable(options, _stop.Token);
        _alarm = new AlarmClock(options.Time, () => Hear(BehnDriver.Wake()));
    }

    /// <summary>How many datagrams went out.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>How many could not: no route, or a galaxy whose address is not known.</summary>
    public long Unsent => Volatile.Read(ref _unsent);

    /// <summary>How many effects nobody here knows how to carry out.</summary>
    public long Unhandled => Volatile.Read(ref _unhandled);

    /// <summary>Faults when what hears for the ship has failed: it is deaf then. Ends with <see cref="DisposeAsync"/>.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The kernel's version of the protocol is known from now on: packets of others are dropped.</summary>
    public void SetVersion(uint version) => _rules = _rules is { } rules ? rules with { Version = version } : null;

    /// <summary>What people should know of the way in and out now; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings => _port.Warnings;

    /// <summary>Hears of a term that this member knows now, whatever its role: the balancer asks who knows of the master's.</summary>
    public void SeeTerm(Term term)
    {
        lock (_role)
        {
            // A master's term is the one that it won.
            if (!_isMaster)
                _port.Announce(isMaster: false, term);
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="hear">Takes what the ship is to hear: <see cref="Members.MemberHost.Hear"/>. Must not block.</param>
    public void Start(Action<Ovum> hear)
    {
        ArgumentNullException.ThrowIfNull(hear);
        lock (_role)
        {
            _hear = hear;
            if (_isMaster)
                AnnounceDrivers();
        }
        _receiving = Task.WhenAll(WatchAsync(Task.Run(ReceiveAsync, CancellationToken.None), "hearing datagrams"), WatchAsync(_port.Completion, "the link to the balancer"));
    }

    /// <summary>Hears of a change of role: a new master tells its kernel that the drivers have started; who is master no longer turns the alarm off.</summary>
    public void ChangeRole(Role role, Term term)
    {
        lock (_role)
        {
            bool isMaster = role is Role.Master;
            _port.Announce(isMaster, term);
            if (isMaster == _isMaster)
                return;
            _isMaster = isMaster;
            _alarm.Turn(isMaster);
            if (isMaster && _hear is not null)
                AnnounceDrivers();
        }
    }

    /// <summary>Carries out effects, in order.</summary>
    /// <param name="term">The master's term, which goes with each datagram.</param>
    /// <param name="effects">The effects.</param>
    /// <param name="degraded">Fewer replicas than asked for have processed some of these events; nothing is done otherwise for that.</param>
    /// <param name="cancel">Cancelled when the mastership ends: nothing more is sent.</param>
    public ValueTask ReleaseAsync(Term term, IReadOnlyList<Effect> effects, bool degraded, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(effects);
        foreach (Effect effect in effects)
        {
            cancel.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> bytes = effect.Bytes.Span;
            if (AmesDriver.TryReadSends(bytes, out IReadOnlyList<AmesSend> sends))
            {
                foreach (AmesSend send in sends)
                    Send(term, send);
            }
            else if (BehnDriver.TryReadDoze(bytes, out DateTimeOffset? when))
            {
                _alarm.Set(when);
            }
            else
            {
                NoteUnhandled();
            }
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends listening, and closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _alarm.Dispose();
        await _port.DisposeAsync();
        await _receiving;
        _completion.TrySetResult();
        _stop.Dispose();
    }

    /// <summary>A part that nobody waits for must not end unseen.</summary>
    private async Task WatchAsync(Task part, string what)
    {
        try
        {
            await part;
        }
        catch (Exception failed)
        {
            if (!_stop.IsCancellationRequested)
                _completion.TrySetException(Fault.Of(what, failed));
        }
    }

    private void Send(Term term, AmesSend send)
    {
        IPEndPoint? to = send.Galaxy is { } galaxy ? _galaxies.Find(galaxy) : send.Destination;
        if (to is not null && _port.Send(term, to, send.Datagram.Span))
        {
            Interlocked.Increment(ref _sent);
            return;
        }
        Interlocked.Increment(ref _unsent);
        _options.Undone("not sent");
    }

    private void AnnounceDrivers()
    {
        if (!_options.AnnounceDrivers)
            return;
        Hear(BehnDriver.Born(_options.Time.GetUtcNow()));
        Hear(AmesDriver.Born());
    }

    private void Hear(byte[] bytes) => _hear?.Invoke(new Ovum(bytes, _options.Time.GetUtcNow()));

    private async Task ReceiveAsync()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(DatagramPort.BufferSize, pinned: true);
        try
        {
            while (true)
            {
                (IPEndPoint from, ReadOnlyMemory<byte> datagram) = await _port.ReceiveAsync(buffer, _stop.Token);
                if (AmesDriver.Hear(from, datagram.Span, _rules, out uint digest, out Unheard why) is { } bytes)
                    _hear!(new Ovum(bytes, _options.Time.GetUtcNow(), digest, SenderOf(from.Address)));
                else
                    _options.Drop(why);
            }
        }
        catch (Exception error) when (_stop.IsCancellationRequested && error is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }

    // By address and not by port, of which a sender has as many as it likes.
    private static ulong SenderOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out int count) ? (1UL << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[(count - sizeof(uint))..]) : 0;
    }

    private void NoteUnhandled()
    {
        Interlocked.Increment(ref _unhandled);
        _options.Undone("unknown kind");
        _warning.Note("unhandled", "An effect is of a kind that this member does not carry out, and was dropped.");
    }
}

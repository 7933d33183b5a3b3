using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// Receives a ship's datagrams at one public address, gives each to every member, and sends out from there what the newest master releases.
/// </summary>
/// <remarks>
/// <para>Threading: two threads of its own while <see cref="RunAsync"/> runs, one for each direction; the properties may be read from any thread.</para>
/// <para>Memory: nothing is queued in this process. What waits, waits in the kernel's buffers, which are bounded and count what they drop.</para>
/// <para>Durability: none. After a start the highest term is 0 until the first frame of a master.</para>
/// </remarks>
public sealed class UdpBalancer : IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly BalancerOptions _options;
    private KeyRing _keys;
    private string? _said;
    private readonly DatagramSocket? _outside;
    private readonly DatagramSocket _inside;
    private readonly MemberTable _members;
    private readonly IngressPump? _ingress;
    private readonly EgressPump _egress;
    private readonly BalancerMetrics _metrics;
    private int _state; // 0 made, 1 running, 2 disposed

    private UdpBalancer(BalancerOptions options, DatagramSocket? outside, DatagramSocket inside, MemberTable members, TimeProvider time)
    {
        _time = time;
        _options = options;
        _keys = options.Keys().At(time.GetUtcNow());
        _outside = outside;
        _inside = inside;
        _members = members;
        // A later life begins above all numbers of an earlier one: nanoseconds since 1970, which no stream of datagrams outruns.
        ulong first = (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        _ingress = outside is null ? null : new IngressPump(outside, inside, members, new SealRing(_keys), first);
        _egress = new EgressPump(inside, outside, members, Ship, new SealRing(_keys), time);
        _metrics = new BalancerMetrics(this);
    }

    /// <summary>It takes datagrams (<see cref="BalancerOptions.Listen"/>).</summary>
    public bool TakesDatagrams => _outside is not null;

    /// <summary>Where outside peers send.</summary>
    /// <exception cref="InvalidOperationException">It takes no datagrams.</exception>
    public IPEndPoint Public => _outside?.Address ?? throw new InvalidOperationException("this balancer takes no datagrams");

    /// <summary>Where the ship is, where it runs on vere.</summary>
    public ShipPlaces Ship { get; } = new();

    /// <summary>Where members send hellos and effects.</summary>
    public IPEndPoint Inside => _inside.Address;

    /// <summary>The kernel's buffers for what comes in, in bytes as the kernel counts them: of the public socket, and of the inner one.</summary>
    public (int Public, int Inside) ReceiveBuffers => (_outside?.ReceiveBuffer ?? 0, _inside.ReceiveBuffer);

    /// <summary>Who gets what comes in, now.</summary>
    public IReadOnlyList<IPEndPoint> Members => [.. _members.Current.Select(static member => member.Address.ToEndPoint())];

    /// <summary>The highest term in force.</summary>
    public Term Term => new(_egress.Term);

    /// <summary>What it did until now.</summary>
    public BalancerStats Stats => new(
        _ingress?.Datagrams ?? 0,
        _ingress?.Copies ?? 0,
        _ingress?.TooLarge ?? 0,
        _ingress?.NotIPv4 ?? 0,
        _ingress?.WithoutMember ?? 0,
        _ingress?.Refused ?? 0,
        _outside?.Drops ?? 0,
        _egress.Released,
        _egress.OldTerm,
        _egress.Refused,
        _egress.Hellos,
        _egress.HellosRepeated,
        _egress.HellosTooMany,
        _egress.Malformed,
        _egress.Forged,
        _egress.UnknownKey,
        _egress.UnknownSender,
        _egress.WrongKind,
        _inside.Drops,
        (_ingress?.SocketErrors ?? 0) + _egress.SocketErrors,
        _egress.Term,
        _egress.TermsRefused,
        _egress.TermsTakenBack,
        _members.Current.Length);

    /// <summary>Binds both sockets; datagrams wait in the kernel until <see cref="RunAsync"/>.</summary>
    /// <param name="options">Addresses, members, key.</param>
    /// <param name="time">Tells when a member is silent for too long.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: an address can't be used.</exception>
    public static UdpBalancer Bind(BalancerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        MemberTable members = new(time);
        DatagramSocket? outside = options.Listen is null ? null : DatagramSocket.Bind(options.Listen, options.BufferBytes);
        try
        {
            return new UdpBalancer(options, outside, DatagramSocket.Bind(options.Inside, options.BufferBytes), members, time);
        }
        catch
        {
            outside?.Dispose();
            throw;
        }
    }

    /// <summary>Runs until it is cancelled: then it returns, once both threads have ended. Once only.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: a socket became useless.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) != 0)
            throw new InvalidOperationException("a balancer runs once");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using CancellationTokenRegistration wake = stop.Token.Register(() =>
        {
            _outside?.Interrupt();
            _inside.Interrupt();
        });
        Task ingress = _ingress is null ? Task.CompletedTask : StartThread("balancer ingress", _ingress.Step, _outside!, stop);
        Task egress = StartThread("balancer egress", _egress.Step, _inside, stop);
        try
        {
            await KeepMembersAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop, or a thread failed: its task says so.
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(ingress, egress);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Only before <see cref="RunAsync"/> or after it returned.</remarks>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _state, 2) == 2)
            return;
        _metrics.Dispose();
        _outside?.Dispose();
        _inside.Dispose();
        _ingress?.Dispose();
        _egress.Dispose();
    }

    private static Task StartThread(string name, Action step, DatagramSocket socket, CancellationTokenSource stop)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                while (!socket.IsInterrupted)
                    step();
                ended.SetResult();
            }
#pragma warning disable CA1031 // The thread's end is reported where somebody waits for it.
            catch (Exception error)
            {
                ended.SetException(error);
                stop.Cancel();
            }
#pragma warning restore CA1031
        })
        {
            Name = name,
            IsBackground = true,
        };
        thread.Start();
        return ended.Task;
    }

    private async Task KeepMembersAsync(CancellationToken cancel)
    {
        using PeriodicTimer timer = new(Round, _time);
        while (true)
        {
            _members.Expire();
            TakeKeys();
            if (_egress.Trouble is { } trouble && trouble != _said)
                _options.Notice?.Invoke(_said = trouble);
            await timer.WaitForNextTickAsync(cancel);
        }
    }

    private void TakeKeys()
    {
        KeyRing keys = _options.Keys().At(_time.GetUtcNow());
        if (keys.Entries.SequenceEqual(_keys.Entries))
            return;
        _keys = keys;
        // First those who check, then the list of who gets copies: nobody is let in by a key that is gone.
        _egress.SetSeals(new SealRing(keys));
        _ingress?.SetSeals(new SealRing(keys));
        _members.Keep(keys);
        _options.Notice?.Invoke($"Other keys are in force: {keys.Entries.Count}, of {string.Join(", ", keys.Entries.Select(static entry => entry.Member).Distinct())}.");
    }
}

using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// Receives ships' datagrams, each ship's at a public address of its own, gives each to every member of the ship, and sends out from there what its newest master releases. Mostly there is one ship;
/// a cluster of nodes has many, which are numbered: the ports of ship <c>n</c> are those of ship 0 plus <c>n</c>, and each frame says its ship.
/// </summary>
/// <remarks>
/// <para>Threading: two threads of its own while <see cref="RunAsync"/> runs, one for each direction, whatever the number of ships; the properties may be read from any thread.</para>
/// <para>
/// Memory: nothing is queued in this process. What waits, waits in the kernel's buffers, which are bounded by ship and count what they drop. A ship that nobody speaks with costs two sockets.
/// </para>
/// <para>Durability: none. After a start a ship's highest term is 0 until the first frame of a master.</para>
/// </remarks>
public sealed class UdpBalancer : IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly BalancerOptions _options;
    private readonly IngressRoom _ingress;
    private readonly EgressRoom _egress;
    private readonly BalancedShip[] _ships;
    private readonly BalancerMetrics _metrics;
    private KeyRing _keys;
    private int _state; // 0 made, 1 running, 2 disposed

    private UdpBalancer(BalancerOptions options, TimeProvider time)
    {
        _time = time;
        _options = options;
        _keys = options.Keys().At(time.GetUtcNow());
        _ingress = new IngressRoom(options.Inside.AddressFamily, new SealRing(_keys));
        _egress = new EgressRoom((options.Listen ?? options.Inside).AddressFamily, options.Inside.AddressFamily, new SealRing(_keys));
        // A later life begins above all numbers of an earlier one: nanoseconds since 1970, which no stream of datagrams outruns.
        ulong first = (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        List<BalancedShip> ships = [];
        try
        {
            for (int number = 0; number < options.Ships; number++)
                ships.Add(BalancedShip.Bind((ushort)number, PortOf(options.Listen, number), PortOf(options.Inside, number)!, _ingress, _egress, first, options.BufferBytes, time));
        }
        catch
        {
            Dispose(ships);
            throw;
        }
        _ships = [.. ships];
        _metrics = new BalancerMetrics(this);
    }

    /// <summary>It takes datagrams (<see cref="BalancerOptions.Listen"/>).</summary>
    public bool TakesDatagrams => _options.Listen is not null;

    /// <summary>How many ships it is for.</summary>
    public int Ships => _ships.Length;

    /// <summary>Where outside peers send to the only ship, or to ship 0.</summary>
    /// <exception cref="InvalidOperationException">It takes no datagrams.</exception>
    public IPEndPoint Public => PublicOf(0);

    /// <summary>Where the only ship is, or ship 0, where it runs on vere.</summary>
    public ShipPlaces Ship => _ships[0].Places;

    /// <summary>Where the only ship's members, or ship 0's, send hellos and effects.</summary>
    public IPEndPoint Inside => InsideOf(0);

    /// <summary>The kernel's buffers for what comes in, in bytes as the kernel counts them: of a public socket, and of an inner one.</summary>
    public (int Public, int Inside) ReceiveBuffers => (_ships[0].Outside?.ReceiveBuffer ?? 0, _ships[0].Inside.ReceiveBuffer);

    /// <summary>Who gets what comes in for the only ship, or for ship 0, now.</summary>
    public IReadOnlyList<IPEndPoint> Members => [.. _ships[0].Members.Current.Select(static member => member.Address.ToEndPoint())];

    /// <summary>The highest term in force, of the only ship or of ship 0.</summary>
    public Term Term => new(_ships[0].Egress.Term);

    /// <summary>What it did until now: of all ships the sums, and the highest term.</summary>
    public BalancerStats Stats => BalancerStats.SumOf([.. _ships.Select(static ship => ship.Stats)]) with { SocketErrors = _ingress.Batch.Errors + _egress.Batch.Errors };

    /// <summary>Where outside peers send to a ship.</summary>
    /// <exception cref="InvalidOperationException">It takes no datagrams.</exception>
    public IPEndPoint PublicOf(int ship) => _ships[ship].Outside?.Address ?? throw new InvalidOperationException("this balancer takes no datagrams");

    /// <summary>Where a ship's members send hellos and effects.</summary>
    public IPEndPoint InsideOf(int ship) => _ships[ship].Inside.Address;

    /// <summary>What it did for a ship until now, but for errors of the system while receiving, which belong to none.</summary>
    public BalancerStats StatsOf(int ship) => _ships[ship].Stats;

    /// <summary>Binds all sockets; datagrams wait in the kernel until <see cref="RunAsync"/>.</summary>
    /// <param name="options">Addresses, members, key.</param>
    /// <param name="time">Tells when a member is silent for too long.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: an address can't be used, or there is no port for each ship.</exception>
    public static UdpBalancer Bind(BalancerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Check();
        return new UdpBalancer(options, time);
    }

    /// <summary>Runs until it is cancelled: then it returns, once both threads have ended. Once only.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: a socket became useless.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) != 0)
            throw new InvalidOperationException("a balancer runs once");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task ingress = TakesDatagrams ? StartThread("balancer ingress", [.. _ships.Select(static ship => (ship.Outside!, (Action)ship.Ingress!.Step))], stop) : Task.CompletedTask;
        Task egress = StartThread("balancer egress", [.. _ships.Select(static ship => (ship.Inside, (Action)ship.Egress.Step))], stop);
        await using CancellationTokenRegistration wake = stop.Token.Register(() =>
        {
            foreach (BalancedShip ship in _ships)
            {
                ship.Outside?.Interrupt();
                ship.Inside.Interrupt();
            }
        });
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
        Dispose(_ships);
    }

    private void Dispose(IEnumerable<BalancedShip> ships)
    {
        foreach (BalancedShip ship in ships)
            ship.Dispose();
        _ingress.Dispose();
        _egress.Dispose();
    }

    // Port 0 asks for a free one, for each.
    private static IPEndPoint? PortOf(IPEndPoint? first, int number) => first is null || first.Port == 0 ? first : new IPEndPoint(first.Address, first.Port + number);

    private static Task StartThread(string name, (DatagramSocket Socket, Action Step)[] ships, CancellationTokenSource stop)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                if (ships.Length == 1)
                    StepOne(ships[0].Socket, ships[0].Step);
                else
                    StepMany(ships);
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

    // Waiting and receiving are one call of the kernel.
    private static void StepOne(DatagramSocket socket, Action step)
    {
        while (!socket.IsInterrupted)
            step();
    }

    private static void StepMany((DatagramSocket Socket, Action Step)[] ships)
    {
        using SocketPoller poller = new([.. ships.Select(static ship => ship.Socket)]);
        Span<int> ready = stackalloc int[SocketPoller.Most];
        while (true)
        {
            int count = poller.Wait(ready);
            foreach (int index in ready[..count])
            {
                if (ships[index].Socket.IsInterrupted)
                    return; // they all are
                ships[index].Step();
            }
        }
    }

    private async Task KeepMembersAsync(CancellationToken cancel)
    {
        using PeriodicTimer timer = new(Round, _time);
        while (true)
        {
            TakeKeys();
            foreach (BalancedShip ship in _ships)
            {
                ship.Members.Expire();
                if (ship.TakeTrouble() is { } trouble)
                    _options.Notice?.Invoke(_ships.Length == 1 ? trouble : $"Ship {ship.Number}: {trouble}");
            }
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
        _egress.Seals = new SealRing(keys);
        _ingress.Seals = new SealRing(keys);
        foreach (BalancedShip ship in _ships)
            ship.Members.Keep(keys);
        _options.Notice?.Invoke($"Other keys are in force: {keys.Entries.Count}, of {string.Join(", ", keys.Entries.Select(static entry => entry.Member).Distinct())}.");
    }
}

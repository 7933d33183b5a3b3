using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Vere.Networks;

namespace Seguro.Node.Effects;

/// <summary>
/// Joins a ship's own network (<see cref="ShipNetwork"/>) with the balancer: what the balancer gives this member arrives there from its true sender,
/// what leaves there goes to the balancer with the master's term, and HTTP clients are carried in from a port of the machine.
/// </summary>
/// <remarks>
/// <para>Only of a master: a replica's datagrams arrive nowhere, and what leaves a network whose member is master no longer is dropped and counted. A king of an earlier mastership is gone before its
/// member can be master again, so nothing of it gets a later term.</para>
/// <para>Threading: from any thread. Nothing waits for the network.</para>
/// </remarks>
public sealed class VereNetwork : IAsyncDisposable
{
    private readonly ShipNetwork _network;
    private readonly BalancerLink _link;
    private readonly ushort _port;
    private readonly Action<string> _drop;
    private readonly ShipPlaces _places = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _arriving;
    private readonly Task _leaving;
    private HttpRelay? _door;
    private Task _serving = Task.CompletedTask;
    private volatile Mastership? _mastership;
    private bool _isOver;

    /// <summary>Begins to carry.</summary>
    /// <param name="network">The ship's network; it stays the caller's, and outlives this.</param>
    /// <param name="link">The way to the balancer; it stays the caller's. Nobody else receives from it.</param>
    /// <param name="port">The ship's UDP port in its network.</param>
    /// <param name="drop">Hears of each datagram that is dropped, and why, in few and fixed words; for counting.</param>
    public VereNetwork(ShipNetwork network, BalancerLink link, int port, Action<string> drop)
    {
        _network = network;
        _link = link;
        _port = (ushort)port;
        _drop = drop;
        _arriving = Task.Run(ArriveAsync, CancellationToken.None);
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _leaving = left.Task;
        Thread reading = new(() =>
        {
            try
            {
                Leave();
                left.SetResult();
            }
            catch (Exception failed)
            {
                left.SetException(failed); // thrown again where somebody waits for it
            }
        })
        { IsBackground = true, Name = "what the ship sends" };
        reading.Start();
        Completion = Task.WhenAny(_arriving, _leaving).Unwrap();
    }

    /// <summary>Ends, or faults, when nothing is carried any more in one of the two directions.</summary>
    public Task Completion { get; }

    /// <summary>What people should know of the network; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings => _network.Warnings;

    /// <summary>Hears of a change of role.</summary>
    public void ChangeRole(bool isMaster, Term term) => _mastership = isMaster ? new Mastership(term) : null;

    /// <summary>Lets HTTP clients in, to the port that the king has in its network.</summary>
    /// <param name="kingsPort">That port; 0: nobody is let in.</param>
    /// <returns>Where on this machine they come: the same port where it is free, another where it is not; 0 for 0.</returns>
    public int Serve(int kingsPort)
    {
        lock (_gate)
        {
            if (_isOver)
                return 0;
            Mastership? mastership = kingsPort > 0 ? _mastership : null;
            _places.Set(mastership is null ? null : new ShipPlace("the ship's own network", ShipNetwork.Address, mastership.Term, 0, kingsPort));
            if (mastership is null)
                return 0;
            if (_door is null)
            {
                _door = Open(kingsPort);
                _serving = _door.RunAsync(_stop.Token);
            }
            return _door.Address.Port;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
            _mastership = null;
        }
        await _stop.CancelAsync();
        _network.Interrupt();
        await Task.WhenAll(_arriving, _leaving, _serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _door?.Dispose();
        _stop.Dispose();
    }

    // The ship sees its own address in place of the loopback's: who is on the ship's machine is trusted by some.
    private HttpRelay Open(int wanted)
    {
        try
        {
            return HttpRelay.Bind(new IPEndPoint(IPAddress.Any, wanted), _places, TimeProvider.System, connecting: Connecting);
        }
        catch (SeguroException taken) when (taken.Code is ErrorCode.BadValue)
        {
            return HttpRelay.Bind(new IPEndPoint(IPAddress.Any, 0), _places, TimeProvider.System, connecting: Connecting);
        }
    }

    private Socket Connecting() => _network.Enter(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    private async Task ArriveAsync()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BalancerFrame.MaxSize, pinned: true);
        byte[] packet = new byte[BalancerFrame.MaxSize + ShipPacket.HeaderSize];
        try
        {
            while (true)
            {
                IngressDatagram heard = await _link.ReceiveAsync(buffer, _stop.Token);
                if (_mastership is null)
                    continue; // a replica: the master hears it
                if (!heard.From.IsIPv4)
                {
                    _drop("not IPv4");
                    continue;
                }
                int size = ShipPacket.Write(packet, (heard.From.IPv4, heard.From.Port), (ShipNetwork.AddressNumber, _port), heard.Payload.Span);
                if (!_network.Write(packet.AsSpan(0, size)))
                    _drop("no room");
            }
        }
        catch (Exception over) when (_stop.IsCancellationRequested && over is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }

    private void Leave()
    {
        byte[] packet = new byte[ShipPacket.MaxSize];
        while (_network.Read(packet) is var size and > 0)
        {
            PacketFault fault = ShipPacket.Read(packet.AsSpan(0, size), _port, out (uint Address, ushort Port) to, out ReadOnlySpan<byte> payload);
            if (fault is not PacketFault.None)
                _drop(WordOf(fault));
            else if (_mastership is not { } mastership)
                _drop("not master");
            else if (!_link.Send(mastership.Term, PeerAddress.OfIPv4(to.Address, to.Port), payload))
                _drop("not sent");
        }
        if (!_stop.IsCancellationRequested)
            throw new SeguroException(ErrorCode.NoShipNetwork, "the TUN device of the ship's own network is gone", "Start the member again.");
    }

    private static string WordOf(PacketFault fault) => fault switch
    {
        PacketFault.NotIPv4 => "not IPv4",
        PacketFault.Fragment => "fragment",
        PacketFault.Protocol => "not UDP",
        PacketFault.OtherPort => "other port",
        _ => "malformed",
    };

    private sealed record Mastership(Term Term);
}

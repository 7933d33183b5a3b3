using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>Carries connections of HTTP clients to the master's ship, byte by byte, and cuts them when the ship goes elsewhere.</summary>
/// <remarks>
/// <para>Nothing of HTTP is read or changed, so that whatever a ship speaks goes through: WebSockets, server-sent events, bodies of any length, connections kept alive. A client that finds its
/// connection cut, and repeats, is served by the next master; one that comes while there is none waits.</para>
/// <para>Bounds: at most <see cref="MostConnections"/>; where all places are taken, the one that has been silent the longest, and for ten seconds at
/// least, gives its place up to who comes next; else that one waits, and
/// those after it in the kernel. In each direction at most 32 KiB are held here: a side that does not read stops the other. A client that asks nothing gets no connection to the ship.</para>
/// <para>Threading: one <see cref="RunAsync"/>; the properties from any thread.</para>
/// </remarks>
public sealed class HttpRelay : IDisposable
{
    /// <summary>The most connections at a time.</summary>
    public const int MostConnections = 1024;

    private const int Backlog = 512;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly ShipPlaces _places;
    private readonly TimeProvider _time;
    private readonly int _most;
    private readonly Func<Socket>? _connecting;
    private readonly SemaphoreSlim _room;
    private readonly Lock _lock = new();
    private readonly Dictionary<RelayedConnection, Task> _open = [];
    private readonly Meter _meter = new("Seguro.Balancer");
    private long _accepted;
    private long _cut;
    private long _unserved;
    private long _madeRoom;

    private HttpRelay(Socket listener, ShipPlaces places, TimeProvider time, int most, Func<Socket>? connecting)
    {
        _connecting = connecting;
        _listener = listener;
        _places = places;
        _time = time;
        _most = most;
        _room = new SemaphoreSlim(most);
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _meter.CreateObservableGauge("seguro.balancer.http.connections", () => Stats.Open, "{connection}", "Connections of HTTP clients, now.");
        _meter.CreateObservableCounter("seguro.balancer.http.accepted", () => Stats.Accepted, "{connection}", "Connections of HTTP clients that came in.");
        _meter.CreateObservableCounter("seguro.balancer.http.ended", () => Ended(Stats), "{connection}", "Connections that the balancer ended, by reason.");
    }

    /// <summary>Where clients come.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What it did until now.</summary>
    public HttpRelayStats Stats
    {
        get
        {
            lock (_lock)
                return new HttpRelayStats(_accepted, _open.Count, _cut, _unserved, _madeRoom);
        }
    }

    /// <summary>Binds; who comes waits in the kernel until <see cref="RunAsync"/>.</summary>
    /// <param name="listen">Where clients come; port 0 asks for a free one.</param>
    /// <param name="places">Where the ship is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="most">The most connections at a time.</param>
    /// <param name="connecting">Makes a socket that is to be connected with the ship, where that is in another network than the caller's; from any thread.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address can't be used.</exception>
    public static HttpRelay Bind(IPEndPoint listen, ShipPlaces places, TimeProvider time, int most = MostConnections, Func<Socket>? connecting = null)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(places);
        ArgumentNullException.ThrowIfNull(time);
        Socket listener = new(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(listen);
            listener.Listen(Backlog);
            return new HttpRelay(listener, places, time, most, connecting);
        }
        catch (SocketException error)
        {
            listener.Dispose();
            throw new SeguroException(ErrorCode.BadValue, $"can't listen on {listen}: {error.Message}", "Choose an address of this machine and a port that nobody uses.", error);
        }
    }

    /// <summary>Serves until it is cancelled; then all connections are ended, and it returns. Once only.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                Socket client = await AcceptAsync(cancel);
                try
                {
                    await MakeRoomAsync(cancel);
                }
                catch
                {
                    client.Dispose();
                    throw;
                }
                RelayedConnection connection = new(client, _places, _time, _connecting);
                lock (_lock)
                {
                    _accepted++;
                    _open[connection] = ServeAsync(connection, cancel);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Asked to stop.
        }
        finally
        {
            Task[] open;
            lock (_lock)
                open = [.. _open.Values];
            await Task.WhenAll(open);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Only before <see cref="RunAsync"/> or after it returned.</remarks>
    public void Dispose()
    {
        _listener.Dispose();
        _room.Dispose();
        _meter.Dispose();
    }

    private static IEnumerable<Measurement<long>> Ended(HttpRelayStats stats) =>
    [
        new(stats.Cut, new KeyValuePair<string, object?>("reason", "takeover")),
        new(stats.Unserved, new KeyValuePair<string, object?>("reason", "no_ship")),
        new(stats.MadeRoom, new KeyValuePair<string, object?>("reason", "room")),
    ];

    private async Task<Socket> AcceptAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await _listener.AcceptAsync(cancel);
            }
            catch (SocketException)
            {
                // A client that was gone before it was taken, or no more descriptors: it passes, but must not become a busy loop.
                await Task.Delay(TimeSpan.FromMilliseconds(10), _time, cancel);
            }
        }
    }

    private async Task MakeRoomAsync(CancellationToken cancel)
    {
        while (!await _room.WaitAsync(TimeSpan.Zero, cancel))
        {
            RelayedConnection? silent;
            lock (_lock)
                silent = _open.Keys.MaxBy(static connection => connection.Silent);
            if (silent is not null && silent.Silent >= Silence)
                silent.End(RelayEnding.Room);
            if (await _room.WaitAsync(Glance, cancel))
                return;
        }
    }

    private async Task ServeAsync(RelayedConnection connection, CancellationToken cancel)
    {
        await Task.Yield(); // it is in the list before it is taken out
        RelayEnding ending = await connection.RunAsync(cancel);
        connection.Dispose();
        lock (_lock)
        {
            _open.Remove(connection);
            if (ending is RelayEnding.Takeover)
                _cut++;
            else if (ending is RelayEnding.NoShip)
                _unserved++;
            else if (ending is RelayEnding.Room)
                _madeRoom++;
        }
        _room.Release();
    }
}

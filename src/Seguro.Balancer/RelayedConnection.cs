using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Balancer;

/// <summary>A client's connection, and the one to the ship that goes with it.</summary>
internal sealed class RelayedConnection(Socket client, ShipPlaces places, TimeProvider time, Func<Socket>? connecting = null) : IDisposable
{
    private const int BufferSize = 32 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _end = new();
    private long _moved = time.GetTimestamp();
    private int _ending;

    /// <summary>For how long no byte has moved.</summary>
    public TimeSpan Silent => time.GetElapsedTime(Volatile.Read(ref _moved));

    /// <summary>Ends it. From any thread, at any time.</summary>
    public void End(RelayEnding ending)
    {
        Interlocked.CompareExchange(ref _ending, (int)ending, 0);
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    /// <summary>Carries bytes until somebody ends it. Never throws.</summary>
    public async Task<RelayEnding> RunAsync(CancellationToken stop)
    {
        await using CancellationTokenRegistration stopping = stop.Register(() => End(RelayEnding.Stop));
        Socket? ship = null;
        byte[] first = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            Prepare(client);
            // HTTP's clients speak first, and who says nothing has no claim on the ship.
            using CancellationTokenSource silent = new(Patience, time);
            using CancellationTokenSource until = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, silent.Token);
            int size = await client.ReceiveAsync(first, until.Token);
            if (size == 0 || await ConnectAsync() is not { } reached)
                return Ending;
            ship = reached.Ship;
            await SendAsync(ship, first.AsMemory(0, size));
            await CarryAsync(ship, reached.Place);
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            // One of the two is gone, or it was ended.
            Abort(client);
            Abort(ship);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(first);
            client.Dispose();
            ship?.Dispose();
        }
        return Ending;
    }

    /// <summary>After <see cref="RunAsync"/>.</summary>
    public void Dispose() => _end.Dispose();

    private RelayEnding Ending => (RelayEnding)Volatile.Read(ref _ending);

    private async Task<(Socket Ship, ShipPlace Place)?> ConnectAsync()
    {
        long start = time.GetTimestamp();
        TimeSpan pause = FirstPause;
        while (true)
        {
            (ShipPlace? place, Task changed) = places.Look();
            if (place is { HttpPort: > 0 } && await TryConnectAsync(place) is { } ship)
                return (ship, place);
            if (time.GetElapsedTime(start) > Patience)
            {
                Interlocked.CompareExchange(ref _ending, (int)RelayEnding.NoShip, 0);
                await SendAsync(client, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                client.Shutdown(SocketShutdown.Send);
                return null;
            }
            // A king that has just crashed is started again at the same place; where the master has no port yet, it will say so.
            await Task.WhenAny(changed, Task.Delay(place is { HttpPort: > 0 } ? pause : LongestPause, time, _end.Token));
            _end.Token.ThrowIfCancellationRequested();
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (client.Poll(0, SelectMode.SelectRead) && client.Available == 0)
                return null; // it has given up; nothing is computed for it
        }
    }

    private async Task<Socket?> TryConnectAsync(ShipPlace place)
    {
        Socket ship = connecting?.Invoke() ?? new Socket(place.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        limit.CancelAfter(ConnectTime);
        try
        {
            Prepare(ship);
            await ship.ConnectAsync(new IPEndPoint(place.Address, place.HttpPort), limit.Token);
            return ship;
        }
        catch (Exception refused) when (refused is SocketException or OperationCanceledException)
        {
            ship.Dispose();
            _end.Token.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async Task CarryAsync(Socket ship, ShipPlace place)
    {
        using CancellationTokenSource carried = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        Task moved = places.UntilLeftAsync(place, carried.Token);
        Task up = CopyAsync(client, ship, carried.Token);
        Task down = CopyAsync(ship, client, carried.Token);
        Task both = Task.WhenAll(up, down);
        try
        {
            // The first of the two that fails ends the other one.
            Task first = await Task.WhenAny(both, moved, FailedAsync(up), FailedAsync(down));
            if (first == moved && !_end.IsCancellationRequested)
                End(RelayEnding.Takeover);
            await first;
            _end.Token.ThrowIfCancellationRequested();
        }
        finally
        {
            await carried.CancelAsync();
            await Task.WhenAll(both, moved).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task FailedAsync(Task copying)
    {
        await copying;
        await Task.Delay(Timeout.Infinite, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task CopyAsync(Socket from, Socket to, CancellationToken cancel)
    {
        while (true)
        {
            // Nothing is held for a connection on which nothing comes.
            await from.ReceiveAsync(Memory<byte>.Empty, cancel);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                int size = await from.ReceiveAsync(buffer, cancel);
                if (size == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }
                Volatile.Write(ref _moved, time.GetTimestamp());
                for (int sent = 0; sent < size;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, size - sent), cancel);
                    Volatile.Write(ref _moved, time.GetTimestamp());
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
            sent += await to.SendAsync(bytes[sent..], _end.Token);
    }

    private static void Prepare(Socket socket)
    {
        socket.NoDelay = true;
        // A peer whose machine is gone says nothing; the kernel asks it after a minute.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    /// <summary>By a reset, and not by an orderly end: an answer whose length nobody said must not look complete.</summary>
    private static void Abort(Socket? socket)
    {
        try
        {
            if (socket is not null)
                socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Then there is nothing to end.
        }
    }
}

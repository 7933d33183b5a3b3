using System.Net;
using System.Net.Sockets;

namespace Seguro.Testing;

/// <summary>Passes on TCP connections from one loopback port to another, and can cut them all in the middle of whatever they carry.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _sockets = [];
    private readonly Task _accepting;
    private bool _closed;

    /// <summary>Starts to listen.</summary>
    /// <param name="port">Where.</param>
    /// <param name="target">Where to pass the connections on to.</param>
    public TcpRelay(int port, int target)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Breaks all connections that there are (RST); new ones are passed on as before.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach (Socket socket in _sockets)
                socket.Close(0);
            _sockets.Clear();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _closed = true;
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassOnAsync(await _listener.AcceptSocketAsync(CancellationToken.None));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Told to stop.
        }
    }

    private async Task PassOnAsync(Socket client)
    {
        Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!Keep(client) || !Keep(server))
                return;
            client.NoDelay = server.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target, CancellationToken.None);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Cut, or nobody listens at the target: the client's connection ends too.
        }
        finally
        {
            lock (_lock)
            {
                _sockets.Remove(client);
                _sockets.Remove(server);
            }
            client.Close(0);
            server.Close(0);
        }
    }

    private bool Keep(Socket socket)
    {
        lock (_lock)
        {
            if (!_closed)
                _sockets.Add(socket);
            return !_closed;
        }
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer, CancellationToken.None) is var count and > 0)
            {
                for (int sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), CancellationToken.None);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end of either side is the end of both.
        }
    }
}

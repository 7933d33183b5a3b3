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
    private readonly Dictionary<Socket, (Socket Server, int Port)> _pairs = [];
    private Func<int, bool>? _isRefused;
    private readonly Task _accepting;
    private bool _closed;

    /// <summary>Starts to listen.</summary>
    /// <param name="port">Where.</param>
    /// <param name="target">Where to pass the connections on to.</param>
    public TcpRelay(int port, int target)
        : this(new TcpListener(IPAddress.Loopback, port), target)
    {
    }

    /// <summary>Listens in another network, and passes the connections on to a port of this one's loopback.</summary>
    public static TcpRelay Between(NetworkNamespace network, IPEndPoint listen, int target)
    {
        ArgumentNullException.ThrowIfNull(network);
        // Only the socket is made there: threads that begin there would stay there.
        return new TcpRelay(
            network.Enter(() =>
            {
                TcpListener listener = new(listen);
                listener.Start();
                return listener;
            }),
            target);
    }

    private TcpRelay(TcpListener listener, int target)
    {
        _target = target;
        _listener = listener;
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

    /// <summary>Breaks the connections from some of the clients, and refuses them new ones; what they had sent and nobody read yet is lost.</summary>
    /// <param name="isRefused">Says of a client's port whether it is refused; <see langword="null"/>: nobody is, any more.</param>
    public void Refuse(Func<int, bool>? isRefused)
    {
        lock (_lock)
        {
            _isRefused = isRefused;
            if (isRefused is null)
                return;
            foreach ((Socket client, (Socket server, _)) in _pairs.Where(pair => isRefused(pair.Value.Port)).ToList())
            {
                client.Close(0);
                server.Close(0);
            }
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
        catch (Exception error) when (error is SocketException or InvalidOperationException)
        {
            // Told to stop: while it waited, or between two connections ("Not listening").
        }
    }

    private async Task PassOnAsync(Socket client)
    {
        Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!Keep(client, server))
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
                _pairs.Remove(client);
            }
            client.Close(0);
            server.Close(0);
        }
    }

    private bool Keep(Socket client, Socket server)
    {
        int port = ((IPEndPoint)client.RemoteEndPoint!).Port;
        lock (_lock)
        {
            if (_closed || _isRefused?.Invoke(port) == true)
                return false;
            _sockets.Add(client);
            _sockets.Add(server);
            _pairs.Add(client, (server, port));
            return true;
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

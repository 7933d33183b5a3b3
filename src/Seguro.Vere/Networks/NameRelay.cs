using System.Net;
using System.Net.Sockets;

namespace Seguro.Vere.Networks;

/// <summary>
/// Asks the machine's name servers for a ship in a network of its own: there each of them has its address on the loopback, where this process hears,
/// and asks the true one by a socket of the machine's. So also one that is the machine itself (127.0.0.53) is reached.
/// </summary>
/// <remarks>By UDP; an answer that does not fit there is cut, and nobody asks again by TCP. At most <see cref="MostAsked"/> questions wait at a time; more are dropped.</remarks>
sealed class NameRelay : IAsyncDisposable
{
    private const string Configuration = "/etc/resolv.conf";
    private const int MostAsked = 64;
    private const int MostServers = 3; // as many as a resolver asks
    private const int Port = 53;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _sockets = [];
    private Task _relaying = Task.CompletedTask;
    private int _asked;

    /// <summary>The machine's name servers, as far as they have an IPv4 address, as its configuration has them now.</summary>
    public static IPAddress[] Servers()
    {
        try
        {
            return ServersOf(File.ReadAllText(Configuration));
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The name servers in a resolv.conf(5).</summary>
    public static IPAddress[] ServersOf(string text) =>
    [
        .. text.Split('\n')
            .Select(static line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(static words => words is ["nameserver", _, ..])
            .Select(static words => IPAddress.TryParse(words[1], out IPAddress? server) ? server : null)
            .OfType<IPAddress>()
            .Where(static server => server.AddressFamily == AddressFamily.InterNetwork)
            .Distinct().Take(MostServers),
    ];

    /// <summary>Begins.</summary>
    /// <param name="network">The ship's; its loopback has the servers' addresses.</param>
    /// <param name="servers">The servers.</param>
    /// <param name="warnings">Takes what can't be had.</param>
    public static NameRelay Start(ShipNetwork network, IReadOnlyList<IPAddress> servers, List<string> warnings)
    {
        NameRelay relay = new();
        List<Task> relaying = [];
        foreach (IPAddress server in servers)
        {
            try
            {
                Socket socket = network.Enter(() => Bind(server));
                relay._sockets.Add(socket);
                relaying.Add(relay.RelayAsync(socket, new IPEndPoint(server, Port)));
            }
            catch (SocketException refused)
            {
                warnings.Add($"The ship asks no name server at {server}: port {Port} of its own network can't be had ({refused.Message}). Give the member CAP_NET_BIND_SERVICE.");
            }
        }
        if (servers.Count == 0)
            warnings.Add($"The ship asks for no names, and finds no galaxies: {Configuration} of this machine names no server with an IPv4 address.");
        relay._relaying = Task.WhenAll(relaying);
        return relay;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (Socket socket in _sockets)
            socket.Dispose();
        await _relaying;
        _stop.Dispose();
    }

    private static Socket Bind(IPAddress server)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(server, Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task RelayAsync(Socket socket, IPEndPoint server)
    {
        byte[] buffer = new byte[ushort.MaxValue];
        CancellationToken stop = _stop.Token;
        while (true)
        {
            try
            {
                SocketReceiveFromResult got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), stop);
                if (Interlocked.Increment(ref _asked) > MostAsked)
                    Interlocked.Decrement(ref _asked);
                else
                    _ = AskAsync(socket, server, buffer[..got.ReceivedBytes], got.RemoteEndPoint, stop);
            }
            catch (SocketException) when (!stop.IsCancellationRequested)
            {
                // Who asked is gone.
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    /// <summary>By a port of its own for each question, as a resolver does it.</summary>
    private async Task AskAsync(Socket socket, IPEndPoint server, byte[] question, EndPoint from, CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            using Socket asking = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            await asking.ConnectAsync(server, limit.Token);
            await asking.SendAsync(question, limit.Token);
            byte[] answer = new byte[ushort.MaxValue];
            int size = await asking.ReceiveAsync(answer, limit.Token);
            await socket.SendToAsync(answer.AsMemory(0, size), from, limit.Token);
        }
        catch (Exception unanswered) when (unanswered is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Who asked asks again.
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }
}

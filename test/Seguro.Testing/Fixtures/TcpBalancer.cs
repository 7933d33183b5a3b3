using System.Net;
using System.Net.Sockets;

namespace Seguro.Testing;

/// <summary>A plain TCP balancer: each connection goes to the next of several ports of loopback that takes it.</summary>
public sealed class TcpBalancer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int[] _targets;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;
    private int _next;

    /// <summary>Starts to listen, on a free port.</summary>
    public TcpBalancer(params int[] targets)
    {
        _targets = targets;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections each target took.</summary>
    public IReadOnlyList<int> Taken => _taken;

    private readonly int[] _taken = new int[16];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassOnAsync(await _listener.AcceptSocketAsync(_ended.Token));
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task PassOnAsync(Socket client)
    {
        using (client)
        {
            for (int attempt = 0; attempt < _targets.Length; attempt++)
            {
                int target = Interlocked.Increment(ref _next) % _targets.Length;
                using Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await server.ConnectAsync(IPAddress.Loopback, _targets[target], _ended.Token);
                }
                catch (Exception refused) when (refused is SocketException or OperationCanceledException)
                {
                    continue;
                }
                Interlocked.Increment(ref _taken[target]);
                client.NoDelay = true;
                await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
                client.Close(0);
                server.Close(0);
                return;
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer, _ended.Token) is var count and > 0)
            {
                for (int sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _ended.Token);
            }
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of either side is the end of both.
        }
    }
}

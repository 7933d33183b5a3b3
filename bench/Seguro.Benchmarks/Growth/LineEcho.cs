using System.Net;
using System.Net.Sockets;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A datagram there and back over a <see cref="DelayLine"/>: what any commit that waits for another place takes at the least.</summary>
internal sealed class LineEcho : IDisposable
{
    private readonly Socket _asker;
    private readonly Socket _answerer;
    private readonly byte[] _question = new byte[64];
    private readonly byte[] _heard = new byte[64];
    private readonly Task _answering;

    public LineEcho(LinePlace from, LinePlace to)
    {
        _asker = SocketAt(from);
        _answerer = SocketAt(to);
        _asker.Connect(_answerer.LocalEndPoint!);
        _answerer.Connect(_asker.LocalEndPoint!);
        _answering = AnswerAsync();
    }

    public async ValueTask AskAsync(CancellationToken cancel)
    {
        await _asker.SendAsync(_question, cancel);
        await _asker.ReceiveAsync(_question, cancel);
    }

    public void Dispose()
    {
        _asker.Dispose();
        _answerer.Dispose();
        _answering.Wait(CancellationToken.None);
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (await _answerer.ReceiveAsync(_heard, CancellationToken.None) is var count and > 0)
                await _answerer.SendAsync(_heard.AsMemory(0, count), CancellationToken.None);
        }
        catch (SocketException)
        {
            // Disposed of.
        }
        catch (ObjectDisposedException)
        {
            // Likewise.
        }
    }

    private static Socket SocketAt(LinePlace place) => place.Enter(() =>
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(place.Address, 0));
        return socket;
    });
}

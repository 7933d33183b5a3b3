using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Node.Effects;

/// <summary>Datagrams on a UDP socket of the member's own: where there is no balancer, or one of the kernel's making copies them. IPv4, as Urbit's network is.</summary>
/// <remarks>Nobody drops here what a replaced master still sends: the gate, and the lease, are what keeps it from doing so.</remarks>
public sealed class OwnPort : DatagramPort
{
    private const int BufferBytes = 4 << 20;
    private static readonly IPEndPoint Anywhere = new(IPAddress.Any, 0);
    private readonly Socket _socket;

    private OwnPort(Socket socket)
    {
        _socket = socket;
        Address = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where it is bound.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Binds.</summary>
    /// <param name="listen">An address of IPv4; port 0 asks for a free one.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address is in use, or not of this machine.</exception>
    public static OwnPort Open(IPEndPoint listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.ReceiveBufferSize = BufferBytes;
            socket.SendBufferSize = BufferBytes;
            socket.Bind(listen);
            return new OwnPort(socket);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new SeguroException(ErrorCode.BadValue, $"can't listen on {listen}: {error.Message}", "Choose an address of this machine and a port that nobody uses.", error);
        }
    }

    /// <inheritdoc/>
    public override void Announce(bool isMaster, Term term)
    {
        // Nobody asks.
    }

    /// <inheritdoc/>
    public override bool Send(Term term, IPEndPoint to, ReadOnlySpan<byte> datagram)
    {
        try
        {
            return _socket.SendTo(datagram, SocketFlags.None, to) == datagram.Length;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false; // no route, a full buffer, or the end: a datagram more that is lost
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<(IPEndPoint From, ReadOnlyMemory<byte> Datagram)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                SocketReceiveFromResult got = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, Anywhere, cancel);
                return ((IPEndPoint)got.RemoteEndPoint, buffer[..got.ReceivedBytes]);
            }
            catch (SocketException)
            {
                // What a router said about a datagram sent earlier, or a shortage of memory: it passes, but must not become a busy loop.
                await Task.Delay(TimeSpan.FromMilliseconds(1), cancel);
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

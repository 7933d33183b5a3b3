using System.Net;
using System.Net.Sockets;

namespace Seguro.Benchmarks;

/// <summary>
/// What a datagram's way is without Seguro: client → one thread that copies to three sockets → one of them, whose thread commits an event to LMDB and sends it back → another thread → client; a thread
/// a socket, no frames, nothing checked, one process.
/// </summary>
internal sealed class BareHops : IDisposable
{
    private const int Members = 3;

    private readonly SocketLoops _loops;
    private readonly Socket _client = SocketLoops.NewSocket();
    private readonly SocketAddress _door;
    private readonly byte[] _datagram;
    private readonly byte[] _buffer = new byte[2048];
    private readonly SocketAddress _from = new(AddressFamily.InterNetwork);

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Bytes of a datagram.</param>
    /// <param name="log">What the one in the middle commits to; no other thread may meanwhile.</param>
    /// <param name="payload">What it commits for each.</param>
    /// <param name="cancel">Ends the threads.</param>
    public BareHops(int size, BareLmdb log, ReadOnlyMemory<byte>[] payload, CancellationToken cancel)
    {
        _datagram = new byte[size];
        _client.ReceiveTimeout = 1000;
        _loops = new SocketLoops(cancel);
        Socket outside = _loops.Own(SocketLoops.NewSocket());
        Socket inside = _loops.Own(SocketLoops.NewSocket());
        Socket[] members = [.. Enumerable.Range(0, Members).Select(_ => _loops.Own(SocketLoops.NewSocket()))];
        SocketAddress[] addresses = [.. members.Select(static member => member.LocalEndPoint!.Serialize())];
        SocketAddress back = inside.LocalEndPoint!.Serialize();
        SocketAddress client = _client.LocalEndPoint!.Serialize();
        _door = outside.LocalEndPoint!.Serialize();
        _loops.Start(outside, (buffer, size, _) =>
        {
            foreach (SocketAddress address in addresses)
                inside.SendTo(buffer.AsSpan(0, size), SocketFlags.None, address);
        });
        _loops.Start(inside, (buffer, size, _) => outside.SendTo(buffer.AsSpan(0, size), SocketFlags.None, client));
        for (int index = 0; index < Members; index++)
        {
            Socket member = members[index];
            bool isMaster = index == 0;
            _loops.Start(member, (buffer, size, _) =>
            {
                if (!isMaster)
                    return;
                log.Append(payload);
                member.SendTo(buffer.AsSpan(0, size), SocketFlags.None, back);
            });
        }
    }

    /// <summary>Sends one datagram, and waits for it to come back.</summary>
    /// <exception cref="SocketException">Nothing came for a second.</exception>
    public void Ask()
    {
        _client.SendTo(_datagram, SocketFlags.None, _door);
        _client.ReceiveFrom(_buffer, SocketFlags.None, _from);
    }

    public void Dispose()
    {
        _loops.Dispose();
        _client.Dispose();
    }
}

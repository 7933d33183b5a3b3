using System.Net;
using System.Net.Sockets;

namespace Seguro.Benchmarks;

/// <summary>Threads that receive on sockets until the end of a turn.</summary>
internal sealed class SocketLoops(CancellationToken cancel) : IDisposable
{
    private readonly List<Thread> _threads = [];
    private readonly List<IDisposable> _owned = [];
    private volatile bool _isOver;

    /// <summary>A socket on loopback, at a free port.</summary>
    public static Socket NewSocket()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, SendBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public void Start(Socket socket, Action<byte[], int, SocketAddress> take)
    {
        socket.ReceiveTimeout = 100;
        Thread thread = new(() =>
        {
            byte[] buffer = new byte[2048];
            SocketAddress from = new(AddressFamily.InterNetwork);
            while (!_isOver && !cancel.IsCancellationRequested)
            {
                try
                {
                    take(buffer, socket.ReceiveFrom(buffer, SocketFlags.None, from), from);
                }
                catch (SocketException)
                {
                    // Nothing came for a while.
                }
            }
        });
        _threads.Add(thread);
        thread.Start();
    }

    public void Dispose()
    {
        _isOver = true;
        foreach (Thread thread in _threads)
            thread.Join();
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }
}

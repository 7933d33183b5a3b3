using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using Seguro.Identity;
using System.Security.Cryptography.X509Certificates;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// One encrypted connection of a node: bytes go between the network and a local socket whose other end is dqlite's.
/// </summary>
/// <remarks>
/// Two threads, one a direction, that block in read and write: a byte then waits for one wake-up by the kernel a hop, where asynchronous
/// I/O would add the event loop's and the thread pool's. What is not taken fast enough waits in the kernel's buffers, so the sender is slowed.
/// Owns all three streams and ends when both directions did, or when one broke.
/// </remarks>
sealed class TlsTunnel : IDisposable
{
    private const int BufferSize = 64 << 10;
    private const int StackSize = 256 << 10;

    // A side that has said all may wait this long for the other's last words.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly Socket _network;
    private readonly SslStream _tls;
    private readonly Socket _local;
    private readonly Action<TlsTunnel> _ended;
    private Timer? _linger;
    private int _directions = 2;

    public TlsTunnel(Socket network, SslStream tls, Socket local, Action<TlsTunnel> ended)
    {
        _network = network;
        _tls = tls;
        _local = local;
        _ended = ended;
        Peer = ClusterIdentity.Of((X509Certificate2)tls.RemoteCertificate!, out _)!;
    }

    /// <summary>Whose the other side's certificate is.</summary>
    public ClusterIdentity Peer { get; }

    /// <summary>Starts both threads.</summary>
    public void Start(string name)
    {
        StartThread(Receive, $"{name} in");
        StartThread(Send, $"{name} out");
    }

    /// <summary>Breaks the connection off; the threads end soon.</summary>
    public void Break()
    {
        Shutdown(_network, SocketShutdown.Both);
        Shutdown(_local, SocketShutdown.Both);
    }

    /// <summary>Closes the streams: the last thread does so.</summary>
    public void Dispose()
    {
        _linger?.Dispose();
        _tls.Dispose();
        _network.Dispose();
        _local.Dispose();
    }

    /// <summary>Starts a thread for a connection.</summary>
    public static void StartThread(ThreadStart run, string name) => new Thread(run, StackSize) { IsBackground = true, Name = name }.Start();

    /// <summary>Ends a socket's traffic, if it still has any.</summary>
    public static void Shutdown(Socket socket, SocketShutdown how)
    {
        try
        {
            socket.Shutdown(how);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It ended by itself.
        }
    }

    private void Receive() => Pump(
        buffer =>
        {
            int count = _tls.Read(buffer);
            for (int sent = 0; sent < count;)
                sent += _local.Send(buffer.AsSpan(sent, count - sent));
            return count;
        },
        () => Shutdown(_local, SocketShutdown.Send));

    private void Send() => Pump(
        buffer =>
        {
            int count = _local.Receive(buffer);
            if (count > 0)
                _tls.Write(buffer, 0, count);
            return count;
        },
        () =>
        {
            _tls.ShutdownAsync().GetAwaiter().GetResult();
            Shutdown(_network, SocketShutdown.Send);
        });

    private void Pump(Func<byte[], int> pass, Action sayEnd)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (pass(buffer) > 0)
            {
            }
            sayEnd();
            if (Volatile.Read(ref _directions) == 2)
                _linger = new Timer(static tunnel => ((TlsTunnel)tunnel!).Break(), this, Linger, Timeout.InfiniteTimeSpan);
        }
        catch (Exception)
        {
            // Whatever a stranger's bytes brought about must end this connection, not the process.
            Break();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            if (Interlocked.Decrement(ref _directions) == 0)
            {
                Dispose();
                _ended(this);
            }
        }
    }

}

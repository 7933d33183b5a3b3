using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Stores.Dqlite;

/// <summary>Ends a node whose dqlite answers no more, so that its supervisor starts it again.</summary>
/// <remarks>
/// dqlite 1.11 can hang: where leadership is lost while an answer of several frames is on its way, it goes on with a statement whose connection was
/// closed meanwhile, and waits for ever for a lock in freed memory (seen in gdb: <c>gateway.resume</c>, <c>query.batch</c>, <c>sqlite3_column_name</c>,
/// <c>pthread_mutex_lock</c> on the event loop's thread). An answer to "who leads?" needs nothing but that thread.
/// </remarks>
static class NodePulse
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Twice this without an answer is a hang. Twice, because a process that was stopped and goes on finds its first wait long over.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    /// <summary>Watches for as long as the process lives.</summary>
    /// <param name="dqlite">Where dqlite itself listens.</param>
    public static void Start(EndPoint dqlite) => new Thread(() => Watch(dqlite)) { IsBackground = true, Name = "pulse" }.Start();

    private static void Watch(EndPoint dqlite)
    {
        Socket? socket = null;
        while (true)
        {
            try
            {
                socket ??= Connect(dqlite);
                Ask(socket);
            }
            catch (Exception error) when (error is TimeoutException || (error is SocketException late && IsTimeout(late)))
            {
                Console.Error.WriteLine("dqlite answers no more; the node ends, to be started again");
                Posix.EndProcess(1);
            }
            catch (SocketException)
            {
                // It closed the connection, or is stopping: that is an answer.
                socket?.Dispose();
                socket = null;
            }
            Thread.Sleep(Interval);
        }
    }

    private static Socket Connect(EndPoint dqlite)
    {
        Socket socket = new(dqlite.AddressFamily, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Patience.TotalMilliseconds, SendTimeout = (int)Patience.TotalMilliseconds };
        try
        {
            // With a deadline: a socket whose backlog nobody empties would block for ever.
            Task connected = socket.ConnectAsync(dqlite);
            if (!connected.Wait(2 * Patience, CancellationToken.None))
                throw new TimeoutException();
            Span<byte> version = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(version, 1);
            socket.Send(version);
            return socket;
        }
        catch (AggregateException error) when (error.InnerException is SocketException inner)
        {
            socket.Dispose();
            throw new SocketException((int)inner.SocketErrorCode);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Request 0, "who leads?", and its answer, whatever it is (databases-measured.md, wire protocol).</summary>
    private static void Ask(Socket socket)
    {
        Span<byte> request = stackalloc byte[16];
        request.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(request, 1);
        socket.Send(request);
        Span<byte> header = stackalloc byte[8];
        Receive(socket, header);
        long left = BinaryPrimitives.ReadUInt32LittleEndian(header) * 8L;
        Span<byte> body = stackalloc byte[256];
        while (left > 0)
        {
            Span<byte> part = body[..(int)Math.Min(left, body.Length)];
            Receive(socket, part);
            left -= part.Length;
        }
    }

    private static bool IsTimeout(SocketException error) => error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain;

    private static void Receive(Socket socket, Span<byte> buffer)
    {
        bool waited = false;
        while (!buffer.IsEmpty)
        {
            try
            {
                int read = socket.Receive(buffer);
                if (read == 0)
                    throw new SocketException((int)SocketError.ConnectionReset);
                buffer = buffer[read..];
            }
            catch (SocketException error) when (!waited && IsTimeout(error))
            {
                waited = true;
            }
        }
    }
}

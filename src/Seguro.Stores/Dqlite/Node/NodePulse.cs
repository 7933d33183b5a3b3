using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Stores.Dqlite;

/// <summary>Finds out that a node's dqlite answers no more, so that the process can end and its supervisor start it again.</summary>
/// <remarks>
/// dqlite 1.11 can hang: where leadership is lost while an answer of several frames is on its way, it goes on with a statement whose connection was
/// closed meanwhile, and waits for ever for a lock in freed memory (seen in gdb: <c>gateway.resume</c>, <c>query.batch</c>, <c>sqlite3_column_name</c>,
/// <c>pthread_mutex_lock</c> on the event loop's thread). An answer to "who leads?" needs nothing but that thread.
/// </remarks>
static class NodePulse
{
    /// <summary>Twice this without an answer is a hang. Twice, because a process that was stopped and goes on finds its first wait long over.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches until it finds a hang.</summary>
    /// <param name="dqlite">Where dqlite itself listens.</param>
    /// <param name="patience">Twice this without an answer is a hang.</param>
    /// <param name="hung">Called once, when dqlite answers no more.</param>
    public static void Start(EndPoint dqlite, TimeSpan patience, Action hung) =>
        new Thread(() => Watch(dqlite, patience, hung)) { IsBackground = true, Name = "pulse" }.Start();

    private static void Watch(EndPoint dqlite, TimeSpan patience, Action hung)
    {
        Socket? socket = null;
        while (true)
        {
            try
            {
                socket ??= Connect(dqlite, patience);
                Ask(socket);
            }
            catch (Exception error) when (error is TimeoutException || (error is SocketException late && IsTimeout(late)))
            {
                hung();
                return;
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

    private static Socket Connect(EndPoint dqlite, TimeSpan patience)
    {
        Socket socket = new(dqlite.AddressFamily, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)patience.TotalMilliseconds, SendTimeout = (int)patience.TotalMilliseconds };
        try
        {
            // With a deadline: a socket whose backlog nobody empties would block for ever.
            Task connected = socket.ConnectAsync(dqlite);
            if (!connected.Wait(2 * patience, CancellationToken.None))
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

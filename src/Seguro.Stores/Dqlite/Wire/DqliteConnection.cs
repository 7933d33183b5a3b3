using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>A connection with one dqlite node: its wire protocol over a socket, or over TLS.</summary>
/// <remarks>
/// <para>One request at a time; a second one while the first is under way is an <see cref="InvalidOperationException"/>.</para>
/// <para>Every method ends with a <see cref="DqliteException"/> where the node refuses, the connection breaks, or the answer makes no sense. After a
/// break, a cancellation, or a senseless answer, the connection is of no more use (<see cref="IsBroken"/>); dispose of it.</para>
/// <para>Format: databases-measured.md. Lengths are checked before memory is taken.</para>
/// </remarks>
public sealed partial class DqliteConnection : IAsyncDisposable
{
    /// <summary>The protocol's version, which the client sends first.</summary>
    private const ulong ProtocolVersion = 1;

    /// <summary>The largest frame that is taken from a node, in bytes: Seguro writes no row above 1 MiB.</summary>
    internal const int LargestFrame = 16 << 20;

    /// <summary>The most bytes that one result may have.</summary>
    internal const long LargestResult = 64L << 20;

    private readonly Stream _stream;
    private readonly RequestWriter _request = new();
    private readonly byte[] _received = new byte[4096];
    private int _receivedStart;
    private int _receivedEnd;
    private int _busy;

    private DqliteConnection(string node, Stream stream)
    {
        Node = node;
        _stream = stream;
    }

    /// <summary>The node's address, for messages.</summary>
    public string Node { get; }

    /// <summary>The connection can't be used any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Connects and says hello.</summary>
    /// <param name="address">The node.</param>
    /// <param name="tls">How TLS is to be spoken; <see langword="null"/>: not at all.</param>
    /// <param name="cancel">Ends the attempt; also its only time limit.</param>
    public static async ValueTask<DqliteConnection> ConnectAsync(HostAddress address, SslClientAuthenticationOptions? tls, CancellationToken cancel)
    {
        // Without NoDelay one request in eight takes 44 ms.
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                SslStream secure = new(stream);
                stream = secure;
                await secure.AuthenticateAsClientAsync(tls, cancel);
            }
            return await OpenAsync(address.ToString(), stream, cancel);
        }
        catch (Exception error)
        {
            if (stream is null)
                socket.Dispose();
            else
                await stream.DisposeAsync();
            if (error is SocketException or IOException)
                throw DqliteException.Lost(address.ToString(), error.Message, error);
            if (error is System.Security.Authentication.AuthenticationException)
                throw DqliteException.Untrusted(address.ToString(), error.Message, error);
            throw;
        }
    }

    /// <summary>Says hello over a stream that is connected with a node; owns the stream from then on.</summary>
    public static async ValueTask<DqliteConnection> OpenAsync(string node, Stream stream, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DqliteConnection connection = new(node, stream);
        byte[] hello = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(hello, ProtocolVersion);
        try
        {
            await stream.WriteAsync(hello, cancel);
            return connection;
        }
        catch (IOException error)
        {
            await connection.DisposeAsync();
            throw DqliteException.Lost(node, error.Message, error);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IsBroken = true;
        await _stream.DisposeAsync();
        // The request's buffer is not given back while a request may still be reading it.
        if (Interlocked.CompareExchange(ref _busy, 1, 0) == 0)
            _request.Dispose();
    }

    /// <summary>Begins to encode a request; the connection is taken until its answer is there.</summary>
    private RequestWriter Begin(RequestType type)
    {
        if (IsBroken)
            throw DqliteException.Lost(Node, "it was closed", null);
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            throw new InvalidOperationException("A dqlite connection takes one request at a time.");
        _request.Begin(type);
        return _request;
    }

    /// <summary>Gives the connection free again where a request could not even be encoded.</summary>
    private void Abandon() => Volatile.Write(ref _busy, 0);

    /// <summary>Sends what was encoded; returns the answer, which is of the wanted type.</summary>
    private async ValueTask<ResponseFrame> CallAsync(ResponseType wanted, CancellationToken cancel)
    {
        try
        {
            await _stream.WriteAsync(_request.End(), cancel);
            return Expect(await ReceiveAsync(cancel), wanted);
        }
        catch (Exception error)
        {
            if (Break(error) is { } lost)
                throw lost;
            throw;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Sends what was encoded; returns all frames of the answer.</summary>
    private async ValueTask<DqliteRows> CallForRowsAsync(CancellationToken cancel)
    {
        List<ResponseFrame> frames = [];
        try
        {
            await _stream.WriteAsync(_request.End(), cancel);
            long bytes = 0;
            while (true)
            {
                ResponseFrame frame = Expect(await ReceiveAsync(cancel), ResponseType.Rows);
                frames.Add(frame);
                bytes += frame.Length;
                ulong marker = frame.LastWord();
                if (marker == DqliteRows.Done)
                    break;
                if (marker != DqliteRows.More)
                    throw frame.Malformed("rows do not end with a marker");
                if (bytes > LargestResult)
                    throw frame.Malformed($"a result has more than {LargestResult} bytes");
            }
            return new DqliteRows(frames);
        }
        catch (Exception error)
        {
            foreach (ResponseFrame frame in frames)
                frame.Dispose();
            if (Break(error) is { } lost)
                throw lost;
            throw;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private ResponseFrame Expect(ResponseFrame frame, ResponseType wanted)
    {
        if (frame.Type == wanted)
            return frame;
        using (frame)
        {
            if (frame.Type != ResponseType.Failure)
                throw frame.Malformed($"the answer is of type {(int)frame.Type}, not {(int)wanted}");
            long code = (long)frame.Word();
            throw DqliteException.Refused(Node, code, frame.Rest > 0 ? frame.Text() : "");
        }
    }

    /// <summary>After anything but a node's refusal, nobody knows where in the stream the next answer begins.</summary>
    /// <returns>The error to be thrown in place of this one, if so.</returns>
    private DqliteException? Break(Exception error)
    {
        if (error is not DqliteException { Failure: not 0 })
            IsBroken = true;
        return error is IOException or ObjectDisposedException or SocketException ? DqliteException.Lost(Node, error.Message, error) : null;
    }

    private async ValueTask<ResponseFrame> ReceiveAsync(CancellationToken cancel)
    {
        while (_receivedEnd - _receivedStart < 8)
        {
            if (_receivedStart > 0)
            {
                _received.AsSpan(_receivedStart, _receivedEnd - _receivedStart).CopyTo(_received);
                _receivedEnd -= _receivedStart;
                _receivedStart = 0;
            }
            int count = await _stream.ReadAsync(_received.AsMemory(_receivedEnd), cancel);
            if (count == 0)
                throw DqliteException.Lost(Node, "the node closed it", null);
            _receivedEnd += count;
        }
        long length = 8L * BinaryPrimitives.ReadUInt32LittleEndian(_received.AsSpan(_receivedStart));
        ResponseType type = (ResponseType)_received[_receivedStart + 4];
        if (length > LargestFrame)
            throw DqliteException.Malformed(Node, $"a frame of {length} bytes is larger than {LargestFrame}");
        _receivedStart += 8;
        byte[] body = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            int ready = Math.Min((int)length, _receivedEnd - _receivedStart);
            _received.AsSpan(_receivedStart, ready).CopyTo(body);
            _receivedStart += ready;
            if (ready < length)
                await _stream.ReadExactlyAsync(body.AsMemory(ready, (int)length - ready), cancel);
            return new ResponseFrame(Node, type, body, (int)length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(body);
            throw;
        }
    }
}

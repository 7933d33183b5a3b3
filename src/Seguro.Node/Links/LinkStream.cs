using System.Threading.Channels;
using Grpc.Core;
using Seguro.Core;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>One life of a link: a stream of frames in each direction, with a bounded queue before it. It breaks once and for all.</summary>
/// <remarks>For any thread. HTTP/2's flow control holds the writer while the other side does not read; then the queue fills, and then the stream breaks.</remarks>
sealed class LinkStream : IDisposable
{
    private readonly LinkOptions _options;
    private readonly CancellationTokenSource _broken = new();
    private readonly Channel<(Wire.Frame Frame, long Size)> _queue = Channel.CreateUnbounded<(Wire.Frame, long)>(new UnboundedChannelOptions { SingleReader = true });
    private long _queuedBytes;
    private int _queued;

    public LinkStream(string peer, LinkOptions options)
    {
        Peer = peer;
        _options = options;
    }

    /// <summary>The other member, by its certificate.</summary>
    public string Peer { get; }

    /// <summary>Why it broke, where that was not the network's doing.</summary>
    public string? Reason { get; private set; }

    /// <summary>It was the connection that broke, and not the other side, or this one, that ended the stream.</summary>
    public bool IsConnectionBroken { get; private set; }

    /// <summary>Puts a message into the queue; where that is full, the stream breaks.</summary>
    public void Send(MemberMessage message)
    {
        (Wire.Frame frame, long size) = MessageCodec.Encode(message, _options.LargestPush);
        if (Interlocked.Increment(ref _queued) > _options.MaxQueued || Interlocked.Add(ref _queuedBytes, size) > _options.MaxQueuedBytes)
            Break("more waits for it than the queue holds");
        else
            _queue.Writer.TryWrite((frame, size));
    }

    /// <summary>Ends both directions.</summary>
    public void Break(string reason)
    {
        Reason ??= reason;
        _queue.Writer.TryComplete();
        try
        {
            _broken.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    /// <summary>Moves frames until the stream breaks, from either side.</summary>
    /// <param name="incoming">Frames from the other side.</param>
    /// <param name="outgoing">Frames to it.</param>
    /// <param name="deliver">Takes a message; says <see langword="false"/> where the stream is no longer the link.</param>
    /// <param name="cancel">Breaks it.</param>
    public async Task RunAsync(IAsyncStreamReader<Wire.Frame> incoming, IAsyncStreamWriter<Wire.Frame> outgoing, Func<LinkStream, MemberMessage, bool> deliver, CancellationToken cancel)
    {
        using CancellationTokenRegistration registration = cancel.UnsafeRegister(static stream => ((LinkStream)stream!).Break("the connection was lost"), this);
        await Task.WhenAll(WriteAsync(outgoing), ReadAsync(incoming, deliver));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _broken.Dispose();
    }

    private async Task WriteAsync(IAsyncStreamWriter<Wire.Frame> outgoing)
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_broken.Token))
            {
                while (_queue.Reader.TryRead(out (Wire.Frame Frame, long Size) next))
                {
                    await outgoing.WriteAsync(next.Frame, _broken.Token);
                    Interlocked.Decrement(ref _queued);
                    Interlocked.Add(ref _queuedBytes, -next.Size);
                }
            }
        }
        catch (Exception error)
        {
            IsConnectionBroken |= IsOfConnection(error);
            Break(Describe(error));
            if (!IsBroken(error))
                throw;
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<Wire.Frame> incoming, Func<LinkStream, MemberMessage, bool> deliver)
    {
        using ChainHasher hasher = new();
        bool isDelivering = false;
        try
        {
            while (await incoming.MoveNext(_broken.Token))
            {
                MemberMessage message = MessageCodec.Decode(incoming.Current, hasher);
                isDelivering = true;
                if (!deliver(this, message))
                    break;
                isDelivering = false;
            }
            Break("the other side ended it");
        }
        catch (Exception error)
        {
            IsConnectionBroken |= IsOfConnection(error);
            // The other direction ends in any case; what is neither the network's doing nor the other side's is a fault of this member.
            Break(Describe(error));
            if (isDelivering || !(IsBroken(error) || error is SeguroException))
                throw;
        }
    }

    internal static bool IsBroken(Exception error) =>
        error is RpcException or OperationCanceledException or IOException or InvalidOperationException or System.Net.Http.HttpRequestException;

    /// <summary>The other side had no part in it: the connection could not be made, broke, or is silent.</summary>
    internal static bool IsOfConnection(Exception error) =>
        error is IOException or System.Net.Http.HttpRequestException or TimeoutException || error is RpcException { Status.DebugException: HttpRequestException or IOException };

    /// <summary>In words: what lies below a call that could not be made (the network, the handshake), else what the other side said.</summary>
    internal static string Describe(Exception error)
    {
        if (error is not RpcException rpc)
            return error.Message;
        if (rpc.Status.DebugException is not HttpRequestException cause)
            return rpc.Status.Detail;
        Exception innermost = cause;
        while (innermost.InnerException is { } inner)
            innermost = inner;
        return innermost.Message;
    }
}

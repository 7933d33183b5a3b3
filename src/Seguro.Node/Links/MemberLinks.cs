using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Stores;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>The links of a member with the others: one stream with each, over gRPC and mutual TLS.</summary>
/// <remarks>
/// <para>Of two members, the one whose name comes first (by code points) makes the link, and makes it again when it breaks. A member that the other does not know
/// tells it its address until there is a link. The name of a peer is that of its certificate.</para>
/// <para>Messages keep their order, may be lost when a link breaks, and are never repeated. For any thread.</para>
/// </remarks>
public sealed partial class MemberLinks : IAsyncDisposable
{
    private readonly LinkOptions _options;
    private readonly ConcurrentDictionary<string, LinkPeer> _peers = new(StringComparer.Ordinal);
    private readonly Lock _membership = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _listener;

    /// <summary>Makes links; <see cref="StartAsync"/> begins.</summary>
    /// <exception cref="SeguroException">The member's certificate was not issued for its address or its name.</exception>
    public MemberLinks(LinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MemberName.Check(options.Name);
        options.Certificates.RequireHost(options.Address.Host);
        if (MemberName.Of(options.Certificates.Member) != options.Name)
            throw new SeguroException(ErrorCode.AccessDenied, $"the certificate is not that of member '{options.Name}'",
                $"Use the certificate folder that was made for it; the subject must be CN={MemberName.SubjectOf(options.Name)}.");
        _options = options;
    }

    /// <summary>Faults when the link with a member is not made any more, though it should be; ends with <see cref="DisposeAsync"/>.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The members with which there is a link now.</summary>
    public IReadOnlyList<string> Linked => [.. _peers.Values.Where(static peer => peer.Current is not null).Select(static peer => peer.Name).Order(StringComparer.Ordinal)];

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address can't be listened on.</exception>
    public async Task StartAsync(CancellationToken cancel) => _listener = await LinkListener.StartAsync(this, _options, cancel);

    /// <summary>Says who the other members are, and where. Links with others are ended, unless they introduce themselves again.</summary>
    /// <param name="addresses">Names and the addresses of links; this member's own is passed over.</param>
    public void SetPeers(IReadOnlyDictionary<string, HostAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        foreach (string name in _peers.Keys)
        {
            if (!addresses.ContainsKey(name) && _peers.TryRemove(name, out LinkPeer? peer))
                _ = EndAsync(peer);
        }
        foreach ((string name, HostAddress address) in addresses)
        {
            if (name != _options.Name)
                Learn(MemberName.Check(name), address);
        }
    }

    /// <summary>Sends a message, if there is a link; never waits.</summary>
    public void Send(string to, MemberMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_peers.TryGetValue(to, out LinkPeer? peer))
            peer.Current?.Send(message);
    }

    /// <summary>Hands a request of the admin API on to another member.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: it can't be reached.</exception>
    public async Task<LinkReply> CommandAsync(string to, string path, ReadOnlyMemory<byte> body, TimeSpan patience, CancellationToken cancel)
    {
        GrpcChannel channel = (_peers.TryGetValue(to, out LinkPeer? peer) ? peer.Channel(Dial) : null) ?? throw Unreachable(to, "its address is not known", null);
        try
        {
            Wire.CommandReply reply = await new Wire.MemberLink.MemberLinkClient(channel)
                .CommandAsync(new Wire.CommandRequest { Path = path, Body = UnsafeByteOperations.UnsafeWrap(body) }, deadline: DateTime.UtcNow + patience, cancellationToken: cancel);
            return new LinkReply(reply.Status, reply.Body.Memory);
        }
        catch (Exception error) when (LinkStream.IsBroken(error) && !cancel.IsCancellationRequested)
        {
            throw Unreachable(to, LinkStream.Describe(error), error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        Task[] ends;
        lock (_membership)
        {
            _stop.Cancel();
            ends = [.. _peers.Values.Select(EndAsync)];
            _peers.Clear();
        }
        await Task.WhenAll(ends);
        if (_listener is not null)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(2));
            await _listener.StopAsync(limit.Token);
            await _listener.DisposeAsync();
        }
        _completion.TrySetResult();
        _stop.Dispose();
    }

    internal static int LargestFrame(LinkOptions options) => options.LargestPush + (2 << 20);

    /// <summary>This member makes the link, not the other one.</summary>
    internal bool Dials(string peer) => string.CompareOrdinal(_options.Name, peer) < 0;

    internal void Learn(string name, HostAddress address)
    {
        lock (_membership)
        {
            LinkPeer peer = Know(name);
            if (!peer.Learn(address) || !peer.Loop.IsCompleted)
                return;
            peer.Loop = Task.Run(() => WatchAsync(peer), CancellationToken.None);
        }
    }

    /// <summary>Makes a stream the link with a peer, until it breaks.</summary>
    internal async Task RunAsync(string name, IAsyncStreamReader<Wire.Frame> incoming, IAsyncStreamWriter<Wire.Frame> outgoing, CancellationToken cancel)
    {
        LinkPeer peer;
        lock (_membership)
            peer = Know(name);
        using LinkStream stream = new(name, _options);
        LinkStream? old;
        lock (peer.Delivery)
        {
            old = peer.Current;
            peer.Current = stream;
        }
        old?.Break("a new one took its place");
        _options.Notice?.Invoke($"There is a link with {name}.");
        try
        {
            using (peer.Stop.Token.UnsafeRegister(static link => ((LinkStream)link!).Break("told to end"), stream))
                await stream.RunAsync(incoming, outgoing, Deliver, cancel);
        }
        catch (Exception failed)
        {
            _completion.TrySetException(Fault.Of($"the link with {name}", failed));
            throw;
        }
        finally
        {
            lock (peer.Delivery)
            {
                if (peer.Current == stream)
                    peer.Current = null;
            }
        }
        if (!_stop.IsCancellationRequested)
            _options.Notice?.Invoke($"The link with {name} broke: {stream.Reason}.");

        bool Deliver(LinkStream from, MemberMessage message)
        {
            lock (peer.Delivery)
            {
                if (peer.Current != from)
                    return false;
                _options.Received(name, message);
                return true;
            }
        }
    }

    private LinkPeer Know(string name)
    {
        if (_stop.IsCancellationRequested)
            throw new RpcException(new Status(StatusCode.Unavailable, "this member ends"));
        if (_peers.TryGetValue(name, out LinkPeer? known))
            return known;
        if (_peers.Count >= 4 * Optimism.MostMembers)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "too many members"));
        return _peers[name] = new LinkPeer(name);
    }

    /// <summary>A loop that nobody waits for must not end unseen: a member that is not linked again follows nobody.</summary>
    private async Task WatchAsync(LinkPeer peer)
    {
        try
        {
            await (Dials(peer.Name) ? DialAsync(peer) : IntroduceAsync(peer));
        }
        catch (Exception failed)
        {
            if (!peer.Stop.IsCancellationRequested)
                _completion.TrySetException(Fault.Of($"the link with {peer.Name}", failed));
        }
    }

    private GrpcChannel Dial(string peer, HostAddress address) => LinkDialer.Connect(_options, peer, address);

    private async Task DialAsync(LinkPeer peer)
    {
        CancellationToken stop = peer.Stop.Token;
        TimeSpan pause = _options.FirstPause;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // A new connection each time: nothing of the last attempt's waits is left.
                using GrpcChannel channel = Dial(peer.Name, peer.Address!.Value);
                using AsyncDuplexStreamingCall<Wire.Frame, Wire.Frame> call = new Wire.MemberLink.MemberLinkClient(channel).Connect(cancellationToken: stop);
                await call.ResponseHeadersAsync.WaitAsync(_options.ConnectTime * 2, stop);
                pause = _options.FirstPause;
                await RunAsync(peer.Name, call.ResponseStream, call.RequestStream, stop);
            }
            catch (Exception error) when (LinkStream.IsBroken(error) || error is TimeoutException)
            {
                // It is tried again.
            }
            await PauseAsync(pause, stop);
            pause = pause * 2 < _options.LongestPause ? pause * 2 : _options.LongestPause;
        }
    }

    private async Task IntroduceAsync(LinkPeer peer)
    {
        CancellationToken stop = peer.Stop.Token;
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(_options.LongestPause, stop);
            if (peer.Current is not null || peer.Channel(Dial) is not { } channel)
                continue;
            try
            {
                await new Wire.MemberLink.MemberLinkClient(channel).IntroduceAsync(
                    new Wire.Introduction { Address = _options.Address.ToString() }, deadline: DateTime.UtcNow + _options.ConnectTime, cancellationToken: stop);
            }
            catch (Exception error) when (LinkStream.IsBroken(error))
            {
                // It is tried again.
            }
        }
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static async Task EndAsync(LinkPeer peer)
    {
        await peer.Stop.CancelAsync();
        await peer.Loop;
        peer.Current?.Break("told to end");
        peer.Dispose();
    }

    private static SeguroException Unreachable(string name, string why, Exception? error) =>
        new(ErrorCode.StoreUnavailable, $"member {name} can't be reached: {why}", $"See that {name} runs and that the network between the members works.", error);
}

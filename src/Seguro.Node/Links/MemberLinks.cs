using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Members;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>The links of a member with the others: one stream with each, over gRPC and mutual TLS; all ships of a node share its door and its connections.</summary>
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
    private readonly AskingMembers _asking = new();
    private readonly ConcurrentDictionary<string, HostAddress> _addresses = new(StringComparer.Ordinal);
    private volatile LinkRefusal? _refusal;
    private readonly LinkDoor _door;
    private readonly string _ship;

    /// <summary>Makes links; <see cref="StartAsync"/> begins.</summary>
    /// <exception cref="SeguroException">The member's certificate was not issued for its address or its name.</exception>
    public MemberLinks(LinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MemberName.Check(options.Name);
        options.Certificates.RequireIdentity(new ClusterIdentity(options.Access.Cluster, options.Name));
        _options = options;
        _door = options.Door ?? new LinkDoor(options);
        _ship = options.Ship?.Name ?? ShipHeader.Unnamed;
        options.Access.Changed += ApplyAccess;
    }

    internal LinkOptions Options => _options;

    /// <summary>Faults when the link with a member is not made any more, though it should be; ends with <see cref="DisposeAsync"/>.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Who asks to be let in and is not a member yet, heard of within the last seconds.</summary>
    public IReadOnlyList<string> Asking => _asking.Names;

    /// <summary>Why the others don't let this member in; <see langword="null"/> where they do, or none was heard.</summary>
    public LinkRefusal? Refusal => _refusal;

    /// <summary>The members with which there is a link now.</summary>
    public IReadOnlyList<string> Linked => [.. _peers.Values.Where(static peer => peer.Current is not null).Select(static peer => peer.Name).Order(StringComparer.Ordinal)];

    /// <summary>Of which Seguro the other members are, by name, as far as they were heard.</summary>
    public IReadOnlyDictionary<string, string> Versions =>
        _peers.Values.Where(static peer => peer.Version is not null)
        .ToDictionary(static peer => peer.Name, static peer => peer.Version!.Software, StringComparer.Ordinal);

    /// <summary>Which version of the ship's own runtime another member has; <see langword="null"/> where it did not say.</summary>
    public string? RuntimeOf(string name) => _peers.GetValueOrDefault(name)?.Runtime;

    /// <summary>Why there is no link with members that there should be one with; each a full sentence.</summary>
    public IReadOnlyList<string> Problems =>
        [.. _peers.Values.Where(static peer => peer.Current is null && peer.Problem is not null).OrderBy(static peer => peer.Name, StringComparer.Ordinal).Select(static peer => $"There is no link with {peer.Name}: {peer.Problem}.")];

    /// <summary>Lets calls in; where the door is its own, it starts to listen.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address can't be listened on.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        _door.Open(_ship, this);
        if (_options.Door is null)
            await _door.StartAsync(cancel);
    }

    /// <summary>Says where other members are; links are made with those that are let in. A member that is not named tells its address itself.</summary>
    /// <param name="addresses">Names and the addresses of links; this member's own is passed over.</param>
    public void SetPeers(IReadOnlyDictionary<string, HostAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        foreach ((string name, HostAddress address) in addresses)
        {
            if (name != _options.Name)
                _addresses[MemberName.Check(name)] = address;
        }
        ApplyAccess();
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
        GrpcChannel channel = (_peers.TryGetValue(to, out LinkPeer? peer) ? Channel(peer) : null) ?? throw Unreachable(to, "its address is not known", null);
        try
        {
            Wire.CommandReply reply = await new Wire.MemberLink.MemberLinkClient(channel)
                .CommandAsync(
                    new Wire.CommandRequest { Path = path, Body = UnsafeByteOperations.UnsafeWrap(body) }, ShipHeader.Of(_options), DateTime.UtcNow + patience, cancel);
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
        _options.Access.Changed -= ApplyAccess;
        _door.Close(_ship, this);
        Task[] ends;
        lock (_membership)
        {
            _stop.Cancel();
            ends = [.. _peers.Values.Select(EndAsync)];
            _peers.Clear();
        }
        await Task.WhenAll(ends);
        if (_options.Door is null)
            await _door.DisposeAsync();
        _completion.TrySetResult();
        _stop.Dispose();
    }

    internal static int LargestFrame(LinkDoorOptions options) => options.LargestPush + (2 << 20);

    /// <summary>This member makes the link, not the other one.</summary>
    internal bool Dials(string peer) => string.CompareOrdinal(_options.Name, peer) < 0;

    internal void Learn(string name, HostAddress address)
    {
        lock (_membership)
        {
            _addresses[name] = address;
            _asking.Forget(name);
            LinkPeer peer = Know(name);
            if (!peer.Learn(address) || !peer.Loop.IsCompleted)
                return;
            peer.Loop = Task.Run(() => WatchAsync(peer), CancellationToken.None);
        }
    }

    /// <summary>Makes a stream the link with a peer, until it breaks. True where it was the connection below it that broke.</summary>
    internal async Task<bool> RunAsync(string name, IAsyncStreamReader<Wire.Frame> incoming, IAsyncStreamWriter<Wire.Frame> outgoing, CancellationToken cancel)
    {
        LinkPeer peer;
        lock (_membership)
            peer = Know(name);
        _refusal = null;
        peer.Problem = null;
        using LinkStream stream = new(name, _options);
        LinkStream? old;
        lock (peer.Delivery)
        {
            old = peer.Current;
            peer.Current = stream;
        }
        old?.Break("a new one took its place");
        _options.Log.LogInformation("There is a link with {Peer}.", name);
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
            _options.Log.LogWarning("The link with {Peer} broke: {Reason}.", name, stream.Reason);
        return stream.IsConnectionBroken;

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

    /// <summary>Notes of which version a member is, and says why there can be no link with it; <see langword="null"/> where there can.</summary>
    internal string? RefuseVersion(string name, Metadata headers)
    {
        MemberVersion version = MemberVersion.Read(headers);
        LinkPeer peer;
        lock (_membership)
            peer = Know(name);
        bool isNew = peer.Version != version;
        peer.Version = version;
        peer.Runtime = RuntimeHeader.Read(headers);
        if (_options.Version.Understands(version))
            return null;
        string refusal = MemberVersion.Describe(_options.Name, _options.Version, name, version);
        peer.Problem = refusal;
        if (isNew)
            _options.Log.LogError("There is no link with {Peer}: {Refusal}.", name, refusal);
        return refusal;
    }

    /// <summary>Notes that a member that is not let in asked to be.</summary>
    internal void NoteAsking(string name, HostAddress address)
    {
        if (!_options.Access.HasLeft(name) && _asking.Note(name, address))
            _options.Log.LogWarning("{Peer} at {Address} asks to be let in. To let it in: seguro cluster join {Peer}.", name, address, name);
    }

    /// <summary>A token that is cancelled when a member is not let in any more.</summary>
    internal CancellationTokenSource WhileLetIn(string name, CancellationToken cancel)
    {
        lock (_membership)
            return CancellationTokenSource.CreateLinkedTokenSource(cancel, Know(name).Stop.Token);
    }

    private bool IsLetIn(string name) => _options.Access.RefuseMember(new ClusterIdentity(_options.Access.Cluster, name)) is null;

    private void ApplyAccess(object? sender, EventArgs change) => ApplyAccess();

    private void ApplyAccess()
    {
        lock (_membership)
        {
            if (_stop.IsCancellationRequested)
                return;
            foreach (string name in _peers.Keys.Where(name => !IsLetIn(name)))
            {
                if (_peers.TryRemove(name, out LinkPeer? peer))
                    _ = EndAsync(peer);
            }
            foreach ((string name, HostAddress address) in _asking.Addresses)
                _addresses.TryAdd(name, address);
            foreach ((string name, HostAddress address) in _addresses.Where(pair => IsLetIn(pair.Key) && !_peers.ContainsKey(pair.Key)))
                Learn(name, address);
        }
    }

    private LinkPeer Know(string name)
    {
        if (_stop.IsCancellationRequested)
            throw new RpcException(new Status(StatusCode.Unavailable, "this member ends"));
        if (!IsLetIn(name))
            throw new RpcException(new Status(StatusCode.PermissionDenied, $"{name} is not let in"));
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

    private GrpcChannel? Channel(LinkPeer peer) => peer.Channel(_door.Connections, _options.Certificates.Version);

    private async Task DialAsync(LinkPeer peer)
    {
        CancellationToken stop = peer.Stop.Token;
        TimeSpan pause = _options.FirstPause;
        while (!stop.IsCancellationRequested)
        {
            using SharedConnections.Use connection = _door.Connections.Rent(peer.Name, peer.Address!.Value, forStreams: true);
            try
            {
                Metadata own = ShipHeader.Of(_options);
                _options.Version.Add(own);
                RuntimeHeader.Add(own, _options);
                StoreHeader.Add(own, _options);
                using AsyncDuplexStreamingCall<Wire.Frame, Wire.Frame> call = new Wire.MemberLink.MemberLinkClient(connection.Channel).Connect(own, cancellationToken: stop);
                Metadata headers = await call.ResponseHeadersAsync.WaitAsync(_options.ConnectTime * 2, stop);
                // What was refused for another reason, or before it was looked at, says nothing of versions.
                bool isAccepted = headers.Get(LinkService.Accepted.Key) is not null;
                if ((isAccepted || MemberVersion.IsSaid(headers)) && RefuseVersion(peer.Name, headers) is { } refusal)
                    throw new RpcException(new Status(StatusCode.FailedPrecondition, refusal));
                if (!StoreHeader.IsShared(headers, peer.Name, _options) || !isAccepted)
                    await call.ResponseStream.MoveNext(stop); // throws what the other side said
                pause = _options.FirstPause;
                if (await RunAsync(peer.Name, call.ResponseStream, call.RequestStream, stop))
                    connection.Retire();
            }
            catch (Exception error) when (LinkStream.IsBroken(error) || error is TimeoutException)
            {
                // It is tried again. Who is not let in asks why, and says where it is.
                if (LinkStream.IsOfConnection(error))
                    connection.Retire();
                peer.Problem = LinkStream.Describe(error);
                if (error is RpcException { StatusCode: StatusCode.PermissionDenied } && Channel(peer) is { } channel)
                    await IntroduceAsync(peer.Name, channel, stop);
            }
            connection.Dispose(); // not held while nothing is done with it
            await PauseAsync(pause, stop);
            pause = pause * 2 < _options.LongestPause ? pause * 2 : _options.LongestPause;
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

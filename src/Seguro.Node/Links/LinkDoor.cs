using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Where a node's links come in and go out, of all its ships: one listener, and with each other node one connection for messages and one for all else.</summary>
/// <remarks>Which ship a call is for stands in its headers (<see cref="ShipHeader"/>). For any thread.</remarks>
public sealed class LinkDoor : IAsyncDisposable
{
    private readonly LinkDoorOptions _options;
    private readonly ConcurrentDictionary<string, MemberLinks> _ships = new(StringComparer.Ordinal);
    private WebApplication? _listener;

    /// <summary>Makes a door; <see cref="StartAsync"/> opens it.</summary>
    /// <exception cref="SeguroException">The node's certificate was not issued for its address.</exception>
    public LinkDoor(LinkDoorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Certificates.RequireHost(options.Address.Host);
        _options = options;
        Connections = new SharedConnections(options);
    }

    /// <summary>Where other nodes reach it.</summary>
    public HostAddress Address => _options.Address;

    /// <summary>The way out.</summary>
    internal SharedConnections Connections { get; }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address can't be listened on.</exception>
    public async Task StartAsync(CancellationToken cancel) => _listener = await LinkListener.StartAsync(this, _options, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _listener, null) is not { } listener)
            return;
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(2));
        await listener.StopAsync(limit.Token);
        await listener.DisposeAsync();
    }

    /// <summary>Lets calls for a ship in.</summary>
    internal void Open(string ship, MemberLinks links)
    {
        if (!_ships.TryAdd(ship, links))
            throw new InvalidOperationException($"There are links of {ship} already.");
    }

    /// <summary>Lets no more in.</summary>
    internal void Close(string ship, MemberLinks links) => _ships.TryRemove(new KeyValuePair<string, MemberLinks>(ship, links));

    /// <summary>The links that a call is for. One that names no ship (members of an older version do not) is for the only one.</summary>
    /// <exception cref="RpcException">The ship has no member here, or it has not started.</exception>
    internal MemberLinks Find(Metadata headers)
    {
        if (ShipHeader.Read(headers) is not { } ship)
            return _ships.Values.SingleOrNone() ?? throw NotHere(_ships.IsEmpty ? "its member has not started" : "it has many ships, and the call names none");
        return _ships.GetValueOrDefault(ship) ?? _ships.GetValueOrDefault(ShipHeader.Unnamed) ?? throw NotHere($"it has no member of {ship} that has started");
    }

    private RpcException NotHere(string why) => new(new Status(StatusCode.Unavailable, $"{_options.Name} can't answer: {why}"));
}

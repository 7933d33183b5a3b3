using Grpc.Net.Client;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Another member, as the links see it.</summary>
sealed class LinkPeer(string name) : IDisposable
{
    private readonly Lock _lock = new();
    private SharedConnections.Use? _connection;
    private LinkAddress? _address;
    private int _version;
    private volatile string? _problem;
    private volatile MemberVersion? _memberVersion;
    private volatile string? _runtime;

    public string Name { get; } = name;

    /// <summary>Ends what is done for this peer.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Dials it, or introduces this member to it.</summary>
    public Task Loop { get; set; } = Task.CompletedTask;

    /// <summary>Held while a message is handed on, so that a new stream's messages come after the last of the old one's.</summary>
    public Lock Delivery { get; } = new();

    /// <summary>The link; <see langword="null"/> where there is none now. Written under <see cref="Delivery"/>.</summary>
    public LinkStream? Current { get; set; }

    /// <summary>Where it listens, where that is known.</summary>
    public HostAddress? Address
    {
        get
        {
            lock (_lock)
                return _address?.Value;
        }
    }

    /// <summary>Why there is no link; <see langword="null"/> where there is one, or none was tried.</summary>
    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }

    /// <summary>Of which version it is; <see langword="null"/> before it said so.</summary>
    public MemberVersion? Version
    {
        get => _memberVersion;
        set => _memberVersion = value;
    }

    /// <summary>Which version of the ship's own runtime it has; <see langword="null"/> where it did not say.</summary>
    public string? Runtime
    {
        get => _runtime;
        set => _runtime = value;
    }

    /// <summary>Notes an address; says whether it was another.</summary>
    public bool Learn(HostAddress address)
    {
        lock (_lock)
        {
            if (_address?.Value == address)
                return false;
            _address = new LinkAddress(address);
            Release();
            return true;
        }
    }

    /// <summary>The connection for all but the stream: large answers do not hinder that one.</summary>
    /// <param name="connections">The node's.</param>
    /// <param name="version">That of the certificates: with others, the connection is made anew.</param>
    public GrpcChannel? Channel(SharedConnections connections, int version)
    {
        lock (_lock)
        {
            if (Stop.IsCancellationRequested || _address is not { } address)
                return null;
            if (_version != version)
            {
                Release();
                _version = version;
            }
            _connection ??= connections.Rent(Name, address.Value, forStreams: false);
            return _connection.Channel;
        }
    }

    public void Dispose()
    {
        lock (_lock)
            Release();
        Stop.Dispose();
    }

    private void Release()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private sealed record LinkAddress(HostAddress Value);
}

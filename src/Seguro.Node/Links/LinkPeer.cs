using Grpc.Net.Client;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Another member, as the links see it.</summary>
sealed class LinkPeer(string name) : IDisposable
{
    private readonly Lock _lock = new();
    private GrpcChannel? _channel;
    private LinkAddress? _address;
    private int _version;
    private volatile string? _problem;
    private volatile MemberVersion? _memberVersion;

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

    /// <summary>Notes an address; says whether it was another.</summary>
    public bool Learn(HostAddress address)
    {
        lock (_lock)
        {
            if (_address?.Value == address)
                return false;
            _address = new LinkAddress(address);
            _channel?.Dispose();
            _channel = null;
            return true;
        }
    }

    /// <summary>The connection for all but the stream: large answers do not hinder that one.</summary>
    /// <param name="make">Makes one.</param>
    /// <param name="version">That of the certificates: with others, the connection is made anew.</param>
    public GrpcChannel? Channel(Func<string, HostAddress, GrpcChannel> make, int version)
    {
        lock (_lock)
        {
            if (Stop.IsCancellationRequested || _address is not { } address)
                return null;
            if (_version != version)
            {
                _channel?.Dispose();
                _channel = null;
                _version = version;
            }
            return _channel ??= make(Name, address.Value);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _channel?.Dispose();
            _channel = null;
        }
        Stop.Dispose();
    }

    private sealed record LinkAddress(HostAddress Value);
}

using Grpc.Net.Client;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>A node's connections with other nodes, each used by all ships' links at once: HTTP/2 gives each its own streams, with a flow control of its own.</summary>
/// <remarks>
/// One with each node for the streams of messages, another for all else, so that large answers do not hinder a sign of life. One that broke is used by nobody anew, and so is one
/// to another address, or made with older certificates; it is closed with the last that uses it. For any thread.
/// </remarks>
sealed class SharedConnections(LinkDoorOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Peer, bool ForStreams), Connection> _current = [];

    /// <summary>How many were made for streams so far.</summary>
    public int MadeForStreams { get; private set; }

    /// <summary>A connection to use, until the answer is disposed of; it is made when it is first used.</summary>
    /// <param name="peer">The other node.</param>
    /// <param name="address">Where its links listen.</param>
    /// <param name="forStreams">It is for a stream of messages.</param>
    public Use Rent(string peer, HostAddress address, bool forStreams)
    {
        int version = options.Certificates.Version;
        lock (_lock)
        {
            if (!_current.TryGetValue((peer, forStreams), out Connection? connection) || connection.IsRetired || connection.Address != address || connection.Version != version)
            {
                if (connection is not null)
                    connection.IsRetired = true; // those that use it keep it
                MadeForStreams += forStreams ? 1 : 0;
                connection = _current[(peer, forStreams)] = new Connection(LinkDialer.Connect(options, peer, address), peer, forStreams, address, version);
            }
            connection.Users++;
            return new Use(this, connection);
        }
    }

    private void Return(Connection connection)
    {
        lock (_lock)
        {
            if (--connection.Users > 0)
                return;
            if (_current.TryGetValue((connection.Peer, connection.ForStreams), out Connection? current) && current == connection)
                _current.Remove((connection.Peer, connection.ForStreams));
        }
        connection.Channel.Dispose();
    }

    private void Retire(Connection connection)
    {
        lock (_lock)
            connection.IsRetired = true;
    }

    /// <summary>One user's hold of a connection.</summary>
    public sealed class Use : IDisposable
    {
        private readonly SharedConnections _all;
        private Connection? _connection;

        internal Use(SharedConnections all, Connection connection)
        {
            _all = all;
            _connection = connection;
            Channel = connection.Channel;
        }

        /// <summary>For calls.</summary>
        public GrpcChannel Channel { get; }

        /// <summary>The connection broke: whoever comes next makes a new one, so that nothing of this one's waits is left.</summary>
        public void Retire()
        {
            if (_connection is { } connection)
                _all.Retire(connection);
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _connection, null) is { } connection)
                _all.Return(connection);
        }
    }

    /// <summary>All but the first five under the lock.</summary>
    internal sealed class Connection(GrpcChannel channel, string peer, bool forStreams, HostAddress address, int version)
    {
        public GrpcChannel Channel { get; } = channel;

        public string Peer { get; } = peer;

        public bool ForStreams { get; } = forStreams;

        public HostAddress Address { get; } = address;

        public int Version { get; } = version;

        public bool IsRetired { get; set; }

        public int Users { get; set; }
    }
}

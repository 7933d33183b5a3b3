using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using Grpc.Net.Client;
using Seguro.Core;
using Seguro.Identity;
using Wire = Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>The connection with one member of an etcd cluster. It connects by itself, and again after a failure.</summary>
/// <remarks>For any thread.</remarks>
sealed class EtcdMember : IDisposable
{
    // Answers to reads are bounded by what is asked for; this is only against a server gone mad.
    private const int LargestAnswer = 64 << 20;

    // etcd closes the connections of clients that ping more often than every 5 s, or while they have no call under way.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(4);

    private readonly GrpcChannel _channel;

    /// <summary>Makes the connection, which opens with the first call.</summary>
    /// <param name="address">Where.</param>
    /// <param name="certificates">For TLS; <see langword="null"/>: plain.</param>
    /// <param name="patience">How long connecting may take.</param>
    public EtcdMember(HostAddress address, ClusterCertificates? certificates, TimeSpan patience)
    {
        Address = address;
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = patience,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingPatience,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = false,
            UseProxy = false,
        };
        // TLS is spoken below HTTP, so that each new connection uses the certificates that are in force then.
        if (certificates is not null)
            handler.ConnectCallback = (_, cancel) => ConnectAsync(address, certificates, cancel);
        _channel = GrpcChannel.ForAddress(
            $"http://{address}",
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = LargestAnswer, MaxSendMessageSize = null });
        Kv = new Wire.KV.KVClient(_channel);
        Watch = new Wire.Watch.WatchClient(_channel);
        Cluster = new Wire.Cluster.ClusterClient(_channel);
        Maintenance = new Wire.Maintenance.MaintenanceClient(_channel);
    }

    /// <summary>Where it is.</summary>
    public HostAddress Address { get; }

    /// <summary>Its keys.</summary>
    public Wire.KV.KVClient Kv { get; }

    /// <summary>Its changes.</summary>
    public Wire.Watch.WatchClient Watch { get; }

    /// <summary>Who else there is.</summary>
    public Wire.Cluster.ClusterClient Cluster { get; }

    /// <summary>How it is.</summary>
    public Wire.Maintenance.MaintenanceClient Maintenance { get; }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(HostAddress address, ClusterCertificates certificates, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream stream = Stream.Null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel);
            SslStream tls = new(new NetworkStream(socket, ownsSocket: true));
            stream = tls;
            SslClientAuthenticationOptions options = certificates.ClientOptions(address.Host);
            options.ApplicationProtocols = [SslApplicationProtocol.Http2];
            await tls.AuthenticateAsClientAsync(options, cancel);
            return tls;
        }
        catch
        {
            await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }
}

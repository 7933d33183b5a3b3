using System.Net.Security;
using System.Net.Sockets;
using Grpc.Net.Client;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Node.Links;

/// <summary>Makes connections to members: TLS 1.3, the certificate must be that of the very member that is meant.</summary>
static class LinkDialer
{
    /// <summary>A connection that is made when it is first used. The caller disposes of it.</summary>
    public static GrpcChannel Connect(LinkDoorOptions options, string peer, HostAddress address)
    {
        SslClientAuthenticationOptions tls = options.Certificates.ClientOptions(
            address.Host, identity => identity.Name == peer && !identity.IsClient ? options.Access.RefuseMember(identity) : $"{identity} is not {peer}");
        SocketsHttpHandler handler = new()
        {
            SslOptions = tls,
            ConnectTimeout = options.ConnectTime,
            KeepAlivePingDelay = options.KeepAlive,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(address.Host, address.Port, cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MemberLinks.LargestFrame(options),
            MaxSendMessageSize = null,
        });
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Links;

/// <summary>Where other members' connections come in: Kestrel, HTTP/2 only, mutual TLS 1.3.</summary>
static class LinkListener
{
    private const int StreamsOfOneShip = 32;

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the address can't be listened on.</exception>
    public static async Task<WebApplication> StartAsync(LinkDoor door, LinkDoorOptions options, CancellationToken cancel)
    {
        HostAddress address = options.Listen ?? options.Address;
        // Members stand there for as long as a handshake takes; all of a cluster may come from one address.
        Doorstep doorstep = new(4 * Optimism.MostMembers, 2 * Optimism.MostMembers, options.Refused);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Frames have limits of their own; streams last as long as the process.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxConcurrentConnections = 12 * Optimism.MostMembers;
            kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsOfOneShip + (4 * (options.MostShips - 1));
            kestrel.Limits.Http2.KeepAlivePingDelay = options.KeepAlive;
            kestrel.Limits.Http2.KeepAlivePingTimeout = options.KeepAliveTimeout;
            // A group of pushed events in flight on a long line. What many ships that do not read hold up must not fill what all have.
            kestrel.Limits.Http2.InitialStreamWindowSize = options.MostShips == 1 ? 4 << 20 : 1 << 20;
            kestrel.Limits.Http2.InitialConnectionWindowSize = options.MostShips == 1 ? 8 << 20 : 256 << 20;
            foreach (IPEndPoint endpoint in Resolve(address))
            {
                kestrel.Listen(endpoint, listen =>
                {
                    listen.UseDoorstep(doorstep);
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        HandshakeTimeout = options.ConnectTime,
                        OnConnection = handshake => ValueTask.FromResult(options.Certificates.ServerOptions(
                            options.Access.RefuseForeigner, why => options.Refused?.Invoke($"{handshake.Connection.RemoteEndPoint}: {why}"))),
                    });
                    listen.UseTrust();
                });
            }
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(new LinkService(door));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MemberLinks.LargestFrame(options);
            grpc.MaxSendMessageSize = null;
            grpc.EnableDetailedErrors = false;
        });
        WebApplication application = builder.Build();
        application.MapGrpcService<LinkService>();
        try
        {
            await application.StartAsync(cancel);
            return application;
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            await application.DisposeAsync();
            throw new SeguroException(ErrorCode.BadValue, $"the links can't listen on {address}: {error.Message}", "Use a free port on an address of this machine.", error);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    private static IPEndPoint[] Resolve(HostAddress address)
    {
        try
        {
            return address.Resolve();
        }
        catch (System.Net.Sockets.SocketException error)
        {
            throw new SeguroException(ErrorCode.BadValue, $"the links can't listen on {address}: {error.Message}", "Use a name or address of this machine.", error);
        }
    }
}

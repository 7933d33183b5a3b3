using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Seguro.Core;
using Seguro.Stores;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Tests.Node.Links;

/// <summary>Somebody with a certificate and a program of their own, who asks a member for whatever it may give.</summary>
internal static class LinkCaller
{
    /// <summary>Asks for the master's resignation, for the log, and for a link; says how each was refused, or that it was not.</summary>
    public static async Task<IReadOnlyList<StatusCode>> TryAsync(HostAddress address, X509Certificate2 certificate, CancellationToken cancel)
    {
        SocketsHttpHandler handler = new() { SslOptions = new() { ClientCertificates = [certificate], RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null } };
        using GrpcChannel channel = GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Wire.MemberLink.MemberLinkClient client = new(channel);
        return
        [
            await StatusAsync(async () => await client.CommandAsync(new Wire.CommandRequest { Path = "/stepdown" }, cancellationToken: cancel)),
            await StatusAsync(async () =>
            {
                using AsyncServerStreamingCall<Wire.EventPiece> call = client.ReadEvents(
                    new Wire.ReadRequest { After = new Wire.Position { Chain = Google.Protobuf.ByteString.CopyFrom(new byte[32]) }, Last = 1 },
                    cancellationToken: cancel);
                await call.ResponseStream.MoveNext(cancel);
            }),
            await StatusAsync(async () =>
            {
                using AsyncDuplexStreamingCall<Wire.Frame, Wire.Frame> call = client.Connect(cancellationToken: cancel);
                await call.RequestStream.CompleteAsync();
                await call.ResponseStream.MoveNext(cancel);
            }),
        ];
    }

    private static async Task<StatusCode> StatusAsync(Func<Task> call)
    {
        try
        {
            await call();
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            // A link that was made ends when this side ends it.
            return error.Status.Detail == "the link broke" ? StatusCode.OK : error.StatusCode;
        }
    }
}

using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>What other members may ask of this one. Who asks is read from the certificate.</summary>
sealed class LinkService(LinkDoor door) : Wire.MemberLink.MemberLinkBase
{
    /// <summary>In the headers of a stream that was accepted: a refusal has headers too.</summary>
    public static readonly Metadata.Entry Accepted = new("seguro-link", "accepted");

    private const int Piece = 1 << 20;

    public override async Task Connect(IAsyncStreamReader<Wire.Frame> requestStream, IServerStreamWriter<Wire.Frame> responseStream, ServerCallContext context)
    {
        MemberLinks links = door.Find(context.RequestHeaders);
        LinkOptions options = links.Options;
        string caller = CallerOf(context, options);
        if (links.Dials(caller))
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"{options.Name} makes the link to {caller}, not the other way round"));
        Metadata headers = [];
        options.Version.Add(headers);
        RuntimeHeader.Add(headers, options);
        if (links.RefuseVersion(caller, context.RequestHeaders) is { } refusal)
        {
            await context.WriteResponseHeadersAsync(headers);
            throw new RpcException(new Status(StatusCode.FailedPrecondition, refusal));
        }
        StoreHeader.Add(headers, options);
        if (!StoreHeader.IsShared(context.RequestHeaders, caller, options))
        {
            await context.WriteResponseHeadersAsync(headers);
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"{options.Name} works with another store than {caller}"));
        }
        // The headers tell the caller that the stream stands, before the first frame.
        headers.Add(Accepted);
        await context.WriteResponseHeadersAsync(headers);
        await links.RunAsync(caller, requestStream, responseStream, context.CancellationToken);
        throw new RpcException(new Status(StatusCode.Unavailable, "the link broke"));
    }

    public override Task<Wire.Introduced> Introduce(Wire.Introduction request, ServerCallContext context)
    {
        MemberLinks links = door.Find(context.RequestHeaders);
        LinkOptions options = links.Options;
        ClusterIdentity caller = IdentityOf(context, options);
        if (request.Address.Length > 300 || !HostAddress.TryParse(request.Address, out HostAddress address))
            throw new RpcException(new Status(StatusCode.InvalidArgument, "that is not an address"));
        string? refusal = options.Access.RefuseMember(caller);
        if (refusal is null)
            links.Learn(caller.Name, address);
        else
            links.NoteAsking(caller.Name, address);
        return Task.FromResult(new Wire.Introduced { Refusal = refusal ?? "", Left = options.Access.HasLeft(caller.Name) });
    }

    public override async Task ReadEvents(Wire.ReadRequest request, IServerStreamWriter<Wire.EventPiece> responseStream, ServerCallContext context)
    {
        MemberLinks links = door.Find(context.RequestHeaders);
        LinkOptions options = links.Options;
        string caller = CallerOf(context, options);
        // Whoever has no link with this member may read from it, but not where the events are of another log.
        if (!StoreHeader.IsShared(context.RequestHeaders, caller, options))
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"{options.Name} works with another store than {caller}"));
        using CancellationTokenSource cut = links.WhileLetIn(caller, context.CancellationToken);
        Position after = Refusing(() => MessageCodec.Decode(request.After));
        IReadOnlyList<Event> events = await options.ReadLocal(after, new EventNumber(request.Last), cut.Token);
        Wire.EventPiece piece = new();
        int size = 0;
        foreach (Event read in events)
        {
            if (size > 0 && size + read.Payload.Length > Piece)
            {
                await responseStream.WriteAsync(piece, cut.Token);
                piece = new Wire.EventPiece();
                size = 0;
            }
            if (read.Payload.Length <= Piece)
            {
                piece.Payloads.Add(UnsafeByteOperations.UnsafeWrap(read.Payload));
                size += Math.Max(1, read.Payload.Length);
                continue;
            }
            if (piece.Payloads.Count > 0)
                await responseStream.WriteAsync(piece, cut.Token);
            for (int from = 0; from < read.Payload.Length; from += Piece)
            {
                piece = new Wire.EventPiece
                {
                    Size = from == 0 ? (ulong)read.Payload.Length : 0,
                    Part = UnsafeByteOperations.UnsafeWrap(read.Payload.Slice(from, Math.Min(Piece, read.Payload.Length - from))),
                };
                await responseStream.WriteAsync(piece, cut.Token);
            }
            piece = new Wire.EventPiece();
            size = 0;
        }
        if (events.Count == 0)
            return;
        piece.LastChain = MessageCodec.Encode(events[^1].Chain);
        await responseStream.WriteAsync(piece, cut.Token);
    }

    public override async Task<Wire.CommandReply> Command(Wire.CommandRequest request, ServerCallContext context)
    {
        LinkOptions options = door.Find(context.RequestHeaders).Options;
        string caller = CallerOf(context, options);
        if (options.Command is not { } handle)
            throw new RpcException(new Status(StatusCode.Unimplemented, "this member takes no requests"));
        if (request.Path.Length > 100 || request.Body.Length > LinkCommand.LargestBody)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the request is too large"));
        LinkReply reply = await handle(new LinkCommand(caller, request.Path, request.Body.Memory), context.CancellationToken);
        return new Wire.CommandReply { Status = reply.Status, Body = UnsafeByteOperations.UnsafeWrap(reply.Body) };
    }

    private static string CallerOf(ServerCallContext context, LinkOptions options)
    {
        ClusterIdentity caller = IdentityOf(context, options);
        return options.Access.RefuseMember(caller) is { } refusal ? throw Denied(refusal, options) : caller.Name;
    }

    // The handshake let nobody pass who is not, by certificate, a member of this cluster.
    private static ClusterIdentity IdentityOf(ServerCallContext context, LinkOptions options)
    {
        string why = "there is none";
        ClusterIdentity? caller = context.GetHttpContext().Connection.ClientCertificate is { } certificate ? ClusterIdentity.Of(certificate, out why) : null;
        if (caller is null)
            throw Denied($"the caller's certificate is not taken: {why}", options);
        if (caller.Name == options.Name)
            throw Denied($"the caller's certificate is that of {options.Name} itself", options);
        return caller;
    }

    private static RpcException Denied(string why, LinkOptions options)
    {
        options.Refused?.Invoke(why);
        return new RpcException(new Status(StatusCode.PermissionDenied, why));
    }

    private static T Refusing<T>(Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (SeguroException error)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, error.Message));
        }
    }
}

using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Seguro.Core;
using Seguro.Stores;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>What other members may ask of this one. Who asks is read from the certificate.</summary>
sealed class LinkService(MemberLinks links, LinkOptions options) : Wire.MemberLink.MemberLinkBase
{
    private const int Piece = 1 << 20;

    public override async Task Connect(IAsyncStreamReader<Wire.Frame> requestStream, IServerStreamWriter<Wire.Frame> responseStream, ServerCallContext context)
    {
        string caller = CallerOf(context);
        if (links.Dials(caller))
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"{options.Name} makes the link to {caller}, not the other way round"));
        // The headers tell the caller that the stream stands, before the first frame.
        await context.WriteResponseHeadersAsync([]);
        await links.RunAsync(caller, requestStream, responseStream, context.CancellationToken);
        throw new RpcException(new Status(StatusCode.Unavailable, "the link broke"));
    }

    public override Task<Wire.Nothing> Introduce(Wire.Introduction request, ServerCallContext context)
    {
        string caller = CallerOf(context);
        if (request.Address.Length > 300 || !HostAddress.TryParse(request.Address, out HostAddress address))
            throw new RpcException(new Status(StatusCode.InvalidArgument, "that is not an address"));
        links.Learn(caller, address);
        return Task.FromResult(new Wire.Nothing());
    }

    public override async Task ReadEvents(Wire.ReadRequest request, IServerStreamWriter<Wire.EventPiece> responseStream, ServerCallContext context)
    {
        CallerOf(context);
        Position after = Refusing(() => MessageCodec.Decode(request.After));
        IReadOnlyList<Event> events = await options.ReadLocal(after, new EventNumber(request.Last), context.CancellationToken);
        Wire.EventPiece piece = new();
        int size = 0;
        foreach (Event read in events)
        {
            if (size > 0 && size + read.Payload.Length > Piece)
            {
                await responseStream.WriteAsync(piece, context.CancellationToken);
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
                await responseStream.WriteAsync(piece, context.CancellationToken);
            for (int from = 0; from < read.Payload.Length; from += Piece)
            {
                piece = new Wire.EventPiece
                {
                    Size = from == 0 ? (ulong)read.Payload.Length : 0,
                    Part = UnsafeByteOperations.UnsafeWrap(read.Payload.Slice(from, Math.Min(Piece, read.Payload.Length - from))),
                };
                await responseStream.WriteAsync(piece, context.CancellationToken);
            }
            piece = new Wire.EventPiece();
            size = 0;
        }
        if (events.Count == 0)
            return;
        piece.LastChain = MessageCodec.Encode(events[^1].Chain);
        await responseStream.WriteAsync(piece, context.CancellationToken);
    }

    public override async Task<Wire.CommandReply> Command(Wire.CommandRequest request, ServerCallContext context)
    {
        string caller = CallerOf(context);
        if (options.Command is not { } handle)
            throw new RpcException(new Status(StatusCode.Unimplemented, "this member takes no requests"));
        if (request.Path.Length > 100 || request.Body.Length > LinkCommand.LargestBody)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the request is too large"));
        LinkReply reply = await handle(new LinkCommand(caller, request.Path, request.Body.Memory), context.CancellationToken);
        return new Wire.CommandReply { Status = reply.Status, Body = UnsafeByteOperations.UnsafeWrap(reply.Body) };
    }

    private string CallerOf(ServerCallContext context)
    {
        string? name = MemberName.Of(context.GetHttpContext().Connection.ClientCertificate);
        return name is not null && name != options.Name
            ? name
            : throw new RpcException(new Status(StatusCode.PermissionDenied, "the caller's certificate is not that of another member"));
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

using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

public sealed partial class MemberLinks
{
    // The most bytes of small events that one answer may bring; members send a group of a few megabytes.
    private const long LargestGroup = 64L << 20;

    private int _turn;

    /// <summary>Reads events from other members' local logs: asks one after the other until one has some.</summary>
    /// <param name="after">The position before the first; members with another chain there have nothing to give.</param>
    /// <param name="last">Not above this event.</param>
    /// <param name="sparing">A member that is not to be asked; then only those are with whom there is a link. <see langword="null"/>: all.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>Events that follow, as many as the member gave at once, their chains computed here and the last compared with the member's; none where nobody has any.</returns>
    public async ValueTask<IReadOnlyList<Event>> ReadAsync(Position after, EventNumber last, string? sparing, CancellationToken cancel)
    {
        if (last <= after.Number)
            return [];
        // In turn, so that one that is slow or damaged is not asked for ever; those with a link first.
        LinkPeer[] peers = [.. _peers.Values.OrderBy(static peer => peer.Name, StringComparer.Ordinal)];
        int first = peers.Length == 0 ? 0 : (int)((uint)Interlocked.Increment(ref _turn) % (uint)peers.Length);
        foreach (LinkPeer peer in peers.Skip(first).Concat(peers.Take(first)).OrderBy(static peer => peer.Current is null))
        {
            if ((sparing is not null && (peer.Name == sparing || peer.Current is null)) || Channel(peer) is not { } channel)
                continue;
            try
            {
                IReadOnlyList<Event> events = await ReadFromAsync(channel, after, last, cancel);
                if (events.Count > 0)
                    return events;
            }
            catch (SeguroException error)
            {
                _options.Log.LogWarning("What {Peer} read from its local log can't be used: {Problem}.", peer.Name, error.Message);
            }
            catch (Exception error) when (LinkStream.IsBroken(error))
            {
                cancel.ThrowIfCancellationRequested();
            }
        }
        return [];
    }

    private async Task<IReadOnlyList<Event>> ReadFromAsync(GrpcChannel channel, Position after, EventNumber last, CancellationToken cancel)
    {
        Metadata own = ShipHeader.Of(_options);
        StoreHeader.Add(own, _options);
        using AsyncServerStreamingCall<Wire.EventPiece> call = new Wire.MemberLink.MemberLinkClient(channel).ReadEvents(
            new Wire.ReadRequest { After = MessageCodec.Encode(after), Last = last.Value }, own, deadline: DateTime.UtcNow + _options.ReadTime, cancellationToken: cancel);
        using ChainHasher hasher = new();
        List<Event> events = [];
        Position at = after;
        byte[]? large = null;
        int filled = 0;
        long size = 0;
        Chain? end = null;
        while (await call.ResponseStream.MoveNext(cancel))
        {
            Wire.EventPiece piece = call.ResponseStream.Current;
            if (end is not null || (large is not null && (piece.Payloads.Count > 0 || piece.Size > 0 || piece.Part.IsEmpty)))
                throw MessageCodec.Bad("pieces of events in the wrong order");
            Add(MessageCodec.Link(at, piece.Payloads, hasher));
            if (piece.Size > 0)
            {
                if (piece.Size > (ulong)_options.LargestEvent || piece.Size > (ulong)Array.MaxLength)
                    throw MessageCodec.Bad($"an event of {piece.Size} bytes, and {_options.LargestEvent} is the most");
                large = GC.AllocateUninitializedArray<byte>((int)piece.Size);
                filled = 0;
            }
            if (!piece.Part.IsEmpty)
            {
                if (large is null || piece.Part.Length > large.Length - filled)
                    throw MessageCodec.Bad("more of an event than it has");
                piece.Part.Span.CopyTo(large.AsSpan(filled));
                filled += piece.Part.Length;
                if (filled == large.Length)
                {
                    Add(MessageCodec.Link(at, [UnsafeByteOperations.UnsafeWrap(large)], hasher));
                    large = null;
                }
            }
            if (!piece.LastChain.IsEmpty)
                end = MessageCodec.DecodeChain(piece.LastChain);
        }
        if (events.Count == 0 && end is null && large is null)
            return [];
        if (large is not null || end != at.Chain || at.Number > last)
            throw MessageCodec.Bad($"events after {after.Number} that are not those of its chain, or not all of them");
        return events;

        void Add(Event[] more)
        {
            foreach (Event added in more)
                size += added.Payload.Length;
            if (more.Length == 0)
                return;
            if (size > LargestGroup + (more.Length == 1 ? more[0].Payload.Length : 0))
                throw MessageCodec.Bad("more events at once than were asked for");
            events.AddRange(more);
            at = new Position(more[^1].Number, more[^1].Chain);
        }
    }
}

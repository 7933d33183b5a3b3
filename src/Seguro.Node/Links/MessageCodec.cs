using Google.Protobuf;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores.Dqlite;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <summary>Messages of members as frames of a link, and back.</summary>
/// <remarks>
/// Payloads are not copied on the way out, and once on the way in: the parser gives each an array of its own, which becomes the event's. A push carries the chain
/// after its last event only; decoding computes all of them, so that what a faulty member or machine changed is found here.
/// </remarks>
static class MessageCodec
{
    private const int LongestReason = 4096;

    // Empty payloads take two bytes on the way and many more here.
    private const int MostEvents = 65_536;

    /// <summary>Makes a frame.</summary>
    /// <param name="message">Its payloads must not be changed before the frame was sent.</param>
    /// <param name="largestPush">Events beyond so many payload bytes are left out (see <see cref="LinkOptions.LargestPush"/>).</param>
    /// <returns>The frame, and how many payload bytes it carries.</returns>
    public static (Wire.Frame Frame, long Size) Encode(MemberMessage message, int largestPush)
    {
        switch (message)
        {
            case MemberMessage.Push push:
                (Wire.Push encoded, long size) = Encode(push, largestPush);
                return (new Wire.Frame { Push = encoded }, size);
            case MemberMessage.Ack ack:
                Wire.Ack answer = new() { Term = ack.Term.Value, Received = Encode(ack.Received), Durable = Encode(ack.Durable), Processed = Encode(ack.Processed), Gap = ack.Gap };
                if (ack.Stopped is { } stopped)
                    answer.Stopped = stopped.Length > LongestReason ? stopped[..LongestReason] : stopped;
                return (new Wire.Frame { Ack = answer }, 0);
            case MemberMessage.Testimony said:
                Wire.Testimony testimony = new() { Term = said.Term.Value, Winner = said.Winner, Committed = Encode(said.Committed), Accepted = said.Accepted.Value };
                if (said.Loss is { } loss)
                    testimony.Loss = loss.Length > LongestReason ? loss[..LongestReason] : loss;
                return (new Wire.Frame { Testimony = testimony }, 0);
            default:
                throw new ArgumentException($"A {message.GetType().Name} has no frame.", nameof(message));
        }
    }

    /// <summary>Reads a frame.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: it says nothing, or what can't be.</exception>
    public static MemberMessage Decode(Wire.Frame frame, ChainHasher hasher) => frame.ContentCase switch
    {
        Wire.Frame.ContentOneofCase.Push => Decode(frame.Push, hasher),
        Wire.Frame.ContentOneofCase.Ack => new MemberMessage.Ack(
            new Term(frame.Ack.Term), Decode(frame.Ack.Received), Decode(frame.Ack.Durable), Decode(frame.Ack.Processed),
            frame.Ack.Gap, frame.Ack.HasStopped ? Short(frame.Ack.Stopped, LongestReason, "a reason") : null),
        Wire.Frame.ContentOneofCase.Testimony => new MemberMessage.Testimony(
            new Term(frame.Testimony.Term), Short(frame.Testimony.Winner, Lease.LongestHolder, "a name"), Decode(frame.Testimony.Committed), new Term(frame.Testimony.Accepted),
            frame.Testimony.HasLoss ? Short(frame.Testimony.Loss, LongestReason, "a reason") : null),
        _ => throw Bad("a frame of an unknown kind"),
    };

    public static Wire.Position Encode(Position position) => new() { Number = position.Number.Value, Chain = Encode(position.Chain) };

    public static Position Decode(Wire.Position? position) =>
        position is null ? throw Bad("a message without a position that it must have") : new Position(new EventNumber(position.Number), DecodeChain(position.Chain));

    /// <summary>Gives payloads their numbers and chains.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: more events than numbers.</exception>
    public static Event[] Link(Position previous, IReadOnlyList<ByteString> payloads, ChainHasher hasher)
    {
        if (payloads.Count > MostEvents)
            throw Bad($"{payloads.Count} events at once");
        if ((ulong)payloads.Count > ulong.MaxValue - previous.Number.Value)
            throw Bad("events beyond the last number");
        Event[] events = new Event[payloads.Count];
        Chain chain = previous.Chain;
        EventNumber number = previous.Number;
        for (int index = 0; index < events.Length; index++)
        {
            number = number.Next;
            ReadOnlyMemory<byte> payload = payloads[index].Memory;
            chain = hasher.Next(chain, number, payload.Span);
            events[index] = new Event(number, payload, chain);
        }
        return events;
    }

    public static SeguroException Bad(string what) =>
        new(ErrorCode.Corrupt, $"a member sent {what}", "Run the same version of Seguro on all members; should they be the same, that member's machine is faulty or not yours.");

    private static (Wire.Push Push, long Size) Encode(MemberMessage.Push push, int largestPush)
    {
        Wire.Push encoded = new()
        {
            Lease = new Wire.Lease { Term = push.Lease.Term.Value, Holder = push.Lease.Holder ?? "", Renewals = push.Lease.Renewals, Duration = push.Lease.Duration.Ticks },
            Previous = Encode(push.Previous),
            Committed = Encode(push.Committed),
            Released = push.Released.Value,
            Settings = Encode(push.Settings),
        };
        long size = 0;
        Chain last = push.Previous.Chain;
        foreach (Event pushed in push.Events)
        {
            if (size + pushed.Payload.Length > largestPush)
                break;
            size += pushed.Payload.Length;
            last = pushed.Chain;
            encoded.Payloads.Add(UnsafeByteOperations.UnsafeWrap(pushed.Payload));
        }
        encoded.LastChain = Encode(last);
        return (encoded, size);
    }

    private static MemberMessage.Push Decode(Wire.Push push, ChainHasher hasher)
    {
        if (push.Lease is not { } lease || push.Settings is not { } settings)
            throw Bad("a push without a lease or without settings");
        if (System.Text.Encoding.UTF8.GetByteCount(lease.Holder) > Lease.LongestHolder || lease.Duration < 0 || lease.Duration > TimeSpan.TicksPerHour)
            throw Bad("a lease that can't be");
        Position previous = Decode(push.Previous);
        Event[] events = Link(previous, push.Payloads, hasher);
        Chain last = events.Length == 0 ? previous.Chain : events[^1].Chain;
        if (last != DecodeChain(push.LastChain))
            throw Bad($"events after {previous.Number} that are not those of its chain");
        return new MemberMessage.Push(
            new Lease(new Term(lease.Term), lease.Holder, lease.Renewals, TimeSpan.FromTicks(lease.Duration)),
            previous, events, Decode(push.Committed), new EventNumber(push.Released), Decode(settings));
    }

    private static Wire.Settings Encode(ClusterSettings settings)
    {
        Wire.Settings encoded = new() { HasMembers = settings.Members is not null, Released = settings.Released.Value, Accepted = settings.Accepted.Value };
        if (settings.History is { } history)
            encoded.History = history.Value;
        if (settings.Optimism is { } optimism)
            encoded.Optimism = new Wire.Optimism { Replicas = (uint)optimism.Replicas, Degrade = optimism.OnReplicaLoss is ReplicaLossPolicy.Degrade };
        if (settings.Members is { } members)
            encoded.Members.AddRange(members);
        if (settings.Pause is { } pause)
            encoded.Pause = pause;
        if (settings.Left is { } left)
            encoded.Left.AddRange(left);
        return encoded;
    }

    private static ClusterSettings Decode(Wire.Settings settings)
    {
        if (settings.Members.Count > Optimism.MostMembers || settings.Left.Count > ClusterSettings.MostLeft || !settings.Members.Concat(settings.Left).All(MemberName.IsValid))
            throw Bad("names that can't be members'");
        if (settings.HasPause && !ClusterSettings.IsPause(settings.Pause))
            throw Bad("a reason of a pause that can't be");
        if (settings.Optimism?.Replicas >= Optimism.MostMembers)
            throw Bad($"an optimism of {settings.Optimism.Replicas}");
        Optimism? optimism = settings.Optimism is { } sent
            ? new Optimism((int)sent.Replicas, sent.Degrade ? ReplicaLossPolicy.Degrade : ReplicaLossPolicy.Wait)
            : null;
        return new ClusterSettings(optimism, settings.HasMembers ? [.. settings.Members] : null, new EventNumber(settings.Released), new Term(settings.Accepted),
            settings.HasHistory ? new EventNumber(settings.History) : null)
        {
            Left = settings.Left.Count > 0 ? [.. settings.Left] : null,
            Pause = settings.HasPause ? settings.Pause : null,
        };
    }

    public static ByteString Encode(Chain chain) => UnsafeByteOperations.UnsafeWrap(chain.ToArray());

    public static Chain DecodeChain(ByteString bytes) => bytes.Length == Chain.Size ? new Chain(bytes.Span) : throw Bad($"a chain of {bytes.Length} bytes");

    private static string Short(string text, int longest, string what) => text.Length <= longest ? text : throw Bad($"{what} of {text.Length} characters");
}

using Seguro.Core;

namespace Seguro.Vere.Relay;

/// <summary>A frame on its way to the king, in the parts that have come and not gone.</summary>
/// <param name="after">The event that must be released before.</param>
/// <param name="behind">How many replies must have gone before.</param>
internal sealed class HeldGift(EventNumber after, long behind = 0)
{
    private readonly Queue<ReadOnlyMemory<byte>> _parts = [];

    public EventNumber After { get; } = after;

    public long Behind { get; } = behind;

    /// <summary>Does it answer a writ? What does not, and is no text, is <c>%ripe</c>.</summary>
    public bool IsReply { get; init; } = true;

    /// <summary>Has all of it come?</summary>
    public bool IsWhole { get; private set; }

    public long Bytes { get; private set; }

    public void Add(ReadOnlyMemory<byte> part, bool isLast)
    {
        _parts.Enqueue(part);
        Bytes += part.Length;
        IsWhole |= isLast;
    }

    public void Send(IList<RelayOutput> outputs)
    {
        while (_parts.TryDequeue(out ReadOnlyMemory<byte> part))
            outputs.Add(new RelayOutput.ToKing(part));
        Bytes = 0;
    }
}

using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Writing;

/// <summary>Events on their way into a segment: their records, in memory up to a segment's size. Dispose of it.</summary>
internal sealed class SegmentDraft(Position start, long expected, ScratchPool pool) : IDisposable
{
    private const int LongestTimed = 1 << 20;
    private readonly Position _start = start;
    private readonly Stream _content = pool.For(expected + OpenedObject.RecordHead);
    private long _lastAt;
    private long _lastSize;

    /// <summary>The place in the log where it ends.</summary>
    public Position End { get; private set; } = start;

    public bool IsEmpty => End.Number == _start.Number;

    /// <summary>How many bytes there are.</summary>
    public long Bytes => _content.Length;

    /// <summary>The records, for whoever seals them.</summary>
    public Stream Content => _content;

    public void Begin(EventNumber number, long size)
    {
        if (number != End.Number.Next)
            throw new InvalidOperationException($"Event {number} does not follow {End.Number}.");
        Span<byte> head = stackalloc byte[OpenedObject.RecordHead];
        BinaryPrimitives.WriteUInt64LittleEndian(head, number.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(head[sizeof(ulong)..], (ulong)size);
        _content.Write(head);
        (_lastAt, _lastSize) = (_content.Position, size);
    }

    public void Add(ReadOnlySpan<byte> piece) => _content.Write(piece);

    public void EndEvent(EventNumber number, Chain chain) => End = new Position(number, chain);

    /// <summary>What it says of itself. The time is that in its last event, or <paramref name="now"/>.</summary>
    public Manifest Describe(DateTimeOffset now) => new(ManifestKind.Segment, _start.Number.Next, End.Number, _start.Chain, End.Chain, LastTime() ?? now);

    public void Dispose() => _content.Dispose();

    private DateTimeOffset? LastTime()
    {
        if (_lastSize > LongestTimed)
            return null;
        byte[] payload = new byte[_lastSize];
        _content.Position = _lastAt;
        _content.ReadExactly(payload);
        return EventTime.Of(payload);
    }
}

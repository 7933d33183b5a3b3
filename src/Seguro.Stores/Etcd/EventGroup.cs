using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Stores.Etcd;

/// <summary>Events that were appended together, as one value.</summary>
/// <remarks>
/// Layout, numbers little-endian: version (1 byte), count (4), the first event's number (8), the sum of all payloads before it (8); for each event its size (8), the length of
/// its fragment 0 (4), its chain (32); then all fragments 0, one after the other.
/// </remarks>
readonly struct EventGroup
{
    /// <summary>What one event costs beside its payload, in bytes.</summary>
    public const int RecordSize = 8 + 4 + Chain.Size;

    private const byte Version = 1;
    private const int HeaderSize = 1 + 4 + 8 + 8;

    private readonly ReadOnlyMemory<byte> _bytes;

    private EventGroup(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        Count = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[1..]);
        First = new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[5..]));
        TotalBefore = BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[13..]);
    }

    /// <summary>How many events.</summary>
    public int Count { get; }

    /// <summary>The first event.</summary>
    public EventNumber First { get; }

    /// <summary>The last event.</summary>
    public EventNumber Last => First + (ulong)(Count - 1);

    /// <summary>The sum of all payloads before <see cref="First"/>, over the log's life, in bytes.</summary>
    public long TotalBefore { get; }

    /// <summary>How long the value of a group is.</summary>
    public static int LengthOf(Append append)
    {
        long length = HeaderSize + ((long)RecordSize * append.Events.Count);
        foreach (NewEvent added in append.Events)
            length += added.Bytes.Length;
        return checked((int)length);
    }

    /// <summary>Makes the value of a group.</summary>
    public static byte[] ToBytes(Append append, long totalBefore)
    {
        byte[] bytes = new byte[LengthOf(append)];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), append.Events.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(5), append.Events[0].Number.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(13), totalBefore);
        Span<byte> records = bytes.AsSpan(HeaderSize);
        Span<byte> payloads = records[(RecordSize * append.Events.Count)..];
        foreach (NewEvent added in append.Events)
        {
            BinaryPrimitives.WriteInt64LittleEndian(records, added.Size);
            BinaryPrimitives.WriteInt32LittleEndian(records[8..], added.Bytes.Length);
            added.Chain.CopyTo(records[12..]);
            records = records[RecordSize..];
            added.Bytes.Span.CopyTo(payloads);
            payloads = payloads[added.Bytes.Length..];
        }
        return bytes;
    }

    /// <summary>Reads the value of a group; its lengths are checked, its bytes are left to the chain.</summary>
    /// <exception cref="FormatException">The bytes are not a group.</exception>
    public static EventGroup Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < HeaderSize || bytes.Span[0] != Version)
            throw new FormatException($"{bytes.Length} bytes are not a group of events");
        EventGroup group = new(bytes);
        long length = HeaderSize + ((long)RecordSize * group.Count);
        if (group.Count < 1 || group.First == EventNumber.None || length > bytes.Length || ulong.MaxValue - group.First.Value < (ulong)group.Count)
            throw new FormatException("a group of events contradicts itself");
        for (int i = 0; i < group.Count; i++)
        {
            (long size, int inline, _) = group.Record(i);
            if (inline < 0 || inline > size)
                throw new FormatException($"the size of event {group.First + (ulong)i} contradicts itself");
            length += inline;
        }
        return length == bytes.Length ? group : throw new FormatException("a group of events has another length than its events");
    }

    /// <summary>The events in order, each with its fragment 0.</summary>
    public IEnumerable<NewEvent> Events()
    {
        int at = HeaderSize + (RecordSize * Count);
        for (int i = 0; i < Count; i++)
        {
            (long size, int inline, Chain chain) = Record(i);
            yield return new NewEvent(First + (ulong)i, size, chain, _bytes.Slice(at, inline));
            at += inline;
        }
    }

    private (long Size, int Inline, Chain Chain) Record(int index)
    {
        ReadOnlySpan<byte> record = _bytes.Span.Slice(HeaderSize + (RecordSize * index), RecordSize);
        return (BinaryPrimitives.ReadInt64LittleEndian(record), BinaryPrimitives.ReadInt32LittleEndian(record[8..]), new Chain(record[12..]));
    }
}

using System.Buffers;
using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>A task that the king waits for: it takes answers in the order of its questions, each of the question's name.</summary>
/// <param name="tag">The name.</param>
/// <param name="keeps">Are its bytes kept, since the event's payload is made of them (protocol 1)?</param>
internal sealed class Writ(ulong tag, bool keeps)
{
    private readonly ArrayBufferWriter<byte>? _jam = keeps ? new ArrayBufferWriter<byte>() : null;

    public ulong Tag { get; } = tag;

    /// <summary>Bytes that it keeps.</summary>
    public long Kept => _jam?.WrittenCount ?? 0;

    /// <summary>Keeps a part of its frame.</summary>
    public void Keep(NewtPiece piece, int limit)
    {
        if (_jam is null)
            return;
        if (piece.Length > limit)
            throw new SeguroException(ErrorCode.TooLarge, $"an event of {piece.Length} bytes came, and {limit} are taken", "Raise the limit.");
        _jam.Write(piece.IsFirst ? piece.Head : piece.Bytes.Span);
    }

    /// <summary>The payload of the event that was asked for: its mug, and the jam of <c>[now wire card]</c> (vere-facts.md §2.3).</summary>
    public byte[] Payload(uint mug) =>
        VereTask.Read(Cue.From(_jam!.WrittenSpan), VereProtocol.One) is VereTask.Work work
            ? Payload(mug, new Cell(work.Now, work.Ovum))
            : throw new InvalidOperationException("Only %work is kept.");

    /// <summary>The payload of an event.</summary>
    public static byte[] Payload(uint mug, Noun job)
    {
        byte[] jam = Jam.ToBytes(job);
        byte[] payload = new byte[4 + jam.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, mug);
        jam.CopyTo(payload, 4);
        return payload;
    }
}

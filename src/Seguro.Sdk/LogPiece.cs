using Seguro.Core;

namespace Seguro.Sdk;

/// <summary>A piece of an event, in order. Only the last piece's arrival proves the event: whoever passes pieces on before must throw them away when the stream fails.</summary>
/// <param name="Number">The event's number.</param>
/// <param name="Offset">Where the piece begins in the event, in bytes; 0 begins an event.</param>
/// <param name="Size">The size of the whole event, in bytes.</param>
/// <param name="Bytes">The bytes: valid until the next piece is asked for.</param>
/// <param name="Chain">The chain at the event's number; set only on the last piece.</param>
public readonly record struct LogPiece(ulong Number, long Offset, long Size, ReadOnlyMemory<byte> Bytes, Chain Chain)
{
    /// <summary>The event is complete with this piece, and was verified.</summary>
    public bool IsLast => Offset + Bytes.Length == Size;
}

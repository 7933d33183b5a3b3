using Seguro.Core;

namespace Seguro.Piers;

/// <summary>A piece of an event as it streams by, in order.</summary>
/// <param name="Number">The event.</param>
/// <param name="Offset">Where the piece begins in the payload, in bytes; 0 begins a new event.</param>
/// <param name="Size">The size of the whole payload, in bytes.</param>
/// <param name="Bytes">The bytes: valid until the next piece is asked for.</param>
public readonly record struct PierPiece(EventNumber Number, long Offset, long Size, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The event is complete with this piece.</summary>
    public bool IsLast => Offset + Bytes.Length == Size;
}

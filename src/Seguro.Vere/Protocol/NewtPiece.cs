namespace Seguro.Vere.Protocol;

/// <summary>A part of a frame, as it was on the wire. The parts of a frame, one after the other, are the frame.</summary>
/// <param name="Bytes">The bytes; the first part begins with the header, and has the frame's head whole.</param>
/// <param name="Length">The length of the frame's body.</param>
/// <param name="IsFirst">Does the frame begin with it?</param>
/// <param name="IsLast">Does the frame end with it?</param>
public readonly record struct NewtPiece(ReadOnlyMemory<byte> Bytes, uint Length, bool IsFirst, bool IsLast)
{
    /// <summary>Of a first part: the body's first <see cref="NewtReader.HeadBytes"/> bytes, or all of it where it is shorter.</summary>
    public ReadOnlySpan<byte> Head => IsFirst ? Bytes.Span[Newt.HeaderBytes..] : throw new InvalidOperationException("Only the first part of a frame has its head.");
}

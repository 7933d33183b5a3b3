namespace Seguro.Core;

/// <summary>
/// A piece of an event as it streams by, in order. Only the last piece's arrival proves the event: see
/// <see cref="EventLog.StreamAsync(LogState, EventNumber, EventNumber, CancellationToken)"/>.
/// </summary>
/// <param name="Number">The event.</param>
/// <param name="Offset">Where the piece begins in the payload, in bytes; 0 begins a new event.</param>
/// <param name="Size">The size of the whole payload, in bytes.</param>
/// <param name="Bytes">The bytes: valid until the next piece is asked for.</param>
/// <param name="Chain">The verified chain at <paramref name="Number"/>; set only on the last piece.</param>
public readonly record struct EventFragment(EventNumber Number, long Offset, long Size, ReadOnlyMemory<byte> Bytes, Chain Chain)
{
    /// <summary>The event is complete with this piece, and its chain was verified.</summary>
    public bool IsLast => Offset + Bytes.Length == Size;
}

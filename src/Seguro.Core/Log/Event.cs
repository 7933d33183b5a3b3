namespace Seguro.Core;

/// <summary>An event of a ship's log.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Payload">
/// Its bytes, opaque to the log. Whoever hands out an event says how long these bytes stay valid; copy them to keep them.
/// </param>
/// <param name="Chain">The chain at <paramref name="Number"/>.</param>
public readonly record struct Event(EventNumber Number, ReadOnlyMemory<byte> Payload, Chain Chain);

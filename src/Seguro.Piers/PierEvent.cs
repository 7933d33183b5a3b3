using Seguro.Core;

namespace Seguro.Piers;

/// <summary>An event as a pier holds it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Payload">Its value: 4-byte little-endian mug, then jam of the event. Valid until the next event is asked for.</param>
public readonly record struct PierEvent(EventNumber Number, ReadOnlyMemory<byte> Payload);

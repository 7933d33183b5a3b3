namespace Seguro.Core;

/// <summary>What a ship wants done outside because of an event.</summary>
/// <param name="Number">The event that it comes from.</param>
/// <param name="Index">Its place among that event's effects, from 0: with the number a name that is the same on every member.</param>
/// <param name="Bytes">What is to be done, in the ship's own terms. For Urbit: jam of <c>[wire card]</c>.</param>
public readonly record struct Effect(EventNumber Number, int Index, ReadOnlyMemory<byte> Bytes);

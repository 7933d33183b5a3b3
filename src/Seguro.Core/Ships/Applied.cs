namespace Seguro.Core;

/// <summary>What an event of the log did to a ship.</summary>
/// <param name="Mug">The mug of the state after it, computed here; 0 where the ship has none.</param>
/// <param name="Effects">What the event wants done outside: a member that becomes master may have to release it.</param>
/// <param name="Digest">The digest of the ovum that the event came from (<see cref="Ovum.Digest"/>); 0 where there was none.</param>
public readonly record struct Applied(uint Mug, IReadOnlyList<Effect> Effects, uint Digest = 0);

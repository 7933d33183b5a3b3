using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>What a driver wants the ship to process.</summary>
/// <param name="Ovum"><c>[wire card]</c>, the wire with its target.</param>
/// <param name="Done">Is called when its event's effects may leave, before they do.</param>
/// <param name="Failed">Is called with the goofs where no event came of it.</param>
sealed record KingOvum(Noun Ovum, Action? Done = null, Action<Noun>? Failed = null);

namespace Seguro.Node.Ships;

/// <summary>An event of the list of ships, as JSON: one of both.</summary>
/// <param name="Add">A ship is added, or added anew.</param>
/// <param name="Remove">A ship is removed.</param>
sealed record RegistryChange(RegisteredShip? Add, string? Remove);

namespace Seguro.Harbor.Writing;

/// <summary>What a prune did.</summary>
/// <param name="Removed">How many objects it removed, those that were merged included.</param>
/// <param name="Merged">How many merged segments were made, or were there already.</param>
/// <param name="Locked">Objects that were to go and that the bucket keeps until their retention ends; those that must not go before one of them included.</param>
/// <param name="Why">What the bucket said of the first of them.</param>
public sealed record PruneResult(int Removed, int Merged, IReadOnlyList<string> Locked, string? Why);

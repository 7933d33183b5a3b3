namespace Seguro.Harbor.Writing;

/// <summary>What an exchange of recipients did.</summary>
/// <param name="Done">How many objects the new recipients can open now.</param>
/// <param name="Locked">Objects that the bucket keeps until their retention ends: they are as they were.</param>
/// <param name="Why">What the bucket said of the first of them.</param>
public sealed record RewrapResult(int Done, IReadOnlyList<string> Locked, string? Why);

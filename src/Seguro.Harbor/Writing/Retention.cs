namespace Seguro.Harbor.Writing;

/// <summary>What a harbor keeps.</summary>
/// <param name="Events">For so long, every event: any moment of it can be restored.</param>
public sealed record Retention(TimeSpan Events);

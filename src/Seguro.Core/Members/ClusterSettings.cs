namespace Seguro.Core;

/// <summary>What the store's metadata says about the cluster. Written by the master only, fenced by its term.</summary>
/// <param name="Optimism">The optimism in force; <see langword="null"/> where none was written yet.</param>
/// <param name="Members">Who belongs to the cluster, in order; <see langword="null"/> where none was written yet.</param>
/// <param name="Released">The watermark: all effects up to this event are certainly out.</param>
public readonly record struct ClusterSettings(Optimism? Optimism, IReadOnlyList<string>? Members, EventNumber Released);

using Seguro.Core;

namespace Seguro.Harbor.Writing;

/// <summary>What a prune removes, and what it merges.</summary>
/// <param name="Target">From where.</param>
/// <param name="Objects">The objects' names, in the order in which they go.</param>
/// <param name="Floor">The event of the snapshot from which everything can still be computed; <see cref="EventNumber.None"/>: from the first event.</param>
/// <param name="Merges">What stays in many small segments, and can be in few.</param>
public sealed record PrunePlan(string Target, IReadOnlyList<string> Objects, EventNumber Floor, IReadOnlyList<PlannedMerge> Merges);

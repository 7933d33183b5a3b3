using Seguro.Core;

namespace Seguro.Harbor.Writing;

/// <summary>Segments that become one.</summary>
/// <param name="First">The first event.</param>
/// <param name="Last">The last event.</param>
/// <param name="Objects">The segments' names, in order; two or more.</param>
/// <param name="Bytes">How many bytes of records they have together.</param>
public sealed record PlannedMerge(EventNumber First, EventNumber Last, IReadOnlyList<string> Objects, long Bytes);

using Seguro.Core;

namespace Seguro.Harbor.Reading;

/// <summary>A segment as its name shows it.</summary>
/// <param name="Name">The name within the ship's folder.</param>
/// <param name="First">Its first event.</param>
/// <param name="Last">Its last event, where the name says it: that of a merged one.</param>
/// <param name="Size">The object's size, in bytes.</param>
internal sealed record SegmentObject(string Name, EventNumber First, EventNumber? Last, long Size);

using Seguro.Core;

namespace Seguro.Piers;

/// <summary>An epoch of a pier.</summary>
/// <param name="Start">The N of its folder <c>0iN</c>: the last event before it. 0 for a flat log.</param>
/// <param name="Format">What <c>epoc.txt</c> says: 1 or 2. 0 for a flat log.</param>
/// <param name="VereVersion">What <c>vere.txt</c> says: the runtime that made the epoch; empty where it is missing.</param>
/// <param name="First">Its first event, or the one that would be.</param>
/// <param name="Last">Its last event; the one before <paramref name="First"/> where it has none.</param>
/// <param name="Bytes">The sum of its payloads, in bytes.</param>
public sealed record EpochInfo(EventNumber Start, int Format, string VereVersion, EventNumber First, EventNumber Last, long Bytes)
{
    /// <summary>It holds no event.</summary>
    public bool IsEmpty => Last < First;
}

using Seguro.Core;

namespace Seguro.Harbor.Restoring;

/// <summary>What a restore is to get.</summary>
/// <param name="First">The first event.</param>
/// <param name="Last">The last event.</param>
/// <param name="Head">The last event that any target has.</param>
/// <param name="Target">The target that is asked first.</param>
/// <param name="Objects">How many objects.</param>
/// <param name="Bytes">Their sizes, in bytes.</param>
/// <param name="Snapshot">The newest snapshot that is not after the last event; <see langword="null"/>: none, vere computes from the first event.</param>
public sealed record RestorePlan(EventNumber First, EventNumber Last, EventNumber Head, string Target, int Objects, long Bytes, EventNumber? Snapshot)
{
    /// <summary>Fewer events than there are: what is restored is to be looked into, and never to be run as the ship.</summary>
    public bool IsCut => Last < Head;
}

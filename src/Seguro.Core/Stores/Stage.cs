namespace Seguro.Core;

/// <summary>
/// Fragments of one event that is larger than a transaction, written ahead of it. They stay invisible until an <see cref="Append"/>
/// of that event moves the head over them.
/// </summary>
/// <param name="Term">The writer's term.</param>
/// <param name="Number">The event: above the head.</param>
/// <param name="FirstIndex">The index of the first fragment here, from 1 (fragment 0 comes with the append).</param>
/// <param name="Fragments">The fragments' bytes, in order. Read until the call returns, not kept after it.</param>
public sealed record Stage(Term Term, EventNumber Number, int FirstIndex, IReadOnlyList<ReadOnlyMemory<byte>> Fragments)
{
    /// <summary>
    /// The size of the event's whole payload, in bytes; 0 where it is not known. A store with a window refuses by it an event that does not fit, before its
    /// first fragment is written.
    /// </summary>
    public long Size { get; init; }
}

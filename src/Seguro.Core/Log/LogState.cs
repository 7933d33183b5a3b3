namespace Seguro.Core;

/// <summary>All that decides whether a write to a log is allowed.</summary>
/// <param name="Base">The position before the first event that the log holds: <see cref="Position.Origin"/>, or later where it was trimmed or began above 1.</param>
/// <param name="Head">The end of the log.</param>
/// <param name="Lease">Who may write.</param>
/// <param name="Bytes">The sum of the payloads that the log holds, in bytes.</param>
public readonly record struct LogState(Position Base, Head Head, Lease Lease, long Bytes)
{
    /// <summary>The first event that the log holds, or would hold where it is empty.</summary>
    public EventNumber First => Base.Number.Next;

    /// <summary>No event is held.</summary>
    public bool IsEmpty => Head.Number == Base.Number;

    /// <summary>How many events are held.</summary>
    public ulong Count => Head.Number - Base.Number;
}

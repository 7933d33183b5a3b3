namespace Seguro.Core;

/// <summary>A place in a log and what led to it: two logs with the same position hold the same events up to it.</summary>
/// <param name="Number">The number of the last event.</param>
/// <param name="Chain">The chain at that number.</param>
public readonly record struct Position(EventNumber Number, Chain Chain)
{
    /// <summary>Before event 1 of a log that has its beginning.</summary>
    public static Position Origin => default;

    /// <inheritdoc/>
    public override string ToString() => $"event {Number}, chain {Chain.ToString()[..16]}…";
}

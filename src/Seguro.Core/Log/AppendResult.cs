namespace Seguro.Core;

/// <summary>What became of a batch given to <see cref="EventLog.AppendEventsAsync"/>.</summary>
/// <param name="Outcome">
/// <see cref="WriteOutcome.Committed"/>: all of it is in. Anything else speaks of the part after <paramref name="Reached"/>.
/// </param>
/// <param name="Reached">The position up to which the batch is certainly committed.</param>
public readonly record struct AppendResult(WriteOutcome Outcome, Position Reached)
{
    /// <summary>All of the batch is committed.</summary>
    public bool IsCommitted => Outcome is WriteOutcome.Committed;
}

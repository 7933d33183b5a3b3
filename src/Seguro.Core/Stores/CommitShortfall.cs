namespace Seguro.Core;

/// <summary>A commit is worth less now than <see cref="StoreCapabilities"/> said when the store was opened: its settings were changed meanwhile.</summary>
/// <param name="DurableCopies">How many copies of an event are durable now when <see cref="WriteOutcome.Committed"/> is said.</param>
/// <param name="What">What was found, for people: a full sentence.</param>
public sealed record CommitShortfall(int DurableCopies, string What);

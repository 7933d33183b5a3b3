namespace Seguro.Core;

/// <summary>How a replica stands, as its master sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Healthy">It was heard lately and processes.</param>
/// <param name="Received">The end of what it has.</param>
/// <param name="Durable">The end of its local log.</param>
/// <param name="Processed">What it has processed.</param>
/// <param name="Stopped">Why it processes no more, where it does not.</param>
public readonly record struct ReplicaStatus(
    string Name, bool Healthy, EventNumber Received, EventNumber Durable, EventNumber Processed, string? Stopped);

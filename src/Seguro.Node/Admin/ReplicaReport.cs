namespace Seguro.Node.Admin;

/// <summary>A replica as its master sees it, in JSON; the numbers are events'.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Healthy">It was heard lately and processes.</param>
/// <param name="Received">The end of what it has.</param>
/// <param name="Durable">The end of its local log.</param>
/// <param name="Processed">What it has processed.</param>
/// <param name="Stopped">Why it processes no more, where it does not.</param>
public sealed record ReplicaReport(string Name, bool Healthy, ulong Received, ulong Durable, ulong Processed, string? Stopped);

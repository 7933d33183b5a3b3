namespace Seguro.Stores.Dqlite;

/// <summary>A node refused connections.</summary>
/// <param name="count">How many since the last time.</param>
/// <param name="why">Why the last one was.</param>
public sealed class NodeRefusalEventArgs(long count, string why) : EventArgs
{
    /// <summary>How many since the last time.</summary>
    public long Count { get; } = count;

    /// <summary>Why the last one was.</summary>
    public string Why { get; } = why;
}

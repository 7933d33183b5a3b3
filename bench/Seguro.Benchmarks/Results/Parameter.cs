namespace Seguro.Benchmarks;

/// <summary>The names of workloads' numbers.</summary>
internal static class Parameter
{
    /// <summary>Payload bytes of an event, or of a datagram.</summary>
    public const string Bytes = "bytes";

    /// <summary>Events a commit.</summary>
    public const string Group = "group";

    /// <summary>How many are on the way at any time.</summary>
    public const string InFlight = "inFlight";

    /// <summary>How many replicas must have processed an event before its effects are released.</summary>
    public const string Optimism = "optimism";

    /// <summary>Members of the cluster, or nodes of the database.</summary>
    public const string Members = "members";

    /// <summary>Ships, each with a log of its own, in one store.</summary>
    public const string Ships = "ships";

    /// <summary>Events in the log.</summary>
    public const string Events = "events";

    /// <summary>Delay added between machines, one way, in milliseconds.</summary>
    public const string Delay = "delayMilliseconds";
}

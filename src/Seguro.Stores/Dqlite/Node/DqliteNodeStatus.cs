using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node's process is doing.</summary>
public enum DqliteNodeState
{
    /// <summary>It was started and is not ready yet.</summary>
    Starting,
    /// <summary>It is ready.</summary>
    Running,
    /// <summary>It ended, and will be started again after a while.</summary>
    Waiting,
    /// <summary>It refused to start for a reason that starting again can't mend.</summary>
    Refused,
    /// <summary>It was told to end.</summary>
    Stopped,
}

/// <summary>A node's process at a moment.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Process">Its pid; <see langword="null"/> where there is none.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="LastError">Why it ended the last time; <see langword="null"/> where it never did.</param>
public sealed record DqliteNodeStatus(DqliteNodeState State, int? Process, int Restarts, SeguroException? LastError);

namespace Seguro.Core;

/// <summary>What a member is at the moment.</summary>
public enum Role
{
    /// <summary>It compares its log with the cluster's before it does anything else.</summary>
    Rejoining,
    /// <summary>It processes what the master commits.</summary>
    Replica,
    /// <summary>It asks the store for the next term, or has it and is not up to date yet.</summary>
    Candidate,
    /// <summary>It computes, and releases effects.</summary>
    Master,
    /// <summary>It stands still: its ship differs, or its data can't be trusted. The evidence is kept; nothing is emitted.</summary>
    Stopped,
}

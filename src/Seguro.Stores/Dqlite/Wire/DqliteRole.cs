namespace Seguro.Stores.Dqlite;

/// <summary>What a node does in its cluster, with the codes of the wire protocol.</summary>
public enum DqliteRole
{
    /// <summary>Keeps the data and counts for the quorum.</summary>
    Voter = 0,
    /// <summary>Keeps the data but does not count.</summary>
    Standby = 1,
    /// <summary>Neither keeps the data nor counts.</summary>
    Spare = 2,
}

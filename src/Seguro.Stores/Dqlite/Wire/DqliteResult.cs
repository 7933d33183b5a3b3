namespace Seguro.Stores.Dqlite;

/// <summary>What a statement that returns no rows did.</summary>
/// <param name="LastId">The last rowid that the connection inserted.</param>
/// <param name="Rows">
/// How many rows the statement changed. 0 says nothing about the cluster: a statement that changes nothing is answered without asking the other nodes.
/// </param>
public readonly record struct DqliteResult(long LastId, long Rows);

namespace Seguro.Stores.Dqlite;

/// <summary>A statement prepared on one connection; it lives as long as that.</summary>
/// <param name="Id">Its number on that connection.</param>
/// <param name="Parameters">How many parameters it takes.</param>
public readonly record struct DqliteStatement(uint Id, int Parameters);

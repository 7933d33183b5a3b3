namespace Seguro.Stores.Dqlite;

/// <summary>What a node says of itself.</summary>
/// <param name="FailureDomain">The failure domain that it was given; 0 where none.</param>
/// <param name="Weight">Its weight when roles are given out.</param>
public readonly record struct DqliteDescription(ulong FailureDomain, ulong Weight);

namespace Seguro.Piers;

/// <summary>Whose pier it is: what vere keeps in its META table (vere-facts.md §2.4).</summary>
/// <param name="Who">The ship's number.</param>
/// <param name="IsFake">The ship has no keys of the real network.</param>
/// <param name="Life">How many events at the log's beginning are formulas of the boot.</param>
public sealed record PierIdentity(UInt128 Who, bool IsFake, uint Life);

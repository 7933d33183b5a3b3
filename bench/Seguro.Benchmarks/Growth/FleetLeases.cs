namespace Seguro.Benchmarks;

/// <summary>What became of a fleet's leases while it was under load.</summary>
/// <param name="RenewalsPerSecond">How many were renewed a second.</param>
/// <param name="Lost">How many were not renewed in time.</param>
internal readonly record struct FleetLeases(double RenewalsPerSecond, int Lost);

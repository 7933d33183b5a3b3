namespace Seguro.Benchmarks;

/// <summary>A point of a distribution.</summary>
/// <param name="Percentile">0…100.</param>
/// <param name="Milliseconds">So many per cent were no longer than this.</param>
internal readonly record struct LatencyAt(double Percentile, double Milliseconds);

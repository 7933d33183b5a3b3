namespace Seguro.Benchmarks;

/// <summary>What a load saw.</summary>
/// <param name="Answers">How many datagrams were answered.</param>
/// <param name="Elapsed">In what time.</param>
/// <param name="PerSecond">Answers a second.</param>
/// <param name="P50">Half waited no longer, in milliseconds.</param>
/// <param name="P99">99 % waited no longer.</param>
internal readonly record struct ClusterRate(long Answers, TimeSpan Elapsed, double PerSecond, double P50, double P99);

namespace Seguro.Benchmarks;

/// <summary>A point of a timeline.</summary>
/// <param name="At">When, in milliseconds from the timeline's zero.</param>
/// <param name="Value">What, in milliseconds.</param>
internal readonly record struct TimelinePoint(double At, double Value);

using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>The distribution of latencies, in milliseconds, from an HDR histogram of three digits.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="Mean">The mean.</param>
/// <param name="P50">Half were no longer.</param>
/// <param name="P90">90 %.</param>
/// <param name="P99">99 %.</param>
/// <param name="P999">99.9 %.</param>
/// <param name="Max">The longest.</param>
/// <param name="Curve">The distribution: percentile (0…100) and latency, rising; what plots draw.</param>
internal sealed record LatencyFigures(long Count, double Mean, double P50, double P90, double P99, double P999, double Max, IReadOnlyList<LatencyAt> Curve)
{
    private const double TicksPerMillisecond = 1e6;

    private static readonly double[] Percentiles = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.9, 99.95, 99.99, 100];

    /// <summary>Makes the figures of a histogram of nanoseconds; <see langword="null"/> where it is empty.</summary>
    public static LatencyFigures? From(HistogramBase nanoseconds)
    {
        if (nanoseconds.TotalCount == 0)
            return null;
        return new LatencyFigures(
            nanoseconds.TotalCount, nanoseconds.GetMean() / TicksPerMillisecond, At(50), At(90), At(99), At(99.9), At(100),
            [.. Percentiles.Select(percentile => new LatencyAt(percentile, At(percentile)))]);

        double At(double percentile) => nanoseconds.GetValueAtPercentile(percentile) / TicksPerMillisecond;
    }

    /// <summary>A histogram for nanoseconds, from a microsecond to ten minutes.</summary>
    public static LongHistogram NewHistogram() => new(1000, TimeSpan.TicksPerMinute * 10 * 100, 3);
}

using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>How latencies get into a histogram of <see cref="LatencyFigures"/>.</summary>
internal static class LatencyRecording
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Counts one; what is above the histogram's range counts as its end.</summary>
    public static void Add(this HistogramBase histogram, TimeSpan latency) =>
        histogram.RecordValue(Math.Clamp(latency.Ticks * NanosecondsPerTick, 1, histogram.HighestTrackableValue));
}

using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>What a load saw.</summary>
/// <param name="Answers">How many datagrams were answered.</param>
/// <param name="Elapsed">In what time.</param>
/// <param name="Latencies">How long they waited.</param>
internal sealed record ClusterRate(long Answers, TimeSpan Elapsed, LongHistogram Latencies)
{
    /// <summary>Answers a second.</summary>
    public double PerSecond => Answers / Elapsed.TotalSeconds;
}

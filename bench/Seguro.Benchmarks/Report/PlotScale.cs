namespace Seguro.Benchmarks;

/// <summary>How an axis is divided.</summary>
internal enum PlotScale
{
    /// <summary>Evenly.</summary>
    Linear,

    /// <summary>Evenly for each factor of ten.</summary>
    Logarithmic,

    /// <summary>Percentiles: evenly for each nine (90, 99, 99.9 …).</summary>
    Percentile,
}

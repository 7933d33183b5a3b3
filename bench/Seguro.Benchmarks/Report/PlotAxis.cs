namespace Seguro.Benchmarks;

/// <summary>An axis of a plot.</summary>
/// <param name="Label">What is on it, with the unit.</param>
/// <param name="Scale">How it is divided.</param>
/// <param name="Ticks">Where it has marks; <see langword="null"/>: where it suits.</param>
internal sealed record PlotAxis(string Label, PlotScale Scale, IReadOnlyList<double>? Ticks = null)
{
    /// <summary>Where a value is on it.</summary>
    public double Place(double value) => Scale switch
    {
        PlotScale.Logarithmic => Math.Log10(value),
        PlotScale.Percentile => -Math.Log10(1 - (value / 100)),
        _ => value,
    };
}

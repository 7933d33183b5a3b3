namespace Seguro.Benchmarks;

/// <summary>The middle of rounds.</summary>
internal static class Median
{
    /// <summary>The upper of the two in the middle where their number is even.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}

using System.Globalization;

namespace Seguro.Benchmarks;

/// <summary>Numbers as tables show them: three digits or so, in the invariant culture.</summary>
internal static class Figure
{
    /// <summary>Any number; empty where there is none.</summary>
    public static string Of(double? value) => value switch
    {
        null or double.NaN => "",
        0 => "0",
        { } number when Math.Abs(number) >= 100 => number.ToString("N0", CultureInfo.InvariantCulture),
        { } number when Math.Abs(number) >= 10 => number.ToString("0.0", CultureInfo.InvariantCulture),
        { } number when Math.Abs(number) >= 0.1 => number.ToString("0.00", CultureInfo.InvariantCulture),
        { } number => number.ToString("0.000", CultureInfo.InvariantCulture),
    };

    /// <summary>A number of something that is counted; empty where there is none.</summary>
    public static string Count(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    /// <summary>How often one goes into another; empty where one is missing.</summary>
    public static string Ratio(double? value, double? to) => value is { } one && to is { } other && other != 0 ? Of(one / other) : "";

    /// <summary>Bytes a second as megabytes.</summary>
    public static string Megabytes(double? bytes) => Of(bytes / 1e6);
}

namespace Seguro.CommandLine;

/// <summary>Sizes and rates as people read them.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>Decimal units, three digits: <c>7.24 MB</c>.</summary>
    public static string Format(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }
        string digits = unit == 0 ? bytes.ToString("0") : bytes.ToString(bytes < 9.995 ? "0.00" : bytes < 99.95 ? "0.0" : "0");
        return $"{digits} {Units[unit]}";
    }

    /// <summary>A rate: <c>120 MB/s</c>.</summary>
    public static string Rate(double bytes, TimeSpan elapsed) => $"{Format(bytes / Math.Max(elapsed.TotalSeconds, 1e-6))}/s";
}

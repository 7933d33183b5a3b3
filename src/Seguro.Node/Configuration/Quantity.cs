using System.Globalization;

namespace Seguro.Node.Configuration;

/// <summary>Durations and sizes as people write them: <c>500ms</c>, <c>1s</c>, <c>2m</c>, <c>64MiB</c>, <c>4096</c>.</summary>
public static class Quantity
{
    private static readonly (string Unit, double Seconds)[] Durations = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];
    private static readonly (string Unit, long Bytes)[] Sizes =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1)];

    /// <summary>Reads a duration; a unit is required.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        foreach ((string unit, double seconds) in Durations)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase) || !TryNumber(text[..^unit.Length], out double value))
                continue;
            if (value * seconds > TimeSpan.FromDays(365).TotalSeconds)
                return false;
            duration = TimeSpan.FromSeconds(value * seconds);
            return true;
        }
        return false;
    }

    /// <summary>Reads a size in bytes.</summary>
    public static bool TryParseSize(string text, out long bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = 0;
        foreach ((string unit, long factor) in Sizes)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase) || !TryNumber(text[..^unit.Length], out double value))
                continue;
            if (value * factor > 1L << 50)
                return false;
            bytes = (long)(value * factor);
            return true;
        }
        return false;
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text.AsSpan().Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}

namespace Seguro.Benchmarks;

/// <summary>How a line is drawn.</summary>
internal enum PlotStroke
{
    /// <summary>Seguro.</summary>
    Solid,

    /// <summary>The bare database.</summary>
    Dashed,

    /// <summary>Others, and 99th percentiles beside medians.</summary>
    Dotted,

    /// <summary>Many points, such as a timeline's: thin and without marks.</summary>
    Thin,
}

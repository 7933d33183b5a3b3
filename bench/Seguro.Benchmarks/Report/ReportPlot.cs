namespace Seguro.Benchmarks;

/// <summary>A plot of a report.</summary>
/// <param name="FileName">Of its SVG.</param>
/// <param name="Part">The part of the benchmark that it belongs to.</param>
/// <param name="Title">What it shows.</param>
/// <param name="X">The axis below.</param>
/// <param name="Y">The axis at the left.</param>
/// <param name="Series">Its lines; none where nothing of it was measured.</param>
internal sealed record ReportPlot(string FileName, string Part, string Title, PlotAxis X, PlotAxis Y, IReadOnlyList<PlotSeries> Series);

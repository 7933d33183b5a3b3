namespace Seguro.Benchmarks;

/// <summary>A line of a plot.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Subject">Whose colour it has: each database has one, the same in all plots.</param>
/// <param name="Stroke">How it is drawn: solid for Seguro.</param>
/// <param name="Points">From left to right.</param>
internal sealed record PlotSeries(string Name, string Subject, PlotStroke Stroke, IReadOnlyList<(double X, double Y)> Points);

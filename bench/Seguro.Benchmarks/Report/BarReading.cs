namespace Seguro.Benchmarks;

/// <summary>What a run says of a bar.</summary>
/// <param name="Subject">On which database, or of what.</param>
/// <param name="Measured">The figure, in words.</param>
/// <param name="IsMet">Whether it is as good as was asked for; <see langword="null"/> where nothing was asked but that it be reported.</param>
internal sealed record BarReading(string Subject, string Measured, bool? IsMet);

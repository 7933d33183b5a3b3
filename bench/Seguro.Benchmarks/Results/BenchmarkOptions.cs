namespace Seguro.Benchmarks;

/// <summary>How much a run measures.</summary>
/// <param name="IsQuick">Three minutes for all, instead of as long as it takes.</param>
/// <param name="Rounds">How often the contestants take turns.</param>
/// <param name="Stores">Which databases.</param>
/// <param name="Pier">The pier to import instead of the usual ones.</param>
/// <param name="Largest">The longest log, in events, where a part grows one; its own choice where left out.</param>
internal sealed record BenchmarkOptions(bool IsQuick, int Rounds, IReadOnlyList<string> Stores, string? Pier = null, long? Largest = null)
{
    /// <summary>Chooses by <see cref="IsQuick"/>.</summary>
    public T Pick<T>(T whole, T quick) => IsQuick ? quick : whole;
}

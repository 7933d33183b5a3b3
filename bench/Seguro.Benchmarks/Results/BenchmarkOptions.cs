namespace Seguro.Benchmarks;

/// <summary>How much a run measures.</summary>
/// <param name="IsQuick">Three minutes for all, instead of as long as it takes.</param>
/// <param name="Rounds">How often the contestants take turns.</param>
/// <param name="Stores">Which databases.</param>
/// <param name="Pier">The pier to import instead of the usual ones.</param>
/// <param name="Largest">The longest log, in events, where a part grows one; its own choice where left out.</param>
/// <param name="VereBinary">A vere of the user's, to be measured beside the stand-in.</param>
/// <param name="VerePier">The pier of a fake ~zod that is stopped, for that one; copies of it are used.</param>
internal sealed record BenchmarkOptions(
    bool IsQuick, int Rounds, IReadOnlyList<string> Stores, string? Pier = null, long? Largest = null, string? VereBinary = null, string? VerePier = null)
{
    /// <summary>Chooses by <see cref="IsQuick"/>.</summary>
    public T Pick<T>(T whole, T quick) => IsQuick ? quick : whole;
}

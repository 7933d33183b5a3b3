using Seguro.Harbor.Format;

namespace Seguro.Harbor.Reading;

/// <summary>What a verification found.</summary>
/// <param name="Found">All that was not as it was written.</param>
/// <param name="Left">What of it is still so.</param>
/// <param name="Repaired">How many damages were mended.</param>
/// <param name="Bytes">The sizes of the objects that were read, in bytes.</param>
public sealed record HarborVerification(IReadOnlyList<HarborDamage> Found, IReadOnlyList<HarborDamage> Left, int Repaired, long Bytes)
{
    /// <summary>What the segments say of themselves that were found whole, and how many bytes of records each has; by target and name.</summary>
    internal IReadOnlyDictionary<(string Target, string Name), (Manifest Manifest, long Bytes)> Segments { get; init; } = new Dictionary<(string, string), (Manifest, long)>();
}

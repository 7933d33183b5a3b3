namespace Seguro.Harbor.Reading;

/// <summary>What a verification found.</summary>
/// <param name="Found">All that was not as it was written.</param>
/// <param name="Left">What of it is still so.</param>
/// <param name="Repaired">How many damages were mended.</param>
/// <param name="Bytes">The sizes of the objects that were read, in bytes.</param>
public sealed record HarborVerification(IReadOnlyList<HarborDamage> Found, IReadOnlyList<HarborDamage> Left, int Repaired, long Bytes);

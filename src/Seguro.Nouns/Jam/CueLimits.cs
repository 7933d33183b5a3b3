namespace Seguro.Nouns;

/// <summary>What a jammed noun may have at most. Memory for a noun is at most some 200 bytes for each byte of its jam, whatever that says of itself.</summary>
/// <param name="Bytes">The longest input, in bytes.</param>
/// <param name="Depth">The deepest nesting of cells; a list nests once for each item.</param>
/// <param name="Nouns">The most atoms and cells (a part referred to again counts once).</param>
public sealed record CueLimits(long Bytes, int Depth, int Nouns)
{
    /// <summary>1 GiB, and as deep and as many as that allows.</summary>
    public static CueLimits Default { get; } = new(1L << 30, int.MaxValue, Array.MaxLength - 1);
}

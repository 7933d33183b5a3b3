using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Small gates of Hoon's compiler (hoon 5a).</summary>
static class CompilerJets
{
    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/tri/qua/pen/fitz", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? Atom.Flag(Fits(a.Bytes, b.Bytes)) : null),
    ];

    /// <summary>Does an aura serve where another is needed? The longer name, where it begins like the other; and nothing larger than what is needed,
    /// where both end in a capital letter, which says a size.</summary>
    /// <remarks>
    /// This is what vere computes, and what ships are compiled with. The formula compares the sizes where it should compare the names, and so refuses
    /// every pair of unlike sizes: the sources of the kernel could not be compiled by it.
    /// </remarks>
    private static bool Fits(ReadOnlySpan<byte> needed, ReadOnlySpan<byte> had)
    {
        bool neededHasSize = HasSize(needed);
        bool hadHasSize = HasSize(had);
        if (neededHasSize && hadHasSize && had[^1] > needed[^1])
            return false;
        if (neededHasSize)
            needed = needed[..^1];
        if (hadHasSize)
            had = had[..^1];
        int common = Math.Min(needed.Length, had.Length);
        return needed[..common].SequenceEqual(had[..common]);
    }

    private static bool HasSize(ReadOnlySpan<byte> aura) => !aura.IsEmpty && aura[^1] is >= (byte)'A' and <= (byte)'Z';
}

namespace Seguro.Nouns;

/// <summary>How a noun is printed.</summary>
/// <param name="Limit">About how many characters at most; the rest shows as <c>…</c>.</param>
/// <param name="LongestAtom">How many bytes of an atom are shown at most.</param>
/// <param name="Aura">How atoms are written; guessed unless said.</param>
public sealed record NounStyle(int Limit = 400, int LongestAtom = 60, Aura Aura = Aura.Guessed)
{
    /// <summary>Everything, so that it can be read back by <see cref="NounReader"/>: up to 2^28 characters, for a few bytes of jam can stand for more text than any memory holds.</summary>
    public static NounStyle Complete { get; } = new(1 << 28, 1 << 28);
}

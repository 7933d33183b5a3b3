namespace Seguro.Urbit.Nouns;

/// <summary>How a noun is printed.</summary>
/// <param name="Limit">About how many characters at most; the rest shows as <c>…</c>.</param>
/// <param name="LongestAtom">How many bytes of an atom are shown at most.</param>
/// <param name="Aura">How atoms are written; guessed unless said.</param>
public sealed record NounStyle(int Limit = 400, int LongestAtom = 60, Aura Aura = Aura.Guessed)
{
    /// <summary>Everything: what it prints can be read back by <see cref="NounReader"/>.</summary>
    public static NounStyle Complete { get; } = new(int.MaxValue, int.MaxValue);
}

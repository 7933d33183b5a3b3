using System.Diagnostics.CodeAnalysis;

namespace Seguro.Core;

/// <summary>
/// The name of a ship, such as <c>~zod</c> or <c>~sampel-palnet</c>: the key under which a store holds its log.
/// One ship, one log.
/// </summary>
/// <remarks>
/// Core looks only at the name's shape (a tilde, syllables of three letters, hyphens), never at the number behind it:
/// that is <c>Seguro.Nouns</c>'s work. Equality is that of the text.
/// </remarks>
public readonly record struct Ship
{
    /// <summary>The longest name, in characters: a comet's, <c>~</c> and eight groups of six letters.</summary>
    public const int LongestName = 57;

    private readonly string? _name;

    private Ship(string name) => _name = name;

    /// <summary>The name with its tilde, in lower-case ASCII.</summary>
    public string Name => _name ?? throw new InvalidOperationException("A default Ship has no name.");

    /// <summary>Reads a name; the tilde may be left out.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadShipName"/>: the text can't be a ship's name.</exception>
    public static Ship Parse(string text) =>
        TryParse(text, out Ship ship)
            ? ship
            : throw new SeguroException(ErrorCode.BadShipName, $"'{text}' is not the name of a ship", "Write it like ~zod or ~sampel-palnet.");

    /// <summary>Reads a name; the tilde may be left out. Says <see langword="false"/> where the text can't be a ship's name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ship ship)
    {
        ship = default;
        if (string.IsNullOrEmpty(text))
            return false;
        string body = text[0] == '~' ? text[1..] : text;
        if (body.Length is < 3 or > LongestName - 1)
            return false;
        bool galaxy = body.Length == 3;
        foreach (string group in body.Replace("--", "-", StringComparison.Ordinal).Split('-'))
        {
            if (group.Length != (galaxy ? 3 : 6) || !group.All(char.IsAsciiLetterLower))
                return false;
        }
        ship = new Ship("~" + body);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _name ?? "(no ship)";
}

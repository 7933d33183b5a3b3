using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary>How commands print nouns.</summary>
internal static class NounOutput
{
    private const int DefaultLimit = 2000;

    public static Option<int> Limit() => new("--limit")
    {
        Description = "Print about so many characters of a noun at most; 0: all of it (up to 268 million).",
        HelpName = "N",
        DefaultValueFactory = static _ => DefaultLimit,
    };

    public static Option<string?> AuraOption()
    {
        Option<string?> aura = new("--aura") { Description = "Write every atom as ud, ux, uv, p, da or t. Guessed unless said.", HelpName = "AURA" };
        aura.AcceptOnlyFromAmong("ud", "ux", "uv", "p", "da", "t");
        return aura;
    }

    /// <summary>The style that the options ask for.</summary>
    public static NounStyle Style(int limit, string? aura) =>
        (limit <= 0 ? NounStyle.Complete : new NounStyle(limit, Math.Max(60, limit / 2))) with { Aura = aura is null ? Aura.Guessed : Enum.Parse<Aura>(aura, ignoreCase: true) };

    /// <summary>The mug as vere prints it: 8 hexadecimal digits at most, none in front that are 0.</summary>
    public static string Mug(uint mug) => mug.ToString("x");

    /// <summary>Prints a noun on a line, and says so where not all of it is there.</summary>
    public static void Print(Terminal terminal, bool json, Noun noun, NounStyle style)
    {
        string text = NounPrinter.Print(noun, style, out bool complete);
        if (json)
        {
            terminal.Json(new { noun = text, complete, cell = noun.IsCell, bits = (noun as Atom)?.BitLength, mug = Mug((uint)noun.Mug) });
            return;
        }
        terminal.Output.WriteLine(text);
        if (!complete)
            terminal.Warn($"cut after some {style.Limit:N0} characters{(style.Limit < NounStyle.Complete.Limit ? "; --limit 0 prints all of it" : ", the most that is printed")}");
    }
}

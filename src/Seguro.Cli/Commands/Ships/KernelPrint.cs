using System.Text;
using Seguro.Cli.Output;
using Seguro.Nouns;
using Spectre.Console;

namespace Seguro.Cli.Commands.Ships;

/// <summary>What a kernel prints (<c>%slog</c>), on standard error.</summary>
internal static class KernelPrint
{
    private const int LongestLine = 500;

    /// <summary>Prints <c>[priority tank]</c>. Tanks that are not plain text are shown as nouns.</summary>
    public static void Print(Terminal terminal, Noun printed)
    {
        Noun tank = printed is Cell { Tail: Noun tail } ? tail : printed;
        string text = tank is Cell { Head: Atom tag, Tail: Noun tape } && tag == "leaf" && TextOf(tape) is { } leaf ? leaf : NounPrinter.Print(tank, LongestLine);
        terminal.Err.MarkupLineInterpolated($"[grey]kernel:[/] {text}");
    }

    private static string? TextOf(Noun tape)
    {
        List<byte> bytes = [];
        while (tape is Cell { Head: Atom { IsSmall: true } letter } cell && letter.TryGet(out ulong code) && code <= byte.MaxValue && bytes.Count < LongestLine)
        {
            bytes.Add((byte)code);
            tape = cell.Tail;
        }
        if (bytes.Count < LongestLine && tape != Atom.Zero)
            return null;
        // Whatever a terminal would obey is escaped.
        return string.Concat(Encoding.UTF8.GetString([.. bytes])
            .Select(static letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) == System.Globalization.UnicodeCategory.Format ? '?' : letter));
    }
}

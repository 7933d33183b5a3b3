using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary><c>seguro noun show</c>: a noun as a person would write it.</summary>
internal static class NounShowCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> input = NounInput.Argument();
        Option<string?> format = NounInput.Format();
        Option<int> limit = NounOutput.Limit();
        Option<string?> aura = NounOutput.AuraOption();
        return new Command(
            "show",
            "Print a noun as text: of a pill, an exported state, newt frames, an event, or of other text. What is not cut can be read back. Example: seguro noun show zod.pill --limit 500")
        {
            input, format, limit, aura,
        }.Does(terminal, async (parse, cancel) =>
        {
            NounStyle style = NounOutput.Style(parse.GetValue(limit), parse.GetValue(aura));
            foreach (Noun noun in await NounInput.ReadAsync(terminal, parse.GetRequiredValue(input), NounInput.FormatOf(parse.GetValue(format)), cancel))
                NounOutput.Print(terminal, parse.GetValue(CommonOptions.Json), noun, style);
            return 0;
        });
    }
}

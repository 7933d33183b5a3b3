using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary><c>seguro noun mug</c>: a noun's hash of 31 bits.</summary>
internal static class NounMugCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> input = NounInput.Argument();
        Option<string?> format = NounInput.Format();
        return new Command("mug", "Print a noun's mug, as vere prints it (hexadecimal). Example: seguro noun mug zod.pill") { input, format }.Does(terminal, async (parse, cancel) =>
        {
            foreach (Noun noun in await NounInput.ReadAsync(terminal, parse.GetRequiredValue(input), NounInput.FormatOf(parse.GetValue(format)), cancel))
            {
                string mug = NounOutput.Mug((uint)noun.Mug);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { mug, number = noun.Mug });
                else
                    terminal.Output.WriteLine(mug);
            }
            return 0;
        });
    }
}

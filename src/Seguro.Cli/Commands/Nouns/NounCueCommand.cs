using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary><c>seguro noun cue</c>: the noun that jam holds.</summary>
internal static class NounCueCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> input = new("INPUT") { Description = "A file of jam bytes, - for standard input, or the jam as an atom: 0x… (as `noun jam` prints it), also in a file." };
        Option<int> limit = NounOutput.Limit();
        Option<string?> aura = NounOutput.AuraOption();
        return new Command("cue", "Print the noun that was jammed. Example: seguro noun cue 0x1.4871") { input, limit, aura }.Does(terminal, async (parse, cancel) =>
        {
            Noun noun = await NounInput.ReadJamAsync(terminal, parse.GetRequiredValue(input), cancel);
            NounOutput.Print(terminal, parse.GetValue(CommonOptions.Json), noun, NounOutput.Style(parse.GetValue(limit), parse.GetValue(aura)));
            return 0;
        });
    }
}

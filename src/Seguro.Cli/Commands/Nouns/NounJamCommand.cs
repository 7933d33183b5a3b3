using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary><c>seguro noun jam</c>: a noun as bytes.</summary>
internal static class NounJamCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> input = NounInput.Argument();
        Option<string?> format = NounInput.Format();
        Option<bool> raw = new("--raw") { Description = "Write the bytes to standard output." };
        Option<string?> output = new("--out") { Description = "Write the bytes to FILE.", HelpName = "FILE" };
        return new Command(
            "jam", "Write a noun as bytes, as Urbit does. Without --raw or --out they are printed as the atom that they are, 0x…. Example: seguro noun jam '[1 2 ~]' --out noun.jam")
        {
            input, format, raw, output,
        }.Does(terminal, async (parse, cancel) =>
        {
            bool json = parse.GetValue(CommonOptions.Json);
            if (parse.GetValue(raw) && (json || parse.GetValue(output) is not null))
                throw new SeguroException(ErrorCode.Usage, "--raw writes nothing but the bytes to standard output", "Leave --json and --out out, or --raw.");
            IReadOnlyList<Noun> nouns = await NounInput.ReadAsync(terminal, parse.GetRequiredValue(input), NounInput.FormatOf(parse.GetValue(format)), cancel);
            if (nouns.Count != 1)
                throw new SeguroException(ErrorCode.BadValue, $"the input holds {nouns.Count} nouns, and one is jammed", "Take the frames apart first.");
            byte[] jam = Jam.ToBytes(nouns[0]);
            string mug = NounOutput.Mug((uint)nouns[0].Mug);
            if (parse.GetValue(raw))
            {
                await using Stream bytes = terminal.OpenRawOutput();
                await bytes.WriteAsync(jam, cancel);
            }
            else if (parse.GetValue(output) is { } path)
            {
                await File.WriteAllBytesAsync(path + ".partial", jam, cancel);
                File.Move(path + ".partial", path, overwrite: true);
                if (json)
                    terminal.Json(new { size = jam.Length, mug, path = Path.GetFullPath(path) });
                else
                    terminal.Output.WriteLine($"{jam.Length:N0} bytes are in {path}");
            }
            else
            {
                string text = NounPrinter.Print(Atom.Of(jam), NounStyle.Complete with { Aura = Aura.Ux }, out _);
                if (json)
                    terminal.Json(new { size = jam.Length, mug, jam = text });
                else
                    terminal.Output.WriteLine(text);
            }
            return 0;
        });
    }
}

using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Node.Members;
using Seguro.Piers;

namespace Seguro.Cli.Commands.Veres;

/// <summary><c>seguro vere accept</c>: a stopped replica that computed an event otherwise goes on with what the log says.</summary>
internal static class VereAcceptCommand
{
    private static readonly Option<ulong> Number = new("--event") { Description = "The event that was computed otherwise, as the status and SG3026 name it.", HelpName = "N", Required = true };

    public static Command Create(Terminal terminal) =>
        new Command("accept", "Let a stopped replica that computed an event otherwise than the log says (SG3026) go on with what the log says. What it found stays in data/quarantine.")
        {
            Number, AdminTarget.Configuration,
        }.Does(terminal, (parse, _) =>
        {
            NodeConfiguration member = AdminTarget.ReadConfiguration(parse);
            ulong number = parse.GetRequiredValue(Number);
            string file = Path.GetFullPath(parse.GetRequiredValue(AdminTarget.Configuration));
            if (Seguro.Piers.Pier.FindHolder(Path.Combine(member.Folder, "pier")) is { IsHeld: true } hold)
                throw new SeguroException(ErrorCode.PierLocked, $"{member.Self.Name} runs (process {hold.ProcessId})", "Stop it, and repeat. Nothing was changed.");
            if (DifferenceMark.Read(member.Folder) is not { } mark)
                throw new SeguroException(ErrorCode.NotFound, $"{member.Self.Name} has computed no event otherwise than the log says", "There is nothing to accept.");
            if (mark.Number.Value != number)
            {
                throw new SeguroException(
                    ErrorCode.BadValue, string.Create(CultureInfo.InvariantCulture, $"it is event {mark.Number} that {member.Self.Name} computed otherwise, and not {number}: {mark.Found}"),
                    string.Create(CultureInfo.InvariantCulture, $"Look at what was found; then: seguro vere accept --event {mark.Number} -c {file}. Nothing was changed."));
            }
            (mark with { IsAccepted = true }).Write(member.Folder);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { member = member.Self.Name, @event = number, level = mark.Level, found = mark.Found });
            else
                terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{member.Self.Name} goes on with event {number} as the log has it. Start it: seguro run -c {file}"));
            return Task.FromResult(0);
        });
}

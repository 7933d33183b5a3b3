using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor verify</c>: every byte of every object; and what is damaged is written again from where it is whole.</summary>
internal static class HarborVerifyCommand
{
    private static readonly Option<string?> Repair = new("--repair") { Description = "Write what is damaged or missing again, from a target that has it; signed by this host's key.", HelpName = "KEY" };
    private static readonly Option<ulong?> AtLeast = new("--at-least") { Description = "The last event that the harbors must have, as the owner knows it: less means that they went back.", HelpName = "N" };

    public static Command Create(Terminal terminal) =>
        new Command("verify", "Read every object of every target, and name what is changed, cut, swapped, missing or made up. Exit code 4: damaged, and another target has it; 1: events are lost.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, Repair, AtLeast,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, async reader =>
        {
            using HostKey? host = parse.GetValue(Repair) is { } file ? HostKey.Read(file) : null;
            if (parse.GetValue(AtLeast) is { } least && reader.Head.Number.Value < least)
            {
                throw new SeguroException(
                    ErrorCode.HarborWentBack, $"the harbors of {reader.Ship} end with event {reader.Head.Number}, and must have {least}", "Ask whoever keeps them; look for another target, or for the host's own log.");
            }
            HarborVerification result = await PierArgument.WithProgressAsync(
                terminal, $"verify {reader.Ship}", reader.Copies.Sum(static copy => copy.Bytes), progress => HarborVerify.RunAsync(reader, host, progress, TimeProvider.System, cancel));
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(new
                {
                    ship = reader.Ship.Name,
                    head = reader.Head.Number.Value,
                    bytes = result.Bytes,
                    damage = result.Found.Select(static one => new { target = one.Target, name = one.Name, what = one.What }),
                    repaired = result.Repaired,
                    left = result.Left.Count,
                });
            }
            else
            {
                terminal.Output.WriteLine($"{reader.Ship}: events {reader.Base.Number.Next} to {reader.Head.Number}, {ByteSize.Format(result.Bytes)} of objects read; "
                    + (result.Found.Count == 0 ? "all is as it was written" : $"{result.Found.Count} damaged, {result.Repaired} repaired, {result.Left.Count} left"));
            }
            if (result.Left.Count == 0)
                return 0;
            await foreach (EventFragment _ in HarborLog.Open(reader).StreamAsync(await HarborLog.Open(reader).ReadStateAsync(cancel), reader.Base.Number.Next, reader.Head.Number, cancel))
            {
                // Whether all events can still be had decides between degraded and failed; what can't is an error that names it.
            }
            return HarborArgument.Degraded(terminal, reader);
        }, cancel));
}

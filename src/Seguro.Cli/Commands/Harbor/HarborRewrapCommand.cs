using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor rewrap</c>: what was written before can be opened by the recipients of today.</summary>
internal static class HarborRewrapCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("rewrap", "Let the recipients that the host's key file names now open what was written before, and nobody else. On the owner's machine; contents and signatures stay as they are.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, HarborArgument.Key,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithTargetsAsync(parse, async targets =>
        {
            using OwnerKey owner = OwnerKey.Read(parse.GetRequiredValue(HarborArgument.Identity));
            using HostKey host = HostKey.Read(parse.GetRequiredValue(HarborArgument.Key));
            Ship ship = ShipName.ReadKey(parse.GetRequiredValue(HarborArgument.Ship));
            List<object> told = [];
            foreach (IHarborTarget target in targets)
            {
                RewrapResult result = await PierArgument.WithProgressAsync(
                    terminal, $"rewrap {ship}", 0, progress => HarborRewrap.RunAsync(target, owner, host, ship, progress, TimeProvider.System, cancel));
                told.Add(new { target = target.Name, objects = result.Done, locked = result.Locked });
                if (!parse.GetValue(CommonOptions.Json))
                    terminal.Output.WriteLine($"{target.Name}: {result.Done:N0} objects can be opened by the {host.Recipients.Count} recipients of {host.Path}, and by nobody else");
                if (result.Locked.Count > 0)
                    terminal.Warn($"{result.Locked.Count:N0} objects are as they were, since the bucket keeps them: {result.Why ?? result.Locked[0]}. Run it again when that has ended.");
            }
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { ship = ship.Name, recipients = host.Recipients.Select(static one => one.ToString()), targets = told });
            return 0;
        }));
}

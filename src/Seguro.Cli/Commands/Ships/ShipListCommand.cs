using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship list</c>: all ships of a node.</summary>
internal static class ShipListCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("list", "List the ships of a node, and how this node's members of them stand; exit code 4 where one is not healthy, or has a warning.").WithNode()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.ConnectNode(parse);
                FleetReport report = await client.ReadShipsAsync(cancel);
                ShipTable.Print(terminal, parse.GetValue(CommonOptions.Json), report);
                return ShipTable.IsWell(report) ? 0 : 4;
            });
}

using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship remove</c>: nodes that hold many ships hold one less.</summary>
internal static class ShipRemoveCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("remove", "Take a ship off a running cluster of nodes that hold many; each node ends its member. Its log stays in the store, its folders on the nodes; added again, it goes on where it was.") { ShipAddCommand.Ship }.WithNode()
            .Does(terminal, async (parse, cancel) =>
            {
                Ship ship = ShipName.ReadKey(parse.GetRequiredValue(ShipAddCommand.Ship));
                using AdminClient client = AdminTarget.ConnectNode(parse);
                FleetReport report = await client.RemoveShipAsync(ship, cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { removed = ship.Name, ships = report.Ships.Count });
                else
                    terminal.Output.WriteLine($"{ship} is off the cluster's list; its members end. Its log is still in the store.");
                return 0;
            });
}

using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Ships;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship add</c>: a cluster of nodes that hold many ships gets one more, while it runs.</summary>
internal static class ShipAddCommand
{
    private static readonly Option<string> Kind = new("--kind") { Description = "nock: a kernel on Seguro's Nock machine; opaque: no computation.", HelpName = "nock|opaque", DefaultValueFactory = static _ => "nock" };
    private static readonly Option<string?> Kernel = new("--kernel") { Description = "demo: begin its log with the demo kernel. Where left out, its log is waited for: seguro pier import, seguro ship boot.", HelpName = "demo" };
    private static readonly Option<bool> Real = new("--real") { Description = "The ship has keys of the real network; else it is a fake one." };
    private static readonly Option<string?> Master = new("--master") { Description = "The node that is to be master at first; where left out, another for each ship in turn.", HelpName = "NODE" };
    private static readonly Option<int?> Optimism = new("--optimism") { Description = "How many replicas must have processed an event before its effects are released, at first; the nodes' own where left out.", HelpName = "N" };

    /// <summary>The ship that is meant.</summary>
    public static Argument<string> Ship { get; } = new("SHIP") { Description = "The ship's name, such as ~zod." };

    public static Command Create(Terminal terminal) =>
        new Command("add", "Add a ship to a running cluster of nodes that hold many; each node starts a member of it. Example: seguro ship add ~zod --kernel demo") { Ship, Kind, Kernel, Real, Master, Optimism }.WithNode()
            .Does(terminal, async (parse, cancel) =>
            {
                Ship ship = ShipName.ReadKey(parse.GetRequiredValue(Ship));
                using AdminClient client = AdminTarget.ConnectNode(parse);
                FleetReport report = await client.AddShipAsync(
                    new RegisteredShip
                    {
                        Ship = ship.Name,
                        Kind = parse.GetRequiredValue(Kind),
                        Kernel = parse.GetValue(Kernel) ?? NodeConfiguration.Import,
                        Fake = !parse.GetValue(Real),
                        Master = parse.GetValue(Master),
                        Optimism = parse.GetValue(Optimism),
                    },
                    cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report.Ships.Single(one => one.Ship == ship.Name));
                else
                    terminal.Output.WriteLine($"{ship} is on the cluster's list; its members start. See how they stand: seguro ship list; seguro status --ship {ship}");
                return 0;
            });
}

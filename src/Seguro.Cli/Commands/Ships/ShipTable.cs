using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Node.Admin;
using Spectre.Console;

namespace Seguro.Cli.Commands.Ships;

/// <summary>The ships of a node, a line each.</summary>
internal static class ShipTable
{
    /// <summary>All of them are healthy, have a master as far as this node knows, and nothing is to be said about one, such as that a replica is silent.</summary>
    public static bool IsWell(FleetReport report) => report.IsHealthy && report.Ships.All(static ship => ship is { Master.Length: > 0, Warnings: 0 });

    /// <summary>Prints them.</summary>
    public static void Print(Terminal terminal, bool json, FleetReport report)
    {
        if (json)
        {
            terminal.Json(report);
            return;
        }
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Node {report.Node} of cluster '{report.Cluster}', Seguro {report.Version}: {report.Ships.Count} ships, master of {report.Ships.Count(static ship => ship.Role == "master")}, {report.Ships.Count(static ship => !ship.Healthy)} not healthy, {report.Ships.Count(static ship => ship is { Healthy: true, Warnings: > 0 })} with warnings."));
        if (report.Ships.Count > 0)
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("ship", "number", "here", "master", "term", "event", "datagrams", "warnings", "stopped");
            foreach (ShipReport ship in report.Ships)
                table.AddRow(Markup.Escape(ship.Ship), $"{ship.Number}", ship.Role, Markup.Escape(ship.Master), $"{ship.Term}", $"{ship.Event}", Markup.Escape(ship.Udp ?? ""), ship.Warnings == 0 ? "" : $"{ship.Warnings}", Markup.Escape(ship.Stopped ?? ""));
            terminal.Out.Write(table);
        }
        if (report.Ships.FirstOrDefault(static ship => ship.Warnings > 0) is { } warned)
            terminal.Output.WriteLine($"What is said about a ship: seguro status --ship {warned.Ship}");
        foreach (string warning in report.Warnings)
            terminal.Warn(warning);
    }
}

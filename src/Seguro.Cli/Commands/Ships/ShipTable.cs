using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Node.Admin;
using Spectre.Console;

namespace Seguro.Cli.Commands.Ships;

/// <summary>The ships of a node, a line each.</summary>
internal static class ShipTable
{
    /// <summary>All of them are healthy, and have a master as far as this node knows.</summary>
    public static bool IsWell(FleetReport report) => report.IsHealthy && report.Ships.All(static ship => ship.Master.Length > 0);

    /// <summary>Prints them.</summary>
    public static void Print(Terminal terminal, bool json, FleetReport report)
    {
        if (json)
        {
            terminal.Json(report);
            return;
        }
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Node {report.Node} of cluster '{report.Cluster}', Seguro {report.Version}: {report.Ships.Count} ships, master of {report.Ships.Count(static ship => ship.Role == "master")}, {report.Ships.Count(static ship => !ship.Healthy)} not healthy."));
        if (report.Ships.Count > 0)
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("ship", "number", "here", "master", "term", "event", "datagrams", "stopped");
            foreach (ShipReport ship in report.Ships)
                table.AddRow(Markup.Escape(ship.Ship), $"{ship.Number}", ship.Role, Markup.Escape(ship.Master), $"{ship.Term}", $"{ship.Event}", Markup.Escape(ship.Udp ?? ""), Markup.Escape(ship.Stopped ?? ""));
            terminal.Out.Write(table);
        }
        foreach (string warning in report.Warnings)
            terminal.Warn(warning);
    }
}

using System.CommandLine;
using Seguro.Cli.Commands.Ships;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Spectre.Console;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro status</c>: how a member and its cluster stand.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static readonly Option<bool> Watch = new("--watch") { Description = "Show it anew every second, until Ctrl-C." };

    public static Command Create(Terminal terminal) =>
        new Command("status", "Show how a member and its cluster stand, or all ships of a node that holds many; exit code 4 where something is degraded.") { Watch }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                bool json = parse.GetValue(CommonOptions.Json);
                if (parse.GetValue(Watch))
                {
                    await WatchAsync(terminal, json, client, cancel);
                    return 0;
                }
                return await ShowAsync(terminal, json, client, cancel) ? 0 : 4;
            });

    /// <summary>Prints how a member stands; or, where the node holds many and none is named, all of them. True where nothing is degraded.</summary>
    private static async Task<bool> ShowAsync(Terminal terminal, bool json, AdminClient client, CancellationToken cancel)
    {
        StatusReport report;
        try
        {
            report = await client.ReadStatusAsync(cancel);
        }
        catch (SeguroException error) when (error.Code is ErrorCode.ManyShips)
        {
            FleetReport fleet = await client.ReadShipsAsync(cancel);
            ShipTable.Print(terminal, json, fleet);
            return ShipTable.IsWell(fleet);
        }
        Print(terminal, json, report);
        return IsWell(report);
    }

    /// <summary>Until Ctrl-C, which is how it is meant to end. A member that does not answer now may answer soon.</summary>
    private static async Task WatchAsync(Terminal terminal, bool json, AdminClient client, CancellationToken cancel)
    {
        using PeriodicTimer timer = new(Between);
        bool isFirst = true;
        try
        {
            do
            {
                if (!json && !isFirst)
                    terminal.Redraw();
                isFirst = false;
                try
                {
                    await ShowAsync(terminal, json, client, cancel);
                }
                catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable)
                {
                    terminal.Warn(error.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <summary>Prints a report.</summary>
    public static void Print(Terminal terminal, bool json, StatusReport report)
    {
        if (json)
        {
            terminal.Json(report);
            return;
        }
        bool isThere = report.Role != "starting"; // before that nothing is known of its log
        terminal.Fields(
            ("ship", report.Ship),
            ("member", $"{report.Name}: {report.Role}, term {report.Term}"),
            ("master", report.Master.Length == 0 ? "nobody, as far as it knows" : report.Master),
            ("stopped", report.Stopped),
            ("hindered", report.Hindrance),
            ("local log", isThere ? $"event {report.Durable.Event}" : null),
            ("ship at", isThere ? $"event {report.Processed.Event}{(report.Replaying > 0 ? $" of {report.Replaying} that it replays" : "")}{(report is { Role: "replica", Level: { } level } ? $", {level}" : "")}" : null),
            ("committed", isThere ? $"event {report.Committed.Event}" : null),
            ("released", isThere ? $"event {report.Released}" : null),
            ("optimism", isThere ? $"{report.Optimism.Replicas} of {report.Members.Count - 1} replicas, {report.Optimism.OnReplicaLoss}" : null),
            ("gate", report.Role == "master" ? $"{report.Gated} events wait" : null),
            ("ingress", $"{report.Ingress} wait"),
            ("dropped", report.Dropped.Count == 0 ? null : string.Join(", ", report.Dropped.OrderByDescending(static drop => drop.Value).Select(static drop => $"{drop.Key} {drop.Value}"))),
            ("refused", report.Refused.Values.Sum() == 0 ? null : string.Join(", ", report.Refused.Where(static door => door.Value > 0).Select(static door => $"{door.Key} {door.Value}"))),
            ("members", string.Join(", ", report.Members)),
            ("certificates", report.CertificatesUntil is { } until ? $"good until {until:u}" : null),
            ("links", report.Links.Count == 0 ? "none" : string.Join(", ", report.Links)),
            ("store", report.CommitMeans.Length == 0 ? report.Store : $"{report.Store} ({report.CommitMeans})"));
        if (report.Replicas.Count > 0)
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("replica", "state", "durable", "processed", "lag");
            foreach (ReplicaReport replica in report.Replicas)
            {
                ulong lag = report.Durable.Event - Math.Min(report.Durable.Event, replica.Processed);
                table.AddRow(Markup.Escape(replica.Name), Markup.Escape(replica.Stopped ?? (replica.Healthy ? "healthy" : "silent")), $"{replica.Durable}", $"{replica.Processed}", $"{lag}");
            }
            terminal.Out.Write(table);
        }
        foreach (string warning in report.Warnings)
            terminal.Warn(warning);
    }

    private static bool IsWell(StatusReport report) =>
        report.IsHealthy && report.Master.Length > 0 && report.Replicas.All(static replica => replica.Healthy && replica.Stopped is null);
}

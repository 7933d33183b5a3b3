using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Node.Admin;
using Seguro.Node.Members;
using Spectre.Console;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster history</c>: who was master when, and what else changed.</summary>
internal static class ClusterHistoryCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("history", "List who was master in which term, and what operators changed, as the member that is asked saw it; the oldest first.").WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                IReadOnlyList<HistoryEntry> entries = await client.ReadHistoryAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new { entries });
                    return 0;
                }
                Table table = new Table().Border(TableBorder.Simple).AddColumns("time", "term", "master", "what");
                foreach (HistoryEntry entry in entries)
                    table.AddRow(
                        entry.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), entry.Term.ToString(CultureInfo.InvariantCulture),
                        Markup.Escape(entry.Master.Length > 0 ? entry.Master : "nobody"), Markup.Escape(entry.What));
                terminal.Out.Write(table);
                return 0;
            });
}

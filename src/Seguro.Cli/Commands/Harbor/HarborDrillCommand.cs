using System.CommandLine;
using System.Text;
using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Files;
using Seguro.Harbor.Restoring;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor drill</c>: a restore for proof.</summary>
internal static class HarborDrillCommand
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly Option<string> In = new("--in") { Description = "Where there is room for the log, for as long as the drill takes.", HelpName = "FOLDER", DefaultValueFactory = static _ => Path.GetTempPath() };
    private static readonly Option<string?> Report = new("--report") { Description = "Keep the report in this file, too.", HelpName = "FILE" };
    private static readonly Option<string?> TextFile = new("--textfile") { Description = "Write when a restore was last proven into this file, for Prometheus' node exporter: seguro_harbor_last_proven.", HelpName = "FILE" };

    public static Command Create(Terminal terminal) =>
        new Command("drill", "Restore the backup into a folder of its own, read it again from there, compare it with the signed manifests, remove it; and report.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, In, Report, TextFile,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, async reader =>
        {
            DrillReport report = await PierArgument.WithProgressAsync(
                terminal, $"drill {reader.Ship}", HarborRestore.Plan(reader, null).Bytes, progress => HarborDrill.RunAsync(reader, parse.GetRequiredValue(In), progress, TimeProvider.System, cancel));
            if (parse.GetValue(Report) is { } file)
                DurableFile.Write(file, Encoding.UTF8.GetBytes(report.ToText()), Readable);
            if (parse.GetValue(TextFile) is { } metrics)
                DurableFile.Write(metrics, Encoding.UTF8.GetBytes(report.ToMetrics()), Readable);
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(new
                {
                    ship = report.Ship.Name, began = MirrorPrinter.Time(report.Began), seconds = Math.Round(report.Took.TotalSeconds, 3), targets = report.Targets,
                    first = report.First.Value, head = report.Head.Number.Value, chain = report.Head.Chain.ToString(), bytes = report.Bytes, snapshot = report.Snapshot.Value, pier = report.IsPier, damage = report.Damage,
                });
            }
            else
            {
                terminal.Output.Write(report.ToText());
            }
            return report.Damage.Count > 0 ? 4 : 0;
        }, cancel));
}

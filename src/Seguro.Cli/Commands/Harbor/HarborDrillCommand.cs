using System.CommandLine;
using System.Text;
using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Commands.Ships;
using Seguro.Cli.Output;
using Seguro.Core;
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

    private static readonly Option<bool> Compute = new("--replay") { Description = "Compute the restored events on Seguro's own Nock machine, too: the mug after each must be the one that the log has. Of a ship with a long history it takes long." };

    public static Command Create(Terminal terminal) =>
        new Command("drill", "Restore the backup into a folder of its own, read it again from there, compare it with the signed manifests, remove it; and report.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, In, Compute, Report, TextFile,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, async reader =>
        {
            string folder = parse.GetRequiredValue(In);
            // What computes shows its own progress.
            DrillReport report = parse.GetValue(Compute)
                ? await HarborDrill.RunAsync(reader, folder, null, (log, state, token) => ReplayAsync(terminal, log, state, token), TimeProvider.System, cancel)
                : await PierArgument.WithProgressAsync(
                    terminal, $"drill {reader.Ship}", HarborRestore.Plan(reader, null).Bytes, progress => HarborDrill.RunAsync(reader, folder, progress, null, TimeProvider.System, cancel));
            if (parse.GetValue(Report) is { } file)
                DurableFile.Write(file, Encoding.UTF8.GetBytes(report.ToText()), Readable);
            if (parse.GetValue(TextFile) is { } metrics)
                DurableFile.Write(metrics, Encoding.UTF8.GetBytes(report.ToMetrics()), Readable);
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(new
                {
                    ship = report.Ship.Name,
                    began = MirrorPrinter.Time(report.Began),
                    seconds = Math.Round(report.Took.TotalSeconds, 3),
                    targets = report.Targets,
                    first = report.First.Value,
                    head = report.Head.Number.Value,
                    chain = report.Head.Chain.ToString(),
                    bytes = report.Bytes,
                    snapshot = report.Snapshot.Value,
                    pier = report.IsPier,
                    mugs = report.Mugs,
                    damage = report.Damage,
                });
            }
            else
            {
                terminal.Output.Write(report.ToText());
            }
            return report.Damage.Count > 0 ? 4 : 0;
        }, cancel));

    private static async Task<ulong> ReplayAsync(Terminal terminal, EventLog log, LogState state, CancellationToken cancel) =>
        (await new Replay(terminal, log, state, state.Head.Number) { Every = ulong.MaxValue }.RunAsync(cancel)).Checked;
}

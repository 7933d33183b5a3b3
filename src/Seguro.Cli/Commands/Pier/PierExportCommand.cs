using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier export</c>: a log as a pier that stock vere opens.</summary>
internal static class PierExportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = new("PIER") { Description = "The folder to make. It appears only when it is complete and verified." };
        Option<string?> vere = PierArgument.Vere();
        return new Command("export", "Write a ship's log as a pier that stock vere opens.") { path, vere }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            string version = await PierArgument.VereOfAsync(parse.GetValue(vere), log, cancel);
            PierExportResult result = await PierArgument.WithProgressAsync(
                terminal,
                $"export {log.Ship}",
                state.Bytes,
                progress => PierExport.RunAsync(
                    log, state, parse.GetRequiredValue(path), version, progress, TimeProvider.System, cancel));
            if (result.Base != EventNumber.None)
            {
                terminal.Warn(
                    $"the log begins with event {state.First}: vere opens this pier only with a snapshot of event {result.Base} in .urb/chk and .urb/log/0i{result.Base}");
            }
            await PierArgument.WarnOfMirrorAsync(terminal, log, cancel);
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(new
                {
                    ship = log.Ship.Name,
                    path = result.Path,
                    vere = version,
                    exported = result.Events,
                    bytes = result.Bytes,
                    first = state.First.Value,
                    head = result.Head.Number.Value,
                    chain = result.Head.Chain.ToString(),
                    needsSnapshot = result.Base != EventNumber.None,
                    seconds = Math.Round(result.Elapsed.TotalSeconds, 3),
                });
                return 0;
            }
            terminal.Out.MarkupLineInterpolated(
                $"[green]ok[/] {log.Ship}: {result.Events:N0} events, {ByteSize.Format(result.Bytes)}, verified ({ByteSize.Rate(result.Bytes, result.Elapsed)})");
            terminal.Fields(("pier", result.Path), ("for vere", version), ("head", result.Head.Number.ToString()), ("chain", result.Head.Chain.ToString()));
            return 0;
        });
    }
}

using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier restore</c>: a pier that vere can start, of a log and a snapshot; or one to look into, of a log's first events.</summary>
internal static class PierRestoreCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = new("PIER") { Description = "The folder to make. It appears only when it is complete and verified." };
        Option<string?> vere = PierArgument.Vere();
        Option<string?> snapshots = new("--snapshots")
        {
            Description = "Where snapshots are: image.bin, N.jam, a folder, another copy of the pier. The newest that this vere can use goes along.",
            HelpName = "PATH",
        };
        Option<ulong?> to = new("--to") { Description = "Only the events up to N, to look into: the pier is marked, and Seguro never starts it.", HelpName = "N" };
        return new Command("restore", "Make a pier that vere can start, of a ship's log and a snapshot; with --to, one of an earlier time to look into.")
        {
            path, vere, snapshots, to,
        }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            string version = await PierArgument.VereOfAsync(parse.GetValue(vere), log, cancel);
            EventNumber? last = parse.GetValue(to) is { } number ? new EventNumber(number) : null;
            PierRestoreResult result = await PierArgument.WithProgressAsync(
                terminal,
                $"restore {log.Ship}",
                (await log.ReadStateAsync(cancel)).Bytes,
                progress => PierRestore.RunAsync(log, parse.GetRequiredValue(path), version, last, parse.GetValue(snapshots), progress, TimeProvider.System, cancel));
            foreach (RestoredSnapshot unused in result.PassedOver)
                terminal.Warn($"{unused.Path} was passed over: {unused.Problem}");
            if (result.IsForensic)
                terminal.Warn($"this pier ends at event {result.Pier.Head.Number} of {result.LogHead}, to be looked into: a ship that is started from it must be reset ({ForensicMark.File})");
            await PierArgument.WarnOfMirrorAsync(terminal, log, cancel);
            if (parse.GetValue(CommonOptions.Json))
                PrintJson(terminal, log, version, result);
            else
                Print(terminal, log, version, result);
            return 0;
        });
    }

    private static void PrintJson(Terminal terminal, EventLog log, string version, PierRestoreResult result) => terminal.Json(new
    {
        ship = log.Ship.Name,
        path = result.Pier.Path,
        vere = version,
        restored = result.Pier.Events,
        bytes = result.Pier.Bytes,
        first = result.Pier.Base.Value + 1,
        head = result.Pier.Head.Number.Value,
        logHead = result.LogHead.Value,
        chain = result.Pier.Head.Chain.ToString(),
        snapshot = result.Snapshot is { } snapshot ? new { file = snapshot.Path, @event = snapshot.Event.Value, state = snapshot.IsState } : null,
        forensics = result.IsForensic,
        seconds = Math.Round(result.Pier.Elapsed.TotalSeconds, 3),
    });

    private static void Print(Terminal terminal, EventLog log, string version, PierRestoreResult result)
    {
        terminal.Out.MarkupLineInterpolated(
            $"[green]ok[/] {log.Ship}: {result.Pier.Events:N0} events, {ByteSize.Format(result.Pier.Bytes)}, verified ({ByteSize.Rate(result.Pier.Bytes, result.Pier.Elapsed)})");
        string snapshot = result.Snapshot is not { } used ? "none: vere computes all events when it starts"
            : used.IsState ? $"the state after event {used.Event}; load it with `urbit queu -r {used.Event} {result.Pier.Path}` before the start"
            : $"after event {used.Event}, from {used.Path}";
        terminal.Fields(
            ("pier", result.Pier.Path), ("for vere", version), ("head", result.Pier.Head.Number.ToString()), ("snapshot", snapshot), ("chain", result.Pier.Head.Chain.ToString()));
        if (!result.IsForensic)
            terminal.Note("Before it is started: see that no later event of the ship was ever computed anywhere, and that no other copy of it runs.");
    }
}

using System.CommandLine;
using Seguro.Cli.Commands.Custodies;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Vere.Guard;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier restore</c>: a pier that vere can start, of a log and a snapshot; or one to look into, of a log's first events.</summary>
internal static class PierRestoreCommand
{
    private static readonly Argument<string> Folder = new("PIER") { Description = "The folder to make. It appears only when it is complete and verified." };
    private static readonly Option<string?> Vere = PierArgument.Vere();
    private static readonly Option<string?> Snapshots = new("--snapshots")
    {
        Description = "Where snapshots are: image.bin, N.jam, a folder, another copy of the pier. The newest that this vere can use goes along.",
        HelpName = "PATH",
    };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "Only the events up to an event, or up to a time (2026-11-30T12:00:00Z, ~2026.11.30..12.00.00), to look into: the pier is marked, and Seguro never starts it.",
        HelpName = "N|TIME",
    };

    public static Command Create(Terminal terminal) =>
        new Command("restore", "Make a pier that vere can start, of a ship's log and a snapshot; with --to, one of an earlier time to look into.")
        {
            Folder, Vere, Snapshots, To,
        }.WithOwnersWord().WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            EventNumber? to = parse.GetValue(To) is { } text ? await EventTime.ParseAsync(text, log, state, cancel) : null;
            if (to is { } last && last != state.Head.Number)
                return await MakeAsync(terminal, parse, log, last, cancel);
            IReadOnlyList<KnownHead> others = await OwnersOptions.AskOthersAsync(parse, terminal, log.Ship, cancel);
            GuardQuestion question = await CustodyClaim.AskAsync(log, GuardedAct.Restore, store, OwnersOptions.UrlOf(parse), OwnersOptions.WordOf(parse), others, cancel);
            // Where nobody ever kept the ship by this log, there is nothing to say in it, and it need not be writable.
            return question.Custody is null ? await MakeAsync(terminal, parse, log, to: null, cancel) : await GiveBackAsync(terminal, parse, question, cancel);
        });

    /// <summary>The ship leaves Seguro's custody before the pier appears, and comes back into it where none does: at no moment there are two who may compute it.</summary>
    private static async Task<int> GiveBackAsync(Terminal terminal, ParseResult parse, GuardQuestion question, CancellationToken cancel)
    {
        string place = $"{Environment.MachineName}:{Path.GetFullPath(parse.GetRequiredValue(Folder))}";
        await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Write, cancel);
        await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
        await using CustodyClaim claim = await CustodyClaim.TakeAsync(log, question, BootClock.Instance, cancel);
        await claim.WriteAsync(new Custody(CustodyKind.None) { Seen = claim.Question.Head, At = DateTimeOffset.UtcNow, Place = place }, cancel);
        try
        {
            return await MakeAsync(terminal, parse, log, to: null, cancel);
        }
        catch
        {
            await claim.WriteAsync(claim.Question.Custody!, CancellationToken.None);
            throw;
        }
    }

    private static async Task<int> MakeAsync(Terminal terminal, ParseResult parse, EventLog log, EventNumber? to, CancellationToken cancel)
    {
        string version = await PierArgument.VereOfAsync(parse.GetValue(Vere), log, cancel);
        PierRestoreResult result = await PierArgument.WithProgressAsync(
            terminal,
            $"restore {log.Ship}",
            (await log.ReadStateAsync(cancel)).Bytes,
            progress => PierRestore.RunAsync(log, parse.GetRequiredValue(Folder), version, to, parse.GetValue(Snapshots), progress, TimeProvider.System, cancel));
        foreach (RestoredSnapshot unused in result.PassedOver)
            terminal.Warn($"{unused.Path} was passed over: {unused.Problem}");
        if (result.IsForensic)
            terminal.Warn($"this pier ends at event {result.Pier.Head.Number} of {result.LogHead}, to be looked into: a ship that is started from it must be reset ({ForensicMark.File})");
        if (parse.GetValue(CommonOptions.Json))
            PrintJson(terminal, log, version, result);
        else
            Print(terminal, log, version, result);
        return 0;
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

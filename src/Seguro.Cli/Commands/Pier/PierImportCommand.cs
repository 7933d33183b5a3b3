using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier import</c>: a pier's events into a store.</summary>
internal static class PierImportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = PierArgument.Source();
        Option<bool> live = PierArgument.Live();
        Option<bool> copy = new("--copy") { Description = "The pier is in another store, whose cluster computes the ship: make a copy that no cluster begins with." };
        Option<bool> instead = new("--instead") { Description = "The pier is in another store, or was given to another cluster, which you give up: no cluster computes the ship from there, now or later." };
        return new Command(
            "import",
            "Put a pier's events into a store, byte for byte. What the store has already is compared; stopped in the middle, the same command goes on.")
        {
            path, live, copy, instead,
        }.WithStore().Does(terminal, async (parse, cancel) =>
        {
            using Seguro.Piers.Pier pier = PierArgument.Open(terminal, parse, parse.GetRequiredValue(path), parse.GetValue(live));
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Create, cancel);
            ImportPlace place = await ImportPlace.FindAsync(pier, store, parse.GetRequiredValue(CommonOptions.Store), parse.GetValue(copy), parse.GetValue(instead), cancel);
            await using EventLog log = await PierImport.OpenLogAsync(pier, store, place.Metadata, cancel);
            if (!parse.GetValue(live))
                await place.MarkAsync(terminal, cancel);
            PierImportResult result = await RunAsync(terminal, pier, store, log, place.Copied, cancel);
            if (parse.GetValue(CommonOptions.Json))
                PrintJson(terminal, pier, log, result);
            else
                Print(terminal, log, result);
            return 0;
        });
    }

    private static async Task<PierImportResult> RunAsync(Terminal terminal, Seguro.Piers.Pier pier, IStore store, EventLog log, Custody? custody, CancellationToken cancel)
    {
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "import", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
        if (custody is not null && Custody.Read(await log.Stored.ReadMetadataAsync(cancel)) is null)
            await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Custody, null, custody.ToBytes(), cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        try
        {
            return await PierArgument.WithProgressAsync(
                terminal,
                $"import {log.Ship}",
                pier.Info.Bytes,
                progress => PierImport.RunAsync(pier, store, log, lease.Term, progress, TimeProvider.System, both.Token));
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new SeguroException(
                ErrorCode.Fenced, $"the lease of {log.Ship} was lost in the middle of the import", "See that the store answers and that nobody else writes; then run the same command again to go on.");
        }
    }

    private static void PrintJson(Terminal terminal, Seguro.Piers.Pier pier, EventLog log, PierImportResult result) => terminal.Json(new
    {
        ship = log.Ship.Name,
        imported = result.Events,
        bytes = result.Bytes,
        alreadyThere = result.AlreadyThere,
        storeAhead = result.StoreAhead,
        first = pier.Info.First.Value,
        head = result.Head.Number.Value,
        chain = result.Head.Chain.ToString(),
        seconds = Math.Round(result.Elapsed.TotalSeconds, 3),
    });

    private static void Print(Terminal terminal, EventLog log, PierImportResult result)
    {
        string there = result.AlreadyThere > 0 ? $", {result.AlreadyThere:N0} were there and are the same" : "";
        string did = result.NothingToDo
            ? $"nothing to do{there}"
            : $"{result.Events:N0} events imported, {ByteSize.Format(result.Bytes)} ({ByteSize.Rate(result.Bytes, result.Elapsed)}){there}";
        terminal.Out.MarkupLineInterpolated($"[green]ok[/] {log.Ship}: {did}");
        if (result.StoreAhead > 0)
            terminal.Output.WriteLine($"the store is {result.StoreAhead:N0} events ahead of the pier");
        terminal.Fields(
            ("head", result.Head.Number.ToString()), ("chain", result.Head.Chain.ToString()), ("store", $"{log.Capabilities.Engine}: a commit is {log.Capabilities.CommitMeans}"));
    }
}

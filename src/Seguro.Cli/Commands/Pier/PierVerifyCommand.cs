using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers.Transfer;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier verify</c>: are a pier and a log the same, byte for byte?</summary>
internal static class PierVerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = PierArgument.Source();
        Option<bool> live = PierArgument.Live();
        return new Command("verify", "Compare a pier with its log in a store, byte for byte; names the first event that differs.")
        {
            path, live,
        }.WithStore().Does(terminal, async (parse, cancel) =>
        {
            using Seguro.Piers.Pier pier = PierArgument.Open(terminal, parse, parse.GetRequiredValue(path), parse.GetValue(live));
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            Ship ship = ShipName.ToShip(pier.Info.Identity.Who);
            IStoredLog stored = await store.OpenLogAsync(ship, cancel)
                ?? throw new SeguroException(ErrorCode.NoSuchLog, $"the store holds no log of {ship}, whose pier this is", "Check --store, or put the log in with `seguro pier import`.");
            await using EventLog log = new(stored, store.Capabilities);
            PierVerifyResult result = await PierArgument.WithProgressAsync(
                terminal, $"verify {ship}", pier.Info.Bytes, progress => PierVerify.RunAsync(pier, log, progress, TimeProvider.System, cancel));
            if (parse.GetValue(CommonOptions.Json))
                PrintJson(terminal, ship, result);
            else
                Print(terminal, ship, result);
            return result.IsSame ? 0 : 1;
        });
    }

    private static void PrintJson(Terminal terminal, Ship ship, PierVerifyResult result) => terminal.Json(new
    {
        ship = ship.Name,
        same = result.IsSame,
        compared = result.Compared,
        bytes = result.Bytes,
        first = result.First.Value,
        last = result.Last.Value,
        pierHead = result.PierLast.Value,
        storeHead = result.StoreHead.Number.Value,
        chain = result.StoreHead.Chain.ToString(),
        pierAhead = result.PierAhead,
        storeAhead = result.StoreAhead,
        difference = result.Difference is { } difference
            ? new
            {
                number = difference.Number.Value,
                pierSize = difference.PierSize,
                storeSize = difference.StoreSize,
                offset = difference.Offset,
                pierHash = difference.PierHash,
                storeHash = difference.StoreHash,
            }
            : null,
        seconds = Math.Round(result.Elapsed.TotalSeconds, 3),
    });

    private static void Print(Terminal terminal, Ship ship, PierVerifyResult result)
    {
        if (result.Difference is { } difference)
        {
            terminal.Report(
                new SeguroException(ErrorCode.Different, $"the pier and the log of {ship} differ from {difference}", "Find out which of the two is the ship's history before either is run."),
                json: false);
            terminal.Fields(("in the pier", $"SHA-256 {difference.PierHash}"), ("in the store", $"SHA-256 {difference.StoreHash}"));
            return;
        }
        if (!result.IsSame)
        {
            terminal.Report(
                new SeguroException(
                    ErrorCode.Different,
                    $"the pier and the log of {ship} share no event: the pier has {result.PierFirst} to {result.PierLast}, the log {result.StoreFirst} to {result.StoreHead.Number}",
                    "Compare with another copy of the pier."),
                json: false);
            return;
        }
        terminal.Out.MarkupLineInterpolated(
            $"[green]ok[/] {ship}: {result.Compared:N0} events, {ByteSize.Format(result.Bytes)}, the same in pier and store ({ByteSize.Rate(result.Bytes, result.Elapsed)})");
        if (result.PierAhead > 0)
            terminal.Output.WriteLine($"the pier is {result.PierAhead:N0} events ahead of the store");
        if (result.StoreAhead > 0)
            terminal.Output.WriteLine($"the store is {result.StoreAhead:N0} events ahead of the pier");
        terminal.Fields(
            ("first", result.First.ToString()), ("last", result.Last.ToString()), ("head", result.StoreHead.Number.ToString()), ("chain", result.StoreHead.Chain.ToString()));
    }
}

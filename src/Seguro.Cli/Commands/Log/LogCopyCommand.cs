using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log copy</c>: a ship's log from one store into another.</summary>
internal static class LogCopyCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string> to = new("--to") { Description = "The store of the copy.", HelpName = "URL", Required = true };
        return new Command(
            "copy",
            "Copy a ship's log from one store into another, byte for byte; stopped in the middle, or when the source has got more, the same command goes on. Example: seguro log copy --store sqlite:zod.db --to postgresql://seguro@db/ships")
        {
            to,
        }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog source = await CommonOptions.OpenLogAsync(parse, store, cancel);
            await source.ReadStateAsync(cancel); // what can't be copied is refused before anything is made
            await using IStore target = await CommonOptions.OpenStoreAsync(parse, terminal, parse.GetRequiredValue(to), StoreUse.Create, cancel);
            LogCopyResult result = await RunAsync(terminal, source, target, cancel);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(Summary(source, result));
            else
                terminal.Output.WriteLine($"{source.Ship}: {result.Events:N0} events copied; events {result.First} to {result.Head.Number} are {target.Capabilities.CommitMeans}; chain {result.Head.Chain}");
            return 0;
        });
    }

    /// <summary>Copies, under a lease of the copy's own.</summary>
    public static async Task<LogCopyResult> RunAsync(Terminal terminal, EventLog source, IStore target, CancellationToken cancel)
    {
        await using EventLog copy = await LogCopy.OpenAsync(source, target, cancel);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(copy, "copy", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        long total = (await source.ReadStateAsync(cancel)).Bytes;
        try
        {
            return await PierArgument.WithProgressAsync(terminal, $"copy {source.Ship}", total, progress => LogCopy.RunAsync(source, target, copy, lease.Term, progress, TimeProvider.System, both.Token));
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new SeguroException(
                ErrorCode.Fenced, $"the lease of {source.Ship} was lost in the middle of the copy", "See that the store answers and that nobody else writes; then run the same command again to go on.");
        }
    }

    /// <summary>The line of <c>--json</c>.</summary>
    public static object Summary(EventLog source, LogCopyResult result) => new
    {
        ship = source.Ship.Name,
        copied = result.Events,
        bytes = result.Bytes,
        first = result.First.Value,
        head = result.Head.Number.Value,
        chain = result.Head.Chain.ToString(),
        seconds = Math.Round(result.Elapsed.TotalSeconds, 3),
    };
}

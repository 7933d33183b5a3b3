using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log tail</c>: events as they are committed.</summary>
internal static class LogTailCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<ulong?> from = new("--from") { Description = "The first event to print; without it, those that come from now on.", HelpName = "N" };
        Option<ulong?> count = new("--count") { Description = "Stop after so many events; without it, go on until Ctrl-C.", HelpName = "N" };
        return new Command("tail", "Print events as they are committed, until Ctrl-C.") { from, count }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            bool json = parse.GetValue(CommonOptions.Json);
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Follow, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            EventNumber next = parse.GetValue(from) is { } wanted ? new EventNumber(Math.Max(wanted, 1)) : (await log.ReadStateAsync(cancel)).Head.Number.Next;
            ulong left = parse.GetValue(count) ?? ulong.MaxValue;
            if (left == 0)
                return 0;
            // Behind `head` it ends with it, and does not wait for an event to be told by.
            using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel, terminal.Closed);
            try
            {
                await foreach (Event read in log.TailAsync(next, ended.Token))
                {
                    EventLine.Print(terminal, json, read.Number, read.Payload.Length, read.Chain);
                    if (--left == 0)
                        return 0;
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // Ctrl-C is how a tail ends.
            }
            return terminal.Closed.IsCancellationRequested ? OutputClosedException.ExitCode : 0;
        });
    }
}

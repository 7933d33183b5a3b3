using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log trim</c>: removes the oldest events from a store.</summary>
internal static class LogTrimCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<ulong> before = new("--before") { Description = "Remove the events with lower numbers than N.", HelpName = "N", Required = true };
        Option<bool> yes = new("--yes") { Description = "Do it. Without it, the command only says what it would remove." };
        return new Command("trim", "Remove the oldest events from a store, for good.") { before, yes }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            EventNumber first = new(parse.GetRequiredValue(before));
            if (first == EventNumber.None)
                throw new SeguroException(ErrorCode.BadValue, "events are numbered from 1", "Write --before 2 or more.");
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Write, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            if (first > state.Head.Number.Next)
                throw new SeguroException(ErrorCode.BeyondHead, $"the log of {log.Ship} ends at {state.Head.Number}", $"Write --before {state.Head.Number.Next} or less.");
            ulong removed = first > state.First ? first - state.First : 0;
            if (!parse.GetValue(yes))
            {
                throw new SeguroException(
                    ErrorCode.Unconfirmed,
                    removed == 0 ? $"nothing to remove: the first event is {state.First}" : $"this would remove {removed:N0} events of {log.Ship}, {state.First} to {first.Previous}, from this store for good",
                    "Make sure that they are kept elsewhere (`seguro pier export`), then add --yes.");
            }
            await using WriterLease lease = await WriterLease.AcquireAsync(log, "trim", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
            WriteOutcome outcome = new WriteOutcome.Unknown("");
            for (int attempt = 0; attempt < EventLog.Attempts && outcome is WriteOutcome.Unknown; attempt++)
                outcome = await log.Stored.TrimAsync(lease.Term, first, cancel);
            if (outcome is not WriteOutcome.Committed)
                throw new SeguroException(ErrorCode.Conflict, $"the log of {log.Ship} was not trimmed: {outcome}", "Run the command again.");
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { ship = log.Ship.Name, removed, first = Math.Max(first.Value, state.First.Value), head = state.Head.Number.Value });
            else
                terminal.Output.WriteLine($"{log.Ship}: {removed:N0} events removed; the first is now {Math.Max(first.Value, state.First.Value)}");
            return 0;
        });
    }
}

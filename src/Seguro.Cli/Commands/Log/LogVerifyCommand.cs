using System.CommandLine;
using System.Diagnostics;
using Seguro.Cli.Output;
using Seguro.Core;
using Spectre.Console;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log verify</c>: reads every byte and compares every link of the chain.</summary>
internal static class LogVerifyCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("verify", "Read every byte of a log and check every link of its chain.").WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            long start = Stopwatch.GetTimestamp();
            long bytes = 0;
            ulong events = 0;
            Position reached = state.Base;
            await WorkProgress.InBytesAsync(terminal, $"verify {log.Ship}", state.Bytes, async report =>
            {
                await foreach (EventFragment piece in log.StreamAsync(state, state.First, state.Head.Number, cancel))
                {
                    bytes += piece.Bytes.Length;
                    if (!piece.IsLast)
                        continue;
                    events++;
                    reached = new Position(piece.Number, piece.Chain);
                    report(bytes);
                }
            });
            if (reached != state.Head.Position || events != state.Count)
            {
                throw new SeguroException(
                    ErrorCode.Corrupt, $"the log of {log.Ship} ends at {reached}, and its head is {state.Head.Position}", "Restore the log from another member or from a backup.");
            }
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(LogSummary.Of(log, state) with { Events = events, Bytes = bytes });
                return 0;
            }
            terminal.Out.MarkupLineInterpolated(
                $"[green]ok[/] {log.Ship}: {events:N0} events, {ByteSize.Format(bytes)}, every byte matches its chain ({ByteSize.Rate(bytes, elapsed)})");
            terminal.Fields(
                ("first", state.First.ToString()), ("head", state.Head.Number.ToString()), ("term", state.Head.Term.ToString()), ("chain", state.Head.Chain.ToString()));
            return 0;
        });
}

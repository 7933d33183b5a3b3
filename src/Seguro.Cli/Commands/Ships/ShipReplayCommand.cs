using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship replay</c>: computes the events of a log, and compares the mug that each carries.</summary>
internal static class ShipReplayCommand
{
    private const ulong DefaultEvery = 10_000;

    public static Command Create(Terminal terminal)
    {
        Option<ulong?> to = new("--to") { Description = "The last event to compute; without it, the log's last.", HelpName = "N" };
        Option<string?> snapshot = new("--snapshot") { Description = "Begin with the newest snapshot of DIR, and keep snapshots there: of the end, and on the way.", HelpName = "DIR" };
        Option<ulong> every = new("--every") { Description = "Keep a snapshot every K events.", HelpName = "K", DefaultValueFactory = static _ => DefaultEvery };
        Option<string?> fromState = new("--from-state") { Description = "Begin with a state that vere exported (PIER/.urb/roc/599.jam: the one after event 599).", HelpName = "FILE" };
        Option<ulong?> stateEvent = new("--state-event") { Description = "The event after which that state stands, where the file's name does not say.", HelpName = "N" };
        Option<bool> slog = new("--slog") { Description = "Show what the kernel prints; what it prints while it is booted is always shown." };
        return new Command(
            "replay",
            "Compute a log's events on Seguro's own Nock machine; the mug after each must be the one that the log has. Example: seguro ship replay --store sqlite:zod.db --snapshot zod.snapshots")
        {
            to, snapshot, every, fromState, stateEvent, slog,
        }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            if (parse.GetValue(every) == 0)
                throw new SeguroException(ErrorCode.BadValue, "--every 0 would keep no end of snapshots", "Write --every 1 or more.");
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            EventNumber last = parse.GetValue(to) is { } wanted ? new EventNumber(wanted) : state.Head.Number;
            if (last == EventNumber.None || last > state.Head.Number)
            {
                throw new SeguroException(
                    ErrorCode.BeyondHead, state.IsEmpty ? $"the log of {log.Ship} is empty" : $"event {last} of {log.Ship} does not exist: the log has {state.First} to {state.Head.Number}", "Write --to with an event that exists.");
            }
            Replay replay = new(terminal, log, state, last)
            {
                Folder = parse.GetValue(snapshot),
                Every = parse.GetValue(every),
                State = parse.GetValue(fromState) is { } file ? (file, StateEvent(file, parse.GetValue(stateEvent))) : null,
                ShowsPrints = parse.GetValue(slog),
            };
            ReplayResult result = await replay.RunAsync(cancel);
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(result);
                return 0;
            }
            if (result.Events == 0)
            {
                terminal.Output.WriteLine($"{log.Ship}: the state after event {result.To} is there already; its mug is {result.Mug}");
                return 0;
            }
            terminal.Output.WriteLine(
                $"{log.Ship}: events {result.From} to {result.To} computed, {result.Events:N0} in {result.Seconds:N1} s ({result.Events / Math.Max(result.Seconds, 1e-6):N0} events/s)");
            terminal.Fields(("checked", result.Checked == 0 ? "nothing: these events carry no mug" : $"{result.Checked:N0} mugs, all as the log has them"), ("mug", result.Mug), ("snapshot", result.Snapshot));
            return 0;
        });
    }

    private static EventNumber StateEvent(string file, ulong? said)
    {
        if (!File.Exists(file))
            throw new SeguroException(ErrorCode.NotFound, $"there is no file '{file}'", "Check the path; vere exports to PIER/.urb/roc.");
        if (said is { } number)
            return new EventNumber(number);
        return ulong.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            ? new EventNumber(number)
            : throw new SeguroException(ErrorCode.Usage, $"the name of '{file}' is not an event's number, such as 599.jam", "Say after which event the state stands: --state-event N.");
    }
}

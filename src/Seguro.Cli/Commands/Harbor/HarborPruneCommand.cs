using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Writing;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor prune</c>: removes what retention no longer asks for.</summary>
internal static class HarborPruneCommand
{
    private static readonly Option<double> Days = new("--days") { Description = "For so many days every event is kept; of older times, the snapshots of days, weeks and months.", HelpName = "DAYS", DefaultValueFactory = static _ => 30 };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Remove; without it, only say what would go." };

    private static readonly Option<string?> Merge = new("--merge") { Description = "Make few segments of many small ones, signed by this host's key; those that they replace go once what was made was read back whole.", HelpName = "KEY" };

    public static Command Create(Terminal terminal) =>
        new Command("prune", "Remove from one target the segments that a snapshot stands for and that are older than --days. Everything that stays is read whole first; a damaged harbor is left as it is.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, Days, Merge, Yes,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, async reader =>
        {
            double days = parse.GetValue(Days);
            if (days is not (>= 0 and <= 36500))
                throw new SeguroException(ErrorCode.BadValue, "--days is a number from 0 to 36500", "Choose another number.");
            if (reader.Copies.Count != 1)
                throw new SeguroException(ErrorCode.Usage, "one target at a time is pruned", "Name one target.");
            HarborVerification verification = await PierArgument.WithProgressAsync(
                terminal, $"verify {reader.Ship}", reader.Copies[0].Bytes, progress => HarborVerify.RunAsync(reader, null, progress, TimeProvider.System, cancel));
            PrunePlan plan = await HarborPrune.PlanAsync(reader, verification, new Retention(TimeSpan.FromDays(days)), DateTimeOffset.UtcNow, cancel);
            using HostKey? host = parse.GetValue(Merge) is { } file ? HostKey.Read(file) : null;
            bool removes = parse.GetValue(Yes);
            PruneResult? done = removes ? await HarborPrune.RunAsync(reader, plan, host, TimeProvider.System, cancel) : null;
            if (parse.GetValue(CommonOptions.Json))
                PrintJson(terminal, reader, plan, done);
            else
                Print(terminal, reader, plan, done, host is not null);
            return 0;
        }, cancel));

    private static void PrintJson(Terminal terminal, HarborReader reader, PrunePlan plan, PruneResult? done) => terminal.Json(new
    {
        ship = reader.Ship.Name,
        target = plan.Target,
        objects = plan.Objects,
        removed = done is not null,
        floor = plan.Floor.Value,
        merges = plan.Merges.Select(static merge => new { first = merge.First.Value, last = merge.Last.Value, segments = merge.Objects.Count }),
        merged = done?.Merged ?? 0,
        locked = done?.Locked ?? [],
    });

    private static void Print(Terminal terminal, HarborReader reader, PrunePlan plan, PruneResult? done, bool merges)
    {
        EventNumber first = plan.Floor == EventNumber.None ? reader.Base.Number.Next : plan.Floor;
        terminal.Output.WriteLine($"{plan.Target}: {done?.Removed ?? plan.Objects.Count:N0} objects {(done is not null ? "removed" : "would be removed (--yes)")}; everything from event {first} on stays");
        int small = plan.Merges.Sum(static merge => merge.Objects.Count);
        if (done is { Merged: > 0 })
            terminal.Output.WriteLine($"{small:N0} segments are {done.Merged:N0} now");
        else if (small > 0)
            terminal.Output.WriteLine($"{small:N0} small segments {(merges ? "would become" : "could become")} {plan.Merges.Count:N0} {(merges ? "(--yes)" : "(--merge NAME.harbor)")}");
        if (done is { Locked.Count: > 0 })
            terminal.Warn($"{done.Locked.Count:N0} objects stay, since the bucket keeps them: {done.Why ?? done.Locked[0]}. Prune again when that has ended.");
    }
}

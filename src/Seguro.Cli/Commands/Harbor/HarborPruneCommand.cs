using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Writing;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor prune</c>: removes what retention no longer asks for.</summary>
internal static class HarborPruneCommand
{
    private static readonly Option<double> Days = new("--days") { Description = "For so many days every event is kept; of older times, the snapshots of days, weeks and months.", HelpName = "DAYS", DefaultValueFactory = static _ => 30 };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Remove; without it, only say what would go." };

    public static Command Create(Terminal terminal) =>
        new Command("prune", "Remove from one target the segments that a snapshot stands for and that are older than --days. Everything that stays is read whole first; a damaged harbor is left as it is.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, Days, Yes,
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
            bool removes = parse.GetValue(Yes);
            if (removes)
                await HarborPrune.RunAsync(reader, plan, cancel);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { ship = reader.Ship.Name, target = plan.Target, objects = plan.Objects, removed = removes, floor = plan.Floor.Value });
            else
                terminal.Output.WriteLine($"{plan.Target}: {plan.Objects.Count:N0} objects {(removes ? "removed" : "would be removed (--yes)")}; everything from event {(plan.Floor == EventNumber.None ? reader.Base.Number.Next : plan.Floor)} on stays");
            return 0;
        }, cancel));
}

using System.CommandLine;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Restoring;
using Seguro.Piers;
using Seguro.Piers.Transfer;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor restore</c>: a pier, or a log in a store, of what the harbors have.</summary>
internal static class HarborRestoreCommand
{
    private static readonly Option<string?> Into = new("--pier") { Description = "The pier's folder to make. It appears only when it is complete and verified.", HelpName = "PIER" };
    private static readonly Option<string?> Store = new("--store") { Description = "The store to put the log into; run again, it goes on where it stopped.", HelpName = "URL" };
    private static readonly Option<string?> To = new("--to") { Description = "Only up to this event, or to the last one before this time: 4711, 2026-11-30T04:00:00Z, ~2026.11.30..04.00.00. To be looked into: Seguro never runs it as the ship.", HelpName = "N|TIME" };
    private static readonly Option<ulong?> From = new("--from") { Description = "Only from this event on, where what is before it is lost: behind a harbor's gap. A pier then needs a snapshot of the event before it, or of a later one.", HelpName = "N" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would be got, and end." };
    private static readonly Option<string?> Vere = PierArgument.Vere();

    public static Command Create(Terminal terminal) =>
        new Command("restore", "Make a pier, or a log in a store, of a ship's backup. Each segment is taken from the first target that has it whole; those that had not are named.")
        {
            HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship, Into, Store, To, From, DryRun, Vere,
            CommonOptions.Certificates, CommonOptions.AllowUnsafeSettings, CommonOptions.Despite,
        }.Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, reader => RunAsync(parse, terminal, reader, cancel), cancel));

    private static async Task<int> RunAsync(ParseResult parse, Terminal terminal, HarborReader reader, CancellationToken cancel)
    {
        if (parse.GetValue(From) is { } from)
            await reader.BeginAtAsync(new EventNumber(from), cancel);
        EventNumber? to = await HarborArgument.ReadToAsync(reader, parse.GetValue(To), cancel);
        RestorePlan plan = HarborRestore.Plan(reader, to);
        if (parse.GetValue(DryRun))
        {
            PrintPlan(parse, terminal, reader, plan);
            return 0;
        }
        (string? path, string? url) = (parse.GetValue(Into), parse.GetValue(Store));
        if (path is null == url is null)
            throw new SeguroException(ErrorCode.Usage, "a restore goes into a pier or into a store", "Name one of --pier PIER and --store URL; or --dry-run.");
        long started = TimeProvider.System.GetTimestamp();
        if (path is not null)
        {
            string vere = parse.GetValue(Vere) ?? PierMetadata.ReadVere(reader.Metadata) ?? VereVersion.Newest.ToString();
            PierRestoreResult result = await PierArgument.WithProgressAsync(
                terminal, $"restore {reader.Ship}", plan.Bytes, progress => HarborRestore.ToPierAsync(reader, path, vere, to, progress, TimeProvider.System, cancel));
            PrintDone(parse, terminal, reader, plan, result.Pier.Head, result.Pier.Path, result.Snapshot?.Event, started);
        }
        else
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, url!, StoreUse.Create, cancel);
            Position head = await PierArgument.WithProgressAsync(
                terminal, $"restore {reader.Ship}", plan.Bytes, progress => HarborRestore.ToStoreAsync(reader, store, to, progress, TimeProvider.System, cancel));
            PrintDone(parse, terminal, reader, plan, head, store.Capabilities.Engine, null, started);
        }
        WarnBeforeStart(terminal, reader, plan);
        return HarborArgument.Degraded(terminal, reader);
    }

    /// <summary>Where a restore hands over to the breach guard: what was restored may be started only if nobody is known to have more.</summary>
    private static void WarnBeforeStart(Terminal terminal, HarborReader reader, RestorePlan plan)
    {
        if (plan.IsCut)
            terminal.Warn($"this ends at event {plan.Last} of {plan.Head}, to be looked into: a ship that is started from it must be reset");
        else
            terminal.Warn($"a backup may lack the ship's last moments. Before {reader.Ship} is started from this: is the old machine off for good? Can its disk still be read? Then take its log first.");
    }

    private static void PrintPlan(ParseResult parse, Terminal terminal, HarborReader reader, RestorePlan plan)
    {
        if (parse.GetValue(CommonOptions.Json))
        {
            terminal.Json(new
            {
                ship = reader.Ship.Name,
                first = plan.First.Value,
                last = plan.Last.Value,
                head = plan.Head.Value,
                target = plan.Target,
                objects = plan.Objects,
                bytes = plan.Bytes,
                snapshot = plan.Snapshot?.Value,
            });
            return;
        }
        terminal.Fields(
            ("events", $"{plan.First} to {plan.Last}{(plan.IsCut ? $" of {plan.Head}" : "")}"),
            ("from", string.Join(", then ", reader.Copies.Where(static copy => copy.Problem is null).Select(static copy => copy.Target))),
            ("to get", $"{plan.Objects:N0} objects, {ByteSize.Format(plan.Bytes)}"),
            ("snapshot", plan.Snapshot is { } at ? $"after event {at}" : "none: vere computes all events when it starts"),
            ("time", $"about {TimeSpan.FromSeconds(Math.Ceiling(plan.Bytes / 50e6)):g} at 50 MB/s"));
    }

    private static void PrintDone(ParseResult parse, Terminal terminal, HarborReader reader, RestorePlan plan, Position head, string place, EventNumber? snapshot, long started)
    {
        double seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        if (parse.GetValue(CommonOptions.Json))
        {
            terminal.Json(new
            {
                ship = reader.Ship.Name,
                place,
                first = plan.First.Value,
                head = head.Number.Value,
                chain = head.Chain.ToString(),
                snapshot = snapshot?.Value,
                damage = reader.Damage.Select(static one => new { target = one.Target, name = one.Name, what = one.What }),
                seconds = Math.Round(seconds, 3),
            });
            return;
        }
        terminal.Output.WriteLine($"ok {reader.Ship}: events {plan.First} to {head.Number} in {place}, verified to the last byte, in {seconds:0.0} s{(snapshot is { } at ? $"; with the snapshot after event {at}" : "")}");
    }
}

using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Cli.Commands.Mirror;

/// <summary><c>seguro mirror status</c>: how a mirrored log stands, from what the store knows; from anywhere.</summary>
internal static class MirrorStatusCommand
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);
    private static readonly Option<string?> Source = new("--pier") { Description = "Look at the pier, too, where it is on this machine: its last event, and whether a vere runs, now.", HelpName = "PIER" };

    public static Command Create(Terminal terminal) =>
        new Command("status", "Say how far a mirrored log is, when its pier was last seen, and whether anybody follows it; exit code 4 where nobody did for a minute.") { Source }
            .WithLog().Does(terminal, async (parse, cancel) =>
            {
                await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
                await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
                LogState state = await log.ReadStateAsync(cancel);
                Custody? custody = Custody.Read(await log.Stored.ReadMetadataAsync(cancel));
                if (custody is not { Kind: CustodyKind.Mirrored })
                {
                    throw new SeguroException(
                        ErrorCode.NotFound, $"the log of {log.Ship} is not mirrored: its custody is {custody?.ToString() ?? "not recorded"}", "Mirror its pier with `seguro mirror PIER --store URL`.");
                }
                (EventNumber Last, PierHold Hold)? now = parse.GetValue(Source) is { } path ? Look(path, parse) : null;
                TimeSpan age = DateTimeOffset.UtcNow - custody.At;
                EventNumber seen = now is { } there ? there.Last : custody.Seen;
                ulong lag = seen > state.Head.Number ? seen - state.Head.Number : 0;
                bool isRunning = now?.Hold.IsHeld ?? custody.IsRunning;
                bool isSilent = age > Silence;
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new
                    {
                        ship = log.Ship.Name,
                        custody = "mirrored",
                        place = custody.Place,
                        seen = seen.Value,
                        seenAt = MirrorPrinter.Time(custody.At),
                        seenSecondsAgo = Math.Round(age.TotalSeconds, 1),
                        head = state.Head.Number.Value,
                        lagEvents = lag,
                        vere = new { running = isRunning, pid = now?.Hold.ProcessId },
                        writer = state.Lease.IsHeld ? state.Lease.Holder : null,
                        store = log.Capabilities.Engine,
                        silent = isSilent,
                    });
                }
                else
                {
                    terminal.Fields(
                        ("ship", log.Ship.Name),
                        ("custody", "mirrored: the ship may have computed more than is here"),
                        ("pier", custody.Place),
                        ("seen", $"event {seen}{(now is null ? "" : " (now)")}; by the mirror {age.TotalSeconds:0} s ago, {MirrorPrinter.Time(custody.At)}"),
                        ("head", state.Head.Number.ToString()),
                        ("lag", lag == 0 ? $"0 events: what is missing is younger than {age.TotalSeconds:0} s" : $"{lag:N0} events"),
                        ("vere", $"{(isRunning ? "runs" : "does not run")}{(now is null ? " (then)" : "")}"),
                        ("mirror", state.Lease.ToString()),
                        ("store", $"{log.Capabilities.Engine}: a commit is {log.Capabilities.CommitMeans}"));
                }
                if (!isSilent)
                    return 0;
                terminal.Report(
                    new SeguroException(
                        ErrorCode.MirrorSilent,
                        $"nobody has followed the pier of {log.Ship} for {age.TotalSeconds:N0} s",
                        $"Look at the mirror on its machine ({custody.Place}): its service, its log; start it again where it ended. What the ship computes meanwhile is in its pier only."),
                    json: false);
                return 4;
            });

    private static (EventNumber Last, PierHold Hold) Look(string path, ParseResult parse)
    {
        using Seguro.Piers.Pier pier = Seguro.Piers.Pier.Follow(path, PierEvidence.Parse(CommonOptions.DespiteOf(parse)));
        return (pier.Info.Last, pier.Info.Hold);
    }
}

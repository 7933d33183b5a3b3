using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Vere.Guard;

namespace Seguro.Cli.Commands.Custodies;

/// <summary><c>seguro custody show</c>: who computes a ship, and what may be done with its log.</summary>
internal static class CustodyShowCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("show", "Say who computes a ship, as its log has it, and whether a member may start it or a pier be made of it; writes nothing.").WithOwnersWord()
            .WithLog().Does(terminal, async (parse, cancel) =>
            {
                await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
                await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
                LogState state = await log.ReadStateAsync(cancel);
                Custody? custody = Custody.Read(await log.Stored.ReadMetadataAsync(cancel));
                IReadOnlyList<KnownHead> others = await OwnersOptions.AskOthersAsync(parse, terminal, log.Ship, cancel);
                SeguroException? run = await RefusalAsync(GuardedAct.Run);
                SeguroException? restore = await RefusalAsync(GuardedAct.Restore);
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new
                    {
                        ship = log.Ship.Name,
                        custody = custody?.Kind.ToString().ToLowerInvariant(),
                        record = custody?.ToString(),
                        head = state.Head.Number.Value,
                        writer = state.Lease.IsHeld ? state.Lease.Holder : null,
                        run = Verdict(run),
                        restore = Verdict(restore),
                    });
                    return 0;
                }
                terminal.Fields(
                    ("ship", log.Ship.Name),
                    ("custody", custody switch
                    {
                        null => "not recorded: it was imported or begun here, and nobody has taken it over yet",
                        { Kind: CustodyKind.Gated } => $"gated: a cluster computes the ship{(custody.Store is { } own ? $", and keeps its log in the store {own}" : "")}",
                        { Kind: CustodyKind.Mirrored } => $"mirrored: a vere computes the ship, seen {custody.Sighting}, {(custody.IsRunning ? "running" : "stopped")} then",
                        _ => $"none: the ship was given back to a plain pier {custody.Sighting}",
                    }),
                    ("head", state.Head.Number.ToString()),
                    ("writer", state.Lease.ToString()),
                    ("a member", run is null ? "may start it" : $"is refused ({run.CodeText}): {run.Message}"),
                    (run is null ? "" : "ways on", run?.NextStep),
                    ("a pier", restore is null ? "may be made of it, for a vere to run" : $"is refused ({restore.CodeText}): {restore.Message}"),
                    (restore is null ? "" : "ways on", restore?.NextStep));
                return 0;

                async ValueTask<SeguroException?> RefusalAsync(GuardedAct act)
                {
                    try
                    {
                        await CustodyClaim.AskAsync(log, act, store, OwnersOptions.UrlOf(parse), OwnersOptions.WordOf(parse), others, cancel);
                        return null;
                    }
                    catch (SeguroException refused) when (refused.ExitCode == 3)
                    {
                        return refused;
                    }
                }
            });

    private static object Verdict(SeguroException? refusal) => new { allowed = refusal is null, code = refusal?.CodeText, why = refusal?.Message, next = refusal?.NextStep };
}

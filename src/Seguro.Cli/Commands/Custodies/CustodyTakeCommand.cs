using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Vere.Guard;

namespace Seguro.Cli.Commands.Custodies;

/// <summary><c>seguro custody take</c>: the owner's word that a cluster may compute the ship; <c>release</c>: that it may not any more.</summary>
internal static class CustodyTakeCommand
{
    /// <summary><c>take</c>.</summary>
    public static Command Create(Terminal terminal) =>
        new Command("take", "Let a cluster compute a ship that was mirrored, given back to a plain pier, or another cluster's. Example: seguro custody take --store URL --machine-off --disk read").WithOwnersWord()
            .WithLog().Does(terminal, (parse, cancel) => ChangeAsync(
                terminal, parse, GuardedAct.Take, static (question, store) => new Custody(CustodyKind.Gated) { Store = store }, "a cluster's from now on: start its members", cancel));

    /// <summary><c>release</c>.</summary>
    public static Command CreateRelease(Terminal terminal) =>
        new Command("release", "Give a ship back to a plain pier, when all members have stopped: no member starts it any more, and `seguro pier restore` makes the pier. Example: seguro custody release --store URL")
            .WithLog().Does(terminal, (parse, cancel) => ChangeAsync(
                terminal,
                parse,
                GuardedAct.Release,
                static (question, _) => new Custody(CustodyKind.None) { Seen = question.Head, At = DateTimeOffset.UtcNow },
                "given back: no member starts it. Run the pier of a member that has all events, or make one with `seguro pier restore`; only one of them, ever",
                cancel));

    private static async Task<int> ChangeAsync(
        Terminal terminal, ParseResult parse, GuardedAct act, Func<GuardQuestion, StoreIdentity, Custody> next, string says, CancellationToken cancel)
    {
        await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Write, cancel);
        await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
        IReadOnlyList<KnownHead> others = act is GuardedAct.Take ? await OwnersOptions.AskOthersAsync(parse, terminal, log.Ship, cancel) : [];
        OwnersWord word = act is GuardedAct.Take ? OwnersOptions.WordOf(parse) : default;
        GuardQuestion question = await CustodyClaim.AskAsync(log, act, store, OwnersOptions.UrlOf(parse), word, others, cancel);
        StoreIdentity identity = await store.ReadIdentityAsync(cancel);
        await using CustodyClaim claim = await CustodyClaim.TakeAsync(log, question, BootClock.Instance, cancel);
        Custody custody = next(claim.Question, identity);
        await claim.WriteAsync(custody, cancel);
        if (parse.GetValue(CommonOptions.Json))
        {
            terminal.Json(new
            {
                ship = log.Ship.Name,
                custody = custody.Kind.ToString().ToLowerInvariant(),
                record = custody.ToString(),
                head = claim.Question.Head.Value,
                before = claim.Question.Custody?.ToString(),
            });
        }
        else
        {
            terminal.Output.WriteLine($"{log.Ship}, up to event {claim.Question.Head}, is {says}.");
        }
        return 0;
    }
}

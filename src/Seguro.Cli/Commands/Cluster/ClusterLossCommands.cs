using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary>The two ways on where a store lost what it had confirmed: <c>seguro cluster put-back</c>, from a member's local log, and <c>seguro cluster accept-loss</c>.</summary>
internal static class ClusterLossCommands
{
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it; without this, only say what would be done." };

    public static Command PutBack(Terminal terminal) => Create(
        terminal, "put-back",
        "Put back into the store what it lost of what it had confirmed, from the local log of the member that is asked. The members go on by themselves then.",
        static status => $"See first that the store is the right one, and not an older copy whose newer one can be had. Then add --yes: the store gets the events up to {status.EverCommitted} from {status.Name}'s log.",
        static (client, cancel) => client.PutBackAsync(cancel),
        static after => $"The store has what it lost, up to event {after.EverCommitted}; the members go on.");

    public static Command AcceptLoss(Terminal terminal) => Create(
        terminal, "accept-loss",
        "Give up what the store lost of what it had confirmed: its log is the cluster's as it is, and each member puts aside what it has beyond it. Other ships may have seen what is lost.",
        static status => $"Put it back if you can (seguro cluster put-back). To give up the events up to {status.EverCommitted} that the store no longer has, add --yes: other ships that have seen their effects will not understand this ship any more, and it may have to breach.",
        static (client, cancel) => client.AcceptLossAsync(cancel),
        static _ => "The loss is accepted; the members put aside what they have beyond the store's log, and go on.");

    private static Command Create(
        Terminal terminal, string verb, string description, Func<StatusReport, string> warning, Func<AdminClient, CancellationToken, Task<StatusReport>> act, Func<StatusReport, string> done) =>
        new Command(verb, description) { Yes }.WithMember().Does(terminal, async (parse, cancel) =>
        {
            using AdminClient client = AdminTarget.Connect(parse);
            StatusReport status = await client.ReadStatusAsync(cancel);
            if (status.Loss is not { } loss)
                throw new SeguroException(ErrorCode.UnsafeSettings, $"{status.Name} does not stand still for a store that lost what it confirmed", "Look at `seguro status`: there is nothing to do.");
            if (!parse.GetValue(Yes))
                throw new SeguroException(ErrorCode.Unconfirmed, $"nothing was done yet; {status.Name} says: {loss}", warning(status));
            StatusReport after = await act(client, cancel);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(after);
            else
                terminal.Output.WriteLine(done(after));
            return 0;
        });
}

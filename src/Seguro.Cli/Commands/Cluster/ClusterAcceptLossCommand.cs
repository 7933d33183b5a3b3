using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster accept-loss</c>: what a store lost is given up.</summary>
internal static class ClusterAcceptLossCommand
{
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it; without this, only say what would be done." };

    public static Command Create(Terminal terminal) =>
        new Command("accept-loss", "Give up what the store lost of what it had confirmed: its log is the cluster's as it is, and each member puts aside what it has beyond it. Other ships may have seen what is lost.") { Yes }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport status = await client.ReadStatusAsync(cancel);
                if (status.Loss is not { } loss)
                    throw new SeguroException(ErrorCode.UnsafeSettings, $"{status.Name} does not stand still for a store that lost what it confirmed", "Look at `seguro status`: there is nothing to do.");
                if (!parse.GetValue(Yes))
                    throw new SeguroException(ErrorCode.Unconfirmed, $"nothing was done yet; {status.Name} says: {loss}", $"Put it back if you can (seguro cluster put-back). To give up the events up to {status.EverCommitted} that the store no longer has, add --yes: other ships that have seen their effects will not understand this ship any more, and it may have to breach.");
                StatusReport after = await client.AcceptLossAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(after);
                else
                    terminal.Output.WriteLine($"The loss is accepted; the members put aside what they have beyond the store's log, and go on.");
                return 0;
            });
}

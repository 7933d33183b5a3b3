using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster put-back</c>: what a store lost goes back into it, from a member's local log.</summary>
internal static class ClusterPutBackCommand
{
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it; without this, only say what would be done." };

    public static Command Create(Terminal terminal) =>
        new Command("put-back", "Put back into the store what it lost of what it had confirmed, from the local log of the member that is asked. The members go on by themselves then.") { Yes }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport status = await client.ReadStatusAsync(cancel);
                if (status.Loss is not { } loss)
                    throw new SeguroException(ErrorCode.UnsafeSettings, $"{status.Name} does not stand still for a store that lost what it confirmed", "Look at `seguro status`: there is nothing to do.");
                if (!parse.GetValue(Yes))
                    throw new SeguroException(ErrorCode.Unconfirmed, $"nothing was done yet; {status.Name} says: {loss}", $"See first that the store is the right one, and not an older copy whose newer one can be had. Then add --yes: the store gets the events up to {status.EverCommitted} from {status.Name}'s log.");
                StatusReport after = await client.PutBackAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(after);
                else
                    terminal.Output.WriteLine($"The store has what it lost, up to event {after.EverCommitted}; the members go on.");
                return 0;
            });
}

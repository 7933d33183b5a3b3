using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster stepdown</c>: another master, without losing or repeating an effect.</summary>
internal static class ClusterStepDownCommand
{
    private static readonly Option<string?> To = new("--to") { Description = "Who is to be master; whoever is fit where left out.", HelpName = "NAME" };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public static Command Create(Terminal terminal) =>
        new Command("stepdown", "Let the master hand over to a replica, without losing or repeating an effect; returns when another is master.") { To }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                string? to = parse.GetValue(To);
                StatusReport before = await client.ReadStatusAsync(cancel);
                StatusReport old = await client.StepDownAsync(to, cancel);
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(Patience);
                while (true)
                {
                    StatusReport now = await client.ReadStatusAsync(cancel);
                    if (now.Master.Length > 0 && (now.Master != old.Name || old.Role == "master"))
                    {
                        if (to is not null && now.Master != to)
                            throw new SeguroException(ErrorCode.Conflict, $"{old.Name} has stepped down, and {now.Master} was faster than {to}", "Repeat the command.");
                        if (parse.GetValue(CommonOptions.Json))
                            terminal.Json(now);
                        else
                            terminal.Output.WriteLine($"{(now.Master == before.Master ? "There was nothing to do" : $"{old.Name} has stepped down")}; {now.Master} is master, term {now.Term}.");
                        return 0;
                    }
                    if (limit.IsCancellationRequested)
                        throw new SeguroException(ErrorCode.StoreUnavailable, $"{old.Name} has stepped down, and nobody else is master after {Patience.TotalSeconds} s", "Look at `seguro status` of the other members.");
                    await Task.Delay(Glance, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            });
}

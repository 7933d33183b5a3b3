using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster stepdown</c>: another master, without losing or repeating an effect.</summary>
internal static class ClusterStepDownCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public static Command Create(Terminal terminal) =>
        new Command("stepdown", "Let the master hand over to a replica, without losing or repeating an effect; returns when another is master.").WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport old = await client.StepDownAsync(cancel);
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(Patience);
                while (true)
                {
                    StatusReport now = await client.ReadStatusAsync(cancel);
                    if (now.Master.Length > 0 && now.Master != old.Name)
                    {
                        if (parse.GetValue(CommonOptions.Json))
                            terminal.Json(now);
                        else
                            terminal.Output.WriteLine($"{old.Name} has stepped down; {now.Master} is master, term {now.Term}.");
                        return 0;
                    }
                    if (limit.IsCancellationRequested)
                        throw new SeguroException(ErrorCode.StoreUnavailable, $"{old.Name} has stepped down, and nobody else is master after {Patience.TotalSeconds} s", "Look at `seguro status` of the other members.");
                    await Task.Delay(Glance, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            });
}

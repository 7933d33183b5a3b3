using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster optimism</c>: changes it while the cluster runs.</summary>
internal static class ClusterOptimismCommand
{
    private static readonly Argument<int> Replicas = new("N") { Description = "How many replicas must have processed an event before its effects are released; 0: none." };
    private static readonly Option<string?> Policy = new("--on-replica-loss") { Description = "While fewer are healthy: wait, or degrade to those that are left; as it is where left out.", HelpName = "wait|degrade" };

    public static Command Create(Terminal terminal) =>
        new Command("optimism", "Change the optimism of a running cluster; returns when it is in force.") { Replicas, Policy }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport report = await client.SetOptimismAsync(new OptimismRequest(parse.GetValue(Replicas), parse.GetValue(Policy)), cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"Optimism {report.Optimism.Replicas} ({report.Optimism.OnReplicaLoss}) is in force; {report.Name} is master, term {report.Term}.");
                return 0;
            });
}

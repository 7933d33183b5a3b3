using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster join</c>: members that belong to the cluster from now on.</summary>
internal static class ClusterJoinCommand
{
    private static readonly Argument<string[]> Names = new("NAME") { Description = "The new members; make their folders with `seguro cluster add`, and start them.", Arity = ArgumentArity.OneOrMore };

    public static Command Create(Terminal terminal) =>
        new Command("join", "Let members belong to a running cluster: they count for the optimism, and may become master.") { Names }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport report = await client.ChangeMembersAsync(new MembersRequest(parse.GetRequiredValue(Names), null), cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"The cluster's members are {string.Join(", ", report.Members)}.");
                return 0;
            });
}

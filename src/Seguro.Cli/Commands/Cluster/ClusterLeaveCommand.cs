using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster leave</c>: a member that does not belong to the cluster any more, nor its dqlite node.</summary>
internal static class ClusterLeaveCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Argument<string> Name = new("NAME") { Description = "The member, running or lost for ever." };
    private static readonly Option<bool> KeepNode = new("--keep-node") { Description = "Leave its dqlite node in the database's cluster." };
    private static readonly Option<ulong?> Node = new("--node") { Description = "Its dqlite node's number, where the configuration does not say it, or says another.", HelpName = "N" };

    public static Command Create(Terminal terminal) =>
        new Command("leave", "Take a member, and its dqlite node, out of a running cluster. Stop the member afterwards. Needs -c.") { Name, KeepNode, Node }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                string name = parse.GetRequiredValue(Name);
                MemberAddresses? leaving = null;
                NodeConfiguration? configuration = null;
                if (!parse.GetValue(KeepNode))
                {
                    configuration = AdminTarget.ReadConfiguration(parse);
                    leaving = configuration.Members.FirstOrDefault(member => member.Name == name);
                    if (configuration.IsEmbedded && leaving is null && parse.GetValue(Node) is null)
                        throw new SeguroException(ErrorCode.NotFound, $"the configuration does not know the dqlite node of '{name}'", "Use -c with a configuration that names it, its number with --node, or --keep-node.");
                }
                using AdminClient client = AdminTarget.Connect(parse);
                RefuseTooEarly(name, await client.ReadStatusAsync(cancel));
                // First the node: once its member is not let in any more, it could not even agree to its own removal, and of two nodes the other would be alone without a majority.
                if (configuration is { IsEmbedded: true })
                    await RemoveNodeAsync(configuration, leaving, parse.GetValue(Node), cancel);
                StatusReport report = await client.ChangeMembersAsync(new MembersRequest(null, [name]), cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"{name} has left; the cluster's members are {string.Join(", ", report.Members)}. It is cut off and stays out, whatever is left of its folder: stop it, and take it out of the other members' configuration. Its name and its dqlite number are not used again.\nIts key at the balancer: seguro cluster keys remove FOLDER {name}, where the cluster's folder is.");
                if (!parse.GetValue(CommonOptions.Json) && configuration is { IsEmbedded: false })
                    terminal.Warn($"{name} has the store's address and password in its configuration. Give the store another password, and the other members too.");
                return 0;
            });

    // By its address too: a node that lost its disk has another number than the others' configurations say.
    private static async Task RemoveNodeAsync(NodeConfiguration configuration, MemberAddresses? leaving, ulong? number, CancellationToken cancel)
    {
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        DqliteMembership membership = new([.. configuration.Members.Where(member => member != leaving).Select(static member => member.Dqlite!.Value)], certificates, Patience);
        foreach (DqliteServer server in await membership.ListAsync(cancel))
        {
            if (server.Id == (number ?? leaving?.Id) || (number is null && server.Address == leaving?.Dqlite.ToString()))
                await membership.RemoveAsync(server.Id, cancel);
        }
    }

    private static void RefuseTooEarly(string name, StatusReport now)
    {
        if (now.Master == name)
            throw new SeguroException(ErrorCode.UnsafeSettings, $"{name} is master", "Let it step down first: seguro cluster stepdown.");
        int left = now.Members.Count(member => member != name) - 1;
        if (now.Optimism.Replicas > left)
            throw new SeguroException(ErrorCode.UnsafeSettings, $"the optimism in force asks for {now.Optimism.Replicas} replicas, and {left} would be left", "Lower it first: seguro cluster optimism N.");
    }
}

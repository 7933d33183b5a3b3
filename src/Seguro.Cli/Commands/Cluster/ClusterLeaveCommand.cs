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
    private static readonly Option<ulong?> Node = new("--node") { Description = "Its dqlite node's number (seguro cluster list), where the configuration does not say it, or says another.", HelpName = "ID" };

    public static Command Create(Terminal terminal) =>
        new Command("leave", "Take a member, and its dqlite node, out of a running cluster. Stop the member afterwards. Needs -c.") { Name, KeepNode, Node }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                string name = parse.GetRequiredValue(Name);
                NodeConfiguration? configuration = parse.GetValue(KeepNode) ? null : AdminTarget.ReadConfiguration(parse);
                if (configuration is { HoldsMany: true })
                    configuration = null; // it leaves one ship; its node serves the others
                using AdminClient client = AdminTarget.Connect(parse);
                RefuseTooEarly(name, await client.ReadStatusAsync(cancel));
                // First the node: once its member is not let in any more, it could not even agree to its own removal, and of two nodes the other would be alone without a majority.
                if (configuration is { IsEmbedded: true })
                    await RemoveNodeAsync(configuration, name, parse.GetValue(Node), cancel);
                StatusReport report = await client.ChangeMembersAsync(new MembersRequest(null, [name]), cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else if (parse.GetValue(AdminTarget.Ship) is { } ship)
                    terminal.Output.WriteLine($"{name} has left {ship}, and stays out of it, also where the ship is removed and added again; its members are {string.Join(", ", report.Members)}. The node goes on with its other ships.");
                else
                    terminal.Output.WriteLine($"{name} has left; the cluster's members are {string.Join(", ", report.Members)}. It is cut off and stays out, whatever is left of its folder: stop it, and take it out of the other members' configuration. Its name and its dqlite number are not used again.\nIts key at the balancer: seguro cluster keys remove FOLDER {name}, where the cluster's folder is.");
                if (!parse.GetValue(CommonOptions.Json) && configuration is { IsEmbedded: false })
                    terminal.Warn($"{name} has the store's address and password in its configuration. Give the store another password, and the other members too.");
                return 0;
            });

    /// <summary>Repeating it does no harm: a node that is not in the cluster is removed already.</summary>
    private static async Task RemoveNodeAsync(NodeConfiguration configuration, string name, ulong? number, CancellationToken cancel)
    {
        MemberAddresses? leaving = configuration.Members.FirstOrDefault(member => member.Name == name);
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        DqliteMembership membership = new([.. configuration.Members.Where(member => member != leaving).Select(static member => member.Dqlite!.Value)], certificates, Patience);
        foreach (DqliteServer node in Find(await membership.ListAsync(cancel), configuration, name, leaving, number))
            await membership.RemoveAsync(node.Id, cancel);
    }

    private static DqliteServer[] Find(IReadOnlyList<DqliteServer> nodes, NodeConfiguration configuration, string name, MemberAddresses? leaving, ulong? number)
    {
        if (number is not null)
            return [.. nodes.Where(node => node.Id == number)];
        // By its address too: a node that lost its disk has another number than the others' configurations say.
        if (leaving is not null)
            return [.. nodes.Where(node => node.Id == leaving.Id || node.Address == leaving.Dqlite.ToString())];
        // The configuration may be of before the member was added: its node is the one that no other member has.
        DqliteServer[] others = [.. nodes.Where(node => configuration.Members.All(member => member.Id != node.Id && member.Dqlite.ToString() != node.Address))];
        return others.Length == 1
            ? others
            : throw new SeguroException(
                ErrorCode.NotFound, $"which dqlite node is that of '{name}' is not known: the configuration does not name it, and {(others.Length == 0 ? "all nodes are other members'" : string.Join("; ", others.Select(ClusterListCommand.Text)))}",
                "Name it with --node ID, use a configuration that names the member, or --keep-node where it has none.");
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

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

    public static Command Create(Terminal terminal) =>
        new Command("leave", "Take a member, and its dqlite node, out of a running cluster. Stop the member afterwards. Needs -c.") { Name, KeepNode }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                string name = parse.GetRequiredValue(Name);
                MemberAddresses? leaving = null;
                NodeConfiguration? configuration = null;
                if (!parse.GetValue(KeepNode))
                {
                    configuration = AdminTarget.ReadConfiguration(parse);
                    leaving = configuration.Members.FirstOrDefault(member => member.Name == name);
                    if (configuration.IsEmbedded && leaving is null)
                        throw new SeguroException(ErrorCode.NotFound, $"the configuration does not know the dqlite node of '{name}'", "Use -c with a configuration that names it, or --keep-node.");
                }
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport report = await client.ChangeMembersAsync(new MembersRequest(null, [name]), cancel);
                if (leaving is { Id: > 0 } && configuration is { IsEmbedded: true })
                {
                    using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
                    DqliteMembership membership = new([.. configuration.Members.Where(member => member != leaving).Select(static member => member.Dqlite!.Value)], certificates, Patience);
                    await membership.RemoveAsync(leaving.Id, cancel);
                }
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"{name} has left; the cluster's members are {string.Join(", ", report.Members)}. Stop it, and take it out of the other members' configuration. Its dqlite number is not used again.");
                return 0;
            });
}

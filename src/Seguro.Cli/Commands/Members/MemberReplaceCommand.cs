using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Commands.Cluster;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands.Members;

/// <summary><c>seguro member replace</c>: a member whose disk was lost begins anew, under a dqlite number that was never used.</summary>
internal static class MemberReplaceCommand
{
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it although this member's dqlite node has data here; they are moved aside." };

    public static Command Create(Terminal terminal) =>
        new Command("replace", "Let a member whose disk was lost begin anew: its dqlite node gets a number that was never used, in this configuration. The member must be stopped, and most others must run; then start it.")
        {
            AdminTarget.Configuration, Yes,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse);
            string name = configuration.Self.Name;
            if (await RunsAsync(configuration, cancel))
                throw new SeguroException(ErrorCode.UnsafeSettings, $"member {name} runs", "Stop it first. A member that runs lost no disk.");
            if (!configuration.IsEmbedded)
                throw new SeguroException(ErrorCode.Unsupported, $"{name} has no dqlite node of its own, since the store is another", $"Nothing need be replaced: start it with its empty folder {configuration.Folder}; its log comes from the store and the others.");
            if (configuration.Members.Count < 2)
                throw new SeguroException(ErrorCode.Unsupported, $"{name} is its cluster's only member: nobody else has its data", "Look for a copy of its disk.");
            string node = Path.Combine(configuration.Folder, "dqlite");
            if (Directory.Exists(node) && Directory.EnumerateFileSystemEntries(node).Any() && !parse.GetValue(Yes))
                throw new SeguroException(ErrorCode.Unconfirmed, $"{node} is not empty: is its disk lost?", "If this member is to begin anew all the same, add --yes: its node's data are moved aside, its log stays.");
            IReadOnlyList<DqliteServer> nodes = await ClusterListCommand.NodesAsync(configuration, cancel);
            // Seconds since 1970: above every number that people or `cluster add` count up to, and never given out before.
            ulong id = Math.Max((ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds(), nodes.Max(static other => other.Id) + 1);
            // Its folder may be a copy of the one that `cluster init` wrote.
            ClusterFormation.Forbid(configuration.Folder);
            string? aside = ClusterRecovery.MoveNodeAside(configuration.Folder);
            string file = Path.GetFullPath(parse.GetRequiredValue(AdminTarget.Configuration));
            ConfigurationEdit.Apply(file, new Dictionary<string, string> { [$"members:{name}:id"] = id.ToString(CultureInfo.InvariantCulture) });
            if (ConfigurationReader.Read(file, []).Self.Id != id)
                throw new SeguroException(ErrorCode.BadValue, $"members:{name}:id is not what {file} says: the environment goes before it", $"Take SEGURO_SET_MEMBERS__{name.ToUpperInvariant()}__ID away, or set it to {id}.");
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { member = name, id, replaces = nodes.FirstOrDefault(other => other.Address == configuration.Self.Dqlite.ToString())?.Id, aside });
            else
                terminal.Output.WriteLine($"{name} has the new dqlite number {id}.{(aside is null ? "" : $" The old node's data are in {aside}.")} Start it: the old node leaves the cluster, and the log comes from the others.\n  seguro run -c {file}");
            return 0;
        });

    private static async Task<bool> RunsAsync(NodeConfiguration configuration, CancellationToken cancel)
    {
        using AdminClient client = new(configuration.AdminSocket);
        try
        {
            await client.ReadStatusAsync(cancel);
            return true;
        }
        catch (SeguroException error) when (error.Code is ErrorCode.ManyShips)
        {
            return true; // it answers
        }
        catch (SeguroException)
        {
            return false; // nobody answers, as it should be
        }
    }
}

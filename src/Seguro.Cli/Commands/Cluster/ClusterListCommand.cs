using System.CommandLine;
using Seguro.Cli.Commands.Ships;
using Seguro.Cli.Output;
using Seguro.Identity;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Stores.Dqlite;
using Spectre.Console;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster list</c>: who belongs to the cluster, who asks to, and the database's nodes.</summary>
internal static class ClusterListCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create(Terminal terminal) =>
        new Command("list", "List the members of a running cluster, who asks to be let in, of which Seguro each is, and the nodes of their dqlite with numbers and roles; all ships of a node that holds many, where none is named.") { }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse);
                using AdminClient client = AdminTarget.Connect(parse);
                if (configuration.HoldsMany && parse.GetValue(AdminTarget.Ship) is null)
                {
                    ShipTable.Print(terminal, parse.GetValue(CommonOptions.Json), await client.ReadShipsAsync(cancel));
                    return 0;
                }
                StatusReport status = await client.ReadStatusAsync(cancel);
                IReadOnlyList<DqliteServer> nodes = configuration.IsEmbedded ? await NodesAsync(configuration, cancel) : [];
                List<Line> lines = [.. status.Members.Select(name => Line.Of(name, status, configuration, nodes))];
                DqliteServer[] others = [.. nodes.Where(node => lines.TrueForAll(line => line.Node?.Id != node.Id))];
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new
                    {
                        master = status.Master,
                        members = lines.Select(static line =>
                            new { name = line.Name, state = line.State, version = line.Version, links = line.Links, dqlite = line.Node is { } node ? Of(node) : null }),
                        asking = status.Asking,
                        otherNodes = others.Select(Of),
                    });
                    return 0;
                }
                Table table = new Table().Border(TableBorder.Simple).AddColumns("member", "state", "version", "links", "dqlite node");
                foreach (Line line in lines)
                    table.AddRow(
                        Markup.Escape(line.Name), line.State, Markup.Escape(line.Version ?? "not heard"), Markup.Escape(line.Links ?? "not in this configuration"),
                        Markup.Escape(line.Node is { } node ? Text(node) : configuration.IsEmbedded ? "none that this configuration knows" : ""));
                terminal.Out.Write(table);
                if (status.Asking.Count > 0)
                    terminal.Output.WriteLine($"Asking to be let in: {string.Join(", ", status.Asking)} (seguro cluster join NAME).");
                foreach (DqliteServer other in others)
                    terminal.Output.WriteLine($"Another {Text(other)}: of a member that this configuration does not name, or that has left; take it out with seguro cluster leave NAME --node {other.Id}.");
                return 0;
            });

    /// <summary>The nodes of the members' own dqlite.</summary>
    /// <exception cref="Seguro.Core.SeguroException">No leader answers.</exception>
    public static async Task<IReadOnlyList<DqliteServer>> NodesAsync(NodeConfiguration configuration, CancellationToken cancel)
    {
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        return await new DqliteMembership([.. configuration.Members.Select(static member => member.Dqlite!.Value)], certificates, Patience).ListAsync(cancel);
    }

    /// <summary>A node for people: number, address, role.</summary>
    public static string Text(DqliteServer node) => $"node {node.Id} at {node.Address}, {node.Role.ToString().ToLowerInvariant()}";

    private static object Of(DqliteServer node) => new { id = node.Id, address = node.Address, role = node.Role.ToString().ToLowerInvariant() };

    private sealed record Line(string Name, string State, string? Version, string? Links, DqliteServer? Node)
    {
        public static Line Of(string name, StatusReport status, NodeConfiguration configuration, IReadOnlyList<DqliteServer> nodes)
        {
            MemberAddresses? known = configuration.Members.FirstOrDefault(member => member.Name == name);
            ReplicaReport? replica = status.Replicas.FirstOrDefault(replica => replica.Name == name);
            string state = name == status.Master ? "master"
                : replica is not null ? replica.Stopped is not null ? "stopped" : replica.Healthy ? "replica" : "silent"
                : name == status.Name ? status.Role
                : status.Links.Contains(name) ? "linked" : "not heard";
            return new Line(
                name, state, name == status.Name ? status.Version : status.Versions.GetValueOrDefault(name), known?.Links.ToString(),
                // By its address, too: one that lost its disk has another number than the others' configurations say.
                known is { Id: > 0 } ? nodes.FirstOrDefault(node => node.Id == known.Id) ?? nodes.FirstOrDefault(node => node.Address == known.Dqlite.ToString()) : null);
        }
    }
}

using System.CommandLine;
using Seguro.Cli.Commands.Cluster;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands.Nodes;

/// <summary><c>seguro node init</c>: authority, certificates and configuration of a new cluster of nodes that hold many ships, none at first; a folder for each node.</summary>
internal static class NodeInitCommand
{
    private const int PortsOfNode = 2;
    private const int UsualUdp = 20_000;
    private const int ShipsBetween = 1_000; // where nodes share a machine, each has so many ports

    private static readonly Option<int> Nodes = new("--nodes") { Description = "How many nodes; three survive the loss of any one.", HelpName = "N", DefaultValueFactory = static _ => 3 };
    private static readonly Option<int?> BasePort = new("--base-port") { Description = "The first of each node's two TCP ports (links, dqlite); free ones where left out and all is on this machine, else 7500.", HelpName = "PORT" };
    private static readonly Option<int> Udp = new("--udp") { Description = "The first ship's UDP port on each node; every other ship has the port that is its number above. Nodes that share a machine have theirs 1,000 apart.", HelpName = "PORT", DefaultValueFactory = static _ => UsualUdp };

    private static readonly Option<string?> Balancer = new("--balancer") { Description = "Where the nodes reach the balancer, for the first ship; every other ship has the port that is its number above. None where left out: each node's own port for a ship is what its peers send to.", HelpName = "HOST:PORT" };

    public static Command Create(Terminal terminal) =>
        new Command("init", "Make certificates and configuration of a new cluster of nodes, with no ship yet, and say what to do next. Example: seguro node init fleet --nodes 3")
        {
            ClusterInitCommand.Folder, Nodes, ClusterInitCommand.Hosts, ClusterInitCommand.Names, BasePort, Udp, Balancer, ClusterInitCommand.Store, ClusterInitCommand.Cluster,
        }.Does(terminal, (parse, _) =>
        {
            string root = Path.GetFullPath(parse.GetRequiredValue(ClusterInitCommand.Folder));
            string[] names = ClusterInitCommand.NamesOf(parse, parse.GetRequiredValue(Nodes));
            string[] hosts = ClusterInitCommand.HostsOf(parse, names.Length);
            ClusterInitCommand.WarnOfSharedHosts(terminal, parse, hosts);
            string store = StoreOf(parse);
            bool embedded = store == NodeConfiguration.EmbeddedStore;
            int[] ports = PortsOf(parse, hosts);
            HostAddress[] udp = UdpOf(parse, hosts);
            ConfigurationWriter writer = new()
            {
                Cluster = parse.GetRequiredValue(ClusterInitCommand.Cluster),
                Ship = null,
                Kind = ShipKind.Nock,
                Fake = true,
                Kernel = NodeConfiguration.Import,
                Members = [.. names.Select((name, index) => new MemberAddresses(
                    name,
                    new HostAddress(hosts[index], ports[PortsOfNode * index]),
                    embedded ? new HostAddress(hosts[index], ports[(PortsOfNode * index) + 1]) : null,
                    embedded ? (ulong)index + 1 : 0))],
                Store = store,
                Optimism = Math.Min(1, names.Length - 1),
                Balancer = parse.GetValue(Balancer) is { } balancer ? NodeAddress.Parse(balancer) : null,
            };
            using (CertificateAuthority authority = CertificateAuthority.Create(root, writer.Cluster))
            {
                if (writer.Balancer is not null)
                    ClusterFolder.WriteKeys(root, names);
                for (int index = 0; index < names.Length; index++)
                {
                    string folder = Path.Combine(root, names[index]);
                    authority.Issue(Path.Combine(folder, "certificates"), new ClusterIdentity(writer.Cluster, names[index]), ClusterFolder.Reached(hosts[index]));
                    ClusterFolder.Write(Path.Combine(folder, ConfigurationReader.DefaultFile), writer.Write(names[index], udp[index]));
                    if (writer.Members[index].Id == 1)
                        ClusterFormation.Allow(Path.Combine(folder, "data"), DateTimeOffset.UtcNow);
                }
                authority.Issue(Path.Combine(root, ClusterFolder.Client), new ClusterIdentity(writer.Cluster, ConfigurationWriter.Client, IsClient: true), ["localhost"]);
            }
            Report(terminal, parse.GetValue(CommonOptions.Json), root, writer, udp);
            return Task.FromResult(0);
        });

    private static void Report(Terminal terminal, bool json, string root, ConfigurationWriter writer, HostAddress[] udp)
    {
        if (json)
        {
            terminal.Json(new
            {
                cluster = writer.Cluster,
                folder = root,
                balancer = writer.Balancer?.ToString(),
                nodes = writer.Members.Select((node, index) => new
                {
                    name = node.Name,
                    links = node.Links.ToString(),
                    dqlite = node.Dqlite?.ToString(),
                    udp = udp[index].ToString(),
                    configuration = Path.Combine(root, node.Name, ConfigurationReader.DefaultFile),
                }),
            });
            return;
        }
        bool local = writer.Members.All(static node => node.Links.IsLoopback);
        terminal.Output.WriteLine($"Cluster '{writer.Cluster}' of {writer.Members.Count} nodes, with no ship yet, is in {root}. Keep ca.key secret.");
        terminal.Output.WriteLine(local ? "Start the nodes, each in a terminal of its own:" : "Copy each node's folder to its machine, and start it there:");
        foreach (MemberAddresses node in writer.Members)
            terminal.Output.WriteLine($"  seguro run -c {(local ? Path.Combine(root, node.Name, ConfigurationReader.DefaultFile) : $"{node.Name}/{ConfigurationReader.DefaultFile}    # on {node.Links.Host}")}");
        string first = local ? Path.Combine(root, writer.Members[0].Name, ConfigurationReader.DefaultFile) : $"{writer.Members[0].Name}/{ConfigurationReader.DefaultFile}";
        if (writer.Balancer is { } balancer)
            terminal.Output.WriteLine($"Let datagrams in, ship by ship from a public port of your choice on:\n  seguro balancer --listen {(local ? ClusterFolder.Loopback : "0.0.0.0")}:PORT --inside {balancer} --ships {ShipsBetween} --key-file {(local ? Path.Combine(root, ClusterFolder.RingFile) : ClusterFolder.RingFile)}");
        terminal.Output.WriteLine($"Add ships while they run, at any of them, and see how they stand:\n  seguro ship add ~zod --kernel demo -c {first}\n  seguro ship list -c {first}");
    }

    private static string StoreOf(ParseResult parse)
    {
        string store = parse.GetRequiredValue(ClusterInitCommand.Store);
        if (store == NodeConfiguration.EmbeddedStore)
            return store;
        StoreUrl url = StoreUrl.Parse(store);
        return url.Engine == "lmdb" ? throw new SeguroException(ErrorCode.BadValue, $"--store {url}: a pier holds one ship's log", "Use another store, such as dqlite.") : url.Text;
    }

    private static int[] PortsOf(ParseResult parse, string[] hosts)
    {
        int count = PortsOfNode * hosts.Length;
        if (parse.GetValue(BasePort) is null && hosts.All(static host => host == ClusterFolder.Loopback))
            return FreePorts.Take(count);
        int from = parse.GetValue(BasePort) ?? ClusterFolder.UsualPort;
        if (from < 1 || from + count > ushort.MaxValue)
            throw new SeguroException(ErrorCode.BadValue, $"--base-port {from}", "Use 1024 to 65000.");
        // Nodes on machines of their own have the same ports everywhere.
        bool apart = AreApart(hosts);
        return [.. Enumerable.Range(0, count).Select(index => from + (apart ? index % PortsOfNode : index))];
    }

    private static HostAddress[] UdpOf(ParseResult parse, string[] hosts)
    {
        int from = parse.GetRequiredValue(Udp);
        if (from < 1 || from + (ShipsBetween * hosts.Length) > ushort.MaxValue)
            throw new SeguroException(ErrorCode.BadValue, $"--udp {from}", $"Use a port that has {ShipsBetween} above it for each node, such as {UsualUdp}.");
        bool apart = AreApart(hosts);
        return [.. hosts.Select((host, index) => new HostAddress(host, from + (apart ? 0 : ShipsBetween * index)))];
    }

    private static bool AreApart(string[] hosts) => hosts.Distinct(StringComparer.OrdinalIgnoreCase).Count() == hosts.Length;
}

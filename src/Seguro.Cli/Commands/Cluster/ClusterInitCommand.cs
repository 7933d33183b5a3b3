using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Node.Startup;
using Seguro.Nouns;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster init</c>: authority, certificates, keys and configuration of a new cluster, a folder for each member.</summary>
internal static class ClusterInitCommand
{
    private const int PortsOfMember = 3;

    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where to write; made where it is missing." };
    private static readonly Option<int> Members = new("--members") { Description = "How many members; three survive the loss of any one.", HelpName = "N", DefaultValueFactory = static _ => 3 };
    private static readonly Option<string> Ship = new("--ship") { Description = "The ship.", HelpName = "~SHIP", Required = true };
    private static readonly Option<string> Kind = new("--kind") { Description = "nock: a kernel on Seguro's Nock machine; opaque: no computation.", HelpName = "nock|opaque", DefaultValueFactory = static _ => "nock" };
    private static readonly Option<bool> Real = new("--real") { Description = "The ship has keys of the real network; its log is imported." };
    private static readonly Option<bool> Import = new("--import") { Description = "Wait for the ship's log to be imported; so it is where --kernel is not given." };
    private static readonly Option<string?> Kernel = new("--kernel") { Description = "demo: begin the log of a new ship with the demo kernel, to try a cluster with.", HelpName = "demo" };
    private static readonly Option<string?> Hosts = new("--hosts") { Description = "The members' machines, with commas between; this machine where left out.", HelpName = "A,B,C" };
    private static readonly Option<string?> Names = new("--names") { Description = "The members' names, with commas between; m1, m2, … where left out.", HelpName = "A,B,C" };
    private static readonly Option<int?> BasePort = new("--base-port") { Description = "The first of each member's three ports (links, dqlite, UDP); free ones where left out and all is on this machine, else 7500.", HelpName = "PORT" };
    private static readonly Option<string> Store = new("--store") { Description = "dqlite: run by the members; or a store's URL.", HelpName = "URL", DefaultValueFactory = static _ => NodeConfiguration.EmbeddedStore };
    private static readonly Option<string?> Balancer = new("--balancer") { Description = "Where the members reach the balancer; by default on the first member's machine.", HelpName = "HOST:PORT" };
    private static readonly Option<string> Cluster = new("--cluster") { Description = "The cluster's name.", HelpName = "NAME", DefaultValueFactory = static _ => "seguro" };

    public static Command Create(Terminal terminal) =>
        new Command("init", "Make certificates, keys and configuration of a new cluster, and say what to do next. Example: seguro cluster init zod --members 3 --ship ~zod --kernel demo")
        {
            Folder, Members, Ship, Kind, Real, Import, Kernel, Hosts, Names, BasePort, Store, Balancer, Cluster,
        }.Does(terminal, async (parse, cancel) =>
        {
            string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
            string[] names = NamesOf(parse);
            string[] hosts = HostsOf(parse, names.Length);
            string store = parse.GetRequiredValue(Store);
            bool embedded = store == NodeConfiguration.EmbeddedStore;
            if (!embedded)
                store = await CheckStoreAsync(StoreUrl.Parse(store), cancel);
            int[] ports = PortsOf(parse, hosts);
            MemberAddresses[] members = [.. names.Select((name, index) => new MemberAddresses(
                name,
                new HostAddress(hosts[index], ports[PortsOfMember * index]),
                embedded ? new HostAddress(hosts[index], ports[(PortsOfMember * index) + 1]) : null,
                embedded ? (ulong)index + 1 : 0))];
            ShipKind kind = parse.GetRequiredValue(Kind) switch
            {
                "nock" => ShipKind.Nock,
                "opaque" => ShipKind.Opaque,
                string other => throw new SeguroException(ErrorCode.BadValue, $"--kind {other}", "Use nock or opaque."),
            };
            bool demo = IsDemo(parse);
            HostAddress balancer = parse.GetValue(Balancer) is { } given ? NodeAddress.Parse(given) : new HostAddress(hosts[0], ports[^1]);
            ConfigurationWriter writer = new()
            {
                Cluster = parse.GetRequiredValue(Cluster),
                Ship = ShipName.ReadKey(parse.GetRequiredValue(Ship)),
                Kind = kind,
                Fake = !parse.GetValue(Real),
                Kernel = demo ? NodeConfiguration.Demo : NodeConfiguration.Import,
                Members = members,
                Store = store,
                Optimism = Math.Min(1, members.Length - 1),
                Balancer = balancer,
            };
            using (CertificateAuthority authority = CertificateAuthority.Create(root, writer.Cluster))
            {
                KeyRing keys = new([.. members.Select(static member => new KeyRingEntry(member.Name, MemberKey.Create(), null))]);
                ClusterFolder.Write(Path.Combine(root, ClusterFolder.RingFile), keys.ToSecretText());
                for (int index = 0; index < members.Length; index++)
                {
                    string folder = Path.Combine(root, members[index].Name);
                    authority.Issue(Path.Combine(folder, "certificates"), new ClusterIdentity(writer.Cluster, members[index].Name), ClusterFolder.Reached(hosts[index]));
                    ClusterFolder.Write(Path.Combine(folder, ClusterFolder.KeyFile), keys.Entries[index].Key.ToSecretText() + "\n");
                    ClusterFolder.Write(Path.Combine(folder, ConfigurationReader.DefaultFile), writer.Write(members[index].Name, new HostAddress(hosts[index], ports[(PortsOfMember * index) + 2])));
                    if (members[index].Id == 1)
                        ClusterFolder.Write(Path.Combine(folder, "data", EmbeddedDqlite.FormFile), "");
                }
                authority.Issue(Path.Combine(root, ClusterFolder.Client), new ClusterIdentity(writer.Cluster, ConfigurationWriter.Client, IsClient: true), ["localhost"]);
            }
            Report(terminal, parse.GetValue(CommonOptions.Json), root, writer, balancer);
            return 0;
        });

    /// <summary>A pier that is to be the store and is there already is looked at before anything is made; other databases are asked by the members, from where they are.</summary>
    private static async ValueTask<string> CheckStoreAsync(StoreUrl url, CancellationToken cancel)
    {
        if (url.Engine != "lmdb" || !Directory.Exists(Path.Combine(url.Rest, ".urb")))
            return url.Text;
        await using IStore store = await StoreConnection.OpenAsync(url, new StoreOptions { ReadOnly = true }, cancel);
        foreach (Ship ship in await store.ListLogsAsync(cancel))
        {
            if (await store.OpenLogAsync(ship, cancel) is not { } log)
                continue;
            await using (log)
                await log.ReadStateAsync(cancel); // every event that a vere wrote by itself
        }
        return url.Text;
    }

    private static void Report(Terminal terminal, bool json, string root, ConfigurationWriter writer, HostAddress balancer)
    {
        string url = writer.Store == NodeConfiguration.EmbeddedStore ? "dqlite://" + string.Join(',', writer.Members.Select(static member => member.Dqlite!.Value.ToString())) : StoreUrl.Parse(writer.Store).ToString();
        if (json)
        {
            terminal.Json(new
            {
                cluster = writer.Cluster,
                folder = root,
                ship = writer.Ship.Name,
                store = url,
                balancer = balancer.ToString(),
                members = writer.Members.Select(member => new { name = member.Name, links = member.Links.ToString(), dqlite = member.Dqlite?.ToString(), configuration = Path.Combine(root, member.Name, ConfigurationReader.DefaultFile) }),
            });
            return;
        }
        terminal.Output.WriteLine($"Cluster '{writer.Cluster}' of {writer.Members.Count} members for {writer.Ship} is in {root}. Keep ca.key and balancer.keys secret.");
        bool local = writer.Members.All(static member => member.Links.IsLoopback);
        terminal.Output.WriteLine(local ? "Start the members, each in a terminal of its own:" : "Copy each member's folder to its machine, and start it there:");
        foreach (MemberAddresses member in writer.Members)
            terminal.Output.WriteLine($"  seguro run -c {(local ? Path.Combine(root, member.Name, ConfigurationReader.DefaultFile) : $"{member.Name}/{ConfigurationReader.DefaultFile}    # on {member.Links.Host}")}");
        string first = local ? Path.Combine(root, writer.Members[0].Name, ConfigurationReader.DefaultFile) : $"{writer.Members[0].Name}/{ConfigurationReader.DefaultFile}";
        terminal.Output.WriteLine($"See how they stand:\n  seguro status --watch -c {first}");
        terminal.Output.WriteLine($"Let datagrams in, at a public port of your choice:\n  seguro balancer --listen {(local ? ClusterFolder.Loopback : "0.0.0.0")}:PORT --inside {balancer} --key-file {(local ? Path.Combine(root, ClusterFolder.RingFile) : ClusterFolder.RingFile)}");
        if (writer.Kind is ShipKind.Nock && writer.Kernel != NodeConfiguration.Demo)
            terminal.Output.WriteLine($"The members wait for the ship's log. Bring it in, from its stopped pier, when they run:\n  seguro pier import PIER --store {url}{(writer.Store == NodeConfiguration.EmbeddedStore ? $" --certificates {Path.Combine(root, ClusterFolder.Client)}" : "")}");
    }

    private static string[] NamesOf(ParseResult parse)
    {
        int count = parse.GetRequiredValue(Members);
        string[] names = parse.GetValue(Names) is { } given ? given.Split(',', StringSplitOptions.TrimEntries) : [.. Enumerable.Range(1, Math.Clamp(count, 1, Optimism.MostMembers)).Select(static number => $"m{number}")];
        if (parse.GetValue(Names) is null && count != names.Length)
            throw new SeguroException(ErrorCode.BadValue, $"{count} members", $"A cluster has 1 to {Optimism.MostMembers}.");
        if (names.Length > Optimism.MostMembers || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            throw new SeguroException(ErrorCode.BadValue, "the names are too many, or one stands twice", $"Give 1 to {Optimism.MostMembers} different names.");
        return [.. names.Select(MemberName.Check)];
    }

    private static string[] HostsOf(ParseResult parse, int count)
    {
        if (parse.GetValue(Hosts) is not { } given)
            return [.. Enumerable.Repeat(ClusterFolder.Loopback, count)];
        string[] hosts = [.. given.Split(',').Select(static host => HostOf(host.Trim()))];
        return hosts.Length == count ? hosts : throw new SeguroException(ErrorCode.BadValue, $"{hosts.Length} hosts for {count} members", "Name one for each member, in order.");
    }

    /// <summary>Checked before anything is written: others must reach it, and it goes into certificates.</summary>
    private static string HostOf(string text)
    {
        string host = text is ['[', .., ']'] ? text[1..^1] : text;
        bool isIp = IPAddress.TryParse(host, out IPAddress? ip);
        if (!HostAddress.TryParse(isIp && ip!.AddressFamily is AddressFamily.InterNetworkV6 ? $"[{host}]:1" : $"{host}:1", out _))
            throw new SeguroException(ErrorCode.BadValue, $"'{text}' is no host", "Write names or addresses with commas between, such as --hosts 10.0.0.1,10.0.0.2,10.0.0.3.");
        if (isIp && (ip!.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
            throw new SeguroException(ErrorCode.BadValue, $"{host} is every address, and none that the other members could reach", "Write the address that they use; where to listen is the key member:listen.");
        return host;
    }

    private static bool IsDemo(ParseResult parse) => (parse.GetValue(Kernel), parse.GetValue(Import), parse.GetValue(Real)) switch
    {
        (null, _, _) => false,
        (NodeConfiguration.Demo, true, _) => throw new SeguroException(ErrorCode.BadValue, "--import and --kernel demo: the log comes from elsewhere, or it is begun here", "Leave one of them out."),
        (NodeConfiguration.Demo, _, true) => throw new SeguroException(ErrorCode.BadValue, "--kernel demo with --real: the demo kernel has no keys of the real network", "Leave --kernel out and import the ship's log; or leave --real out."),
        (NodeConfiguration.Demo, _, _) => true,
        (string other, _, _) => throw new SeguroException(
            ErrorCode.BadValue, $"--kernel {other}", "Write --kernel demo; or leave it out, and begin the log from a pill with `seguro ship boot PILL --fake ~SHIP --store URL`."),
    };

    // Three for each member, then the balancer's.
    private static int[] PortsOf(ParseResult parse, string[] hosts)
    {
        int count = (PortsOfMember * hosts.Length) + 1;
        if (parse.GetValue(BasePort) is null && hosts.All(static host => host == ClusterFolder.Loopback))
            return FreePorts.Take(count);
        int from = parse.GetValue(BasePort) ?? ClusterFolder.UsualPort;
        if (from < 1 || from + count + 100 > 65535)
            throw new SeguroException(ErrorCode.BadValue, $"--base-port {from}", "Use 1024 to 65000.");
        // Members on machines of their own have the same ports everywhere.
        bool apart = hosts.Distinct(StringComparer.Ordinal).Count() == hosts.Length;
        return [.. Enumerable.Range(0, count - 1).Select(index => from + (apart ? index % PortsOfMember : index)), from + (apart ? PortsOfMember : count - 1)];
    }
}

using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
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

    internal static readonly Argument<string> Folder = new("FOLDER") { Description = "Where to write; made where it is missing." };
    private static readonly Option<int> Members = new("--members") { Description = "How many members; three survive the loss of any one.", HelpName = "N", DefaultValueFactory = static _ => 3 };
    private static readonly Option<string?> Ship = new("--ship") { Description = "The ship; that of the pier where --import names one.", HelpName = "~SHIP" };
    private static readonly Option<string> Kind = new("--kind") { Description = "nock: a kernel on Seguro's Nock machine; vere: a stock vere; opaque: no computation.", HelpName = "nock|vere|opaque", DefaultValueFactory = static _ => "nock" };
    private static readonly Option<bool> Real = new("--real") { Description = "The ship has keys of the real network; its log is imported." };
    private static readonly Option<bool> Fake = new("--fake") { Description = "The ship is a fake one; so it is where neither --real nor a pier says otherwise." };
    private static readonly Option<string?> Import = new("--import") { Description = "The stopped ship's pier: it is copied into each member's folder, and the first member puts its log into the store. Without a pier, and where --kernel is not given: the members wait for the log.", HelpName = "PIER", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> Instead = new("--instead") { Description = "The pier was imported elsewhere, or given to another cluster, which you give up: no cluster computes the ship from there, now or later." };
    private static readonly Option<string?> VereBinary = new("--vere-binary") { Description = "The vere on each member's machine, a path or a name in PATH; urbit where left out.", HelpName = "PATH" };
    private static readonly Option<string?> VereArguments = new("--vere-arguments") { Description = "What vere is given, such as \"-p 31337 --http-port 8080\": fixed ports, the same on every member. Chosen where left out.", HelpName = "WORDS" };
    private static readonly Option<string?> Kernel = new("--kernel") { Description = "demo: begin the log of a new ship with the demo kernel, to try a cluster with.", HelpName = "demo" };
    internal static readonly Option<string?> Hosts = new("--hosts") { Description = "Their machines, with commas between; this machine where left out.", HelpName = "A,B,C" };
    internal static readonly Option<string?> Names = new("--names") { Description = "Their names, with commas between; m1, m2, … where left out.", HelpName = "A,B,C" };
    private static readonly Option<int?> BasePort = new("--base-port") { Description = "The first of each member's three ports (links, dqlite, UDP); free ones where left out and all is on this machine, else 7500.", HelpName = "PORT" };
    internal static readonly Option<string> Store = new("--store") { Description = "dqlite: run beside them; or a store's URL.", HelpName = "URL", DefaultValueFactory = static _ => NodeConfiguration.EmbeddedStore };
    private static readonly Option<string?> Balancer = new("--balancer") { Description = "Where the members reach the balancer; by default on the first member's machine, and none for a ship on vere.", HelpName = "HOST:PORT" };
    internal static readonly Option<string> Cluster = new("--cluster") { Description = "The cluster's name.", HelpName = "NAME", DefaultValueFactory = static _ => "seguro" };

    public static Command Create(Terminal terminal) =>
        new Command("init", "Make certificates, keys and configuration of a new cluster, and say what to do next. Example: seguro cluster init zod --members 3 --ship ~zod --kernel demo")
        {
            Folder, Members, Ship, Kind, Real, Fake, Import, Instead, Kernel, VereBinary, VereArguments, Hosts, Names, BasePort, Store, Balancer, Cluster,
        }.Does(terminal, async (parse, cancel) =>
        {
            string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
            string[] names = NamesOf(parse, parse.GetRequiredValue(Members));
            string[] hosts = HostsOf(parse, names.Length);
            WarnOfSharedHosts(terminal, parse, hosts);
            string store = parse.GetRequiredValue(Store);
            bool embedded = store == NodeConfiguration.EmbeddedStore;
            if (!embedded)
                store = await CheckStoreAsync(StoreUrl.Parse(store), cancel);
            ShipKind kind = KindOf(parse);
            GivenPier? pier = parse.GetValue(Import) is { } path ? GivenPier.Open(path, embedded || StoreUrl.Parse(store).Kind.HasWindow, parse.GetValue(Instead)) : null;
            int[] ports = PortsOf(parse, hosts);
            MemberAddresses[] members = [.. names.Select((name, index) => new MemberAddresses(
                name,
                new HostAddress(hosts[index], ports[PortsOfMember * index]),
                embedded ? new HostAddress(hosts[index], ports[(PortsOfMember * index) + 1]) : null,
                embedded ? (ulong)index + 1 : 0))];
            bool demo = IsDemo(parse);
            // A vere has a port of its own.
            HostAddress? balancer = parse.GetValue(Balancer) is { } given ? NodeAddress.Parse(given) : kind is ShipKind.Vere ? null : new HostAddress(hosts[0], ports[^2]);
            ConfigurationWriter writer = new()
            {
                Cluster = parse.GetRequiredValue(Cluster),
                Ship = ShipOf(parse, pier),
                Kind = kind,
                Fake = IsFake(parse, kind, pier),
                Kernel = demo ? NodeConfiguration.Demo : pier is null ? NodeConfiguration.Import : NodeConfiguration.Pier,
                VereBinary = kind is ShipKind.Vere ? BinaryOf(parse.GetValue(VereBinary) ?? "urbit") : null,
                VereArguments = kind is ShipKind.Vere ? parse.GetValue(VereArguments) ?? PortsOfVere(hosts, ports) : "",
                Members = members,
                Store = store,
                Optimism = Math.Min(1, members.Length - 1),
                Balancer = balancer,
            };
            if (balancer is { IsLoopback: false } && parse.GetValue(Balancer) is null && members.Length > 1)
                terminal.Warn($"The balancer is to run at {balancer}, on the machine of {names[0]}: whoever loses that machine loses the ship's door, too. Name a machine of its own: --balancer HOST:PORT.");
            using (CertificateAuthority authority = CertificateAuthority.Create(root, writer.Cluster))
            {
                ClusterFolder.WriteKeys(root, [.. members.Select(static member => member.Name)]);
                for (int index = 0; index < members.Length; index++)
                {
                    string folder = Path.Combine(root, members[index].Name);
                    authority.Issue(Path.Combine(folder, "certificates"), new ClusterIdentity(writer.Cluster, members[index].Name), ClusterFolder.Reached(hosts[index]));
                    HostAddress? udp = balancer is null ? null : new HostAddress(hosts[index], ports[(PortsOfMember * index) + 2]);
                    ClusterFolder.Write(Path.Combine(folder, ConfigurationReader.DefaultFile), writer.Write(members[index].Name, udp));
                    // To each member: one without a snapshot of vere's would have to compute the ship from its first event on.
                    pier?.CopyTo(folder, cancel);
                    if (members[index].Id == 1)
                        ClusterFormation.Allow(Path.Combine(folder, "data"), DateTimeOffset.UtcNow);
                }
                authority.Issue(Path.Combine(root, ClusterFolder.Client), new ClusterIdentity(writer.Cluster, ConfigurationWriter.Client, IsClient: true), ["localhost"]);
            }
            pier?.Mark(root);
            Report(terminal, parse.GetValue(CommonOptions.Json), root, writer, pier);
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

    private static void Report(Terminal terminal, bool json, string root, ConfigurationWriter writer, GivenPier? pier)
    {
        string url = writer.Store == NodeConfiguration.EmbeddedStore
            ? "dqlite://" + string.Join(',', writer.Members.Select(static member => member.Dqlite!.Value.ToString()))
            : StoreUrl.Parse(writer.Store).ToString();
        if (json)
        {
            terminal.Json(new
            {
                cluster = writer.Cluster,
                folder = root,
                ship = writer.Ship!.Value.Name,
                store = url,
                balancer = writer.Balancer?.ToString(),
                pier = pier?.Path,
                vere = writer.VereBinary is null ? null : new { binary = writer.VereBinary, arguments = writer.VereArguments },
                members = writer.Members.Select(member => new
                {
                    name = member.Name,
                    links = member.Links.ToString(),
                    dqlite = member.Dqlite?.ToString(),
                    configuration = Path.Combine(root, member.Name, ConfigurationReader.DefaultFile),
                }),
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
        if (writer.Balancer is { } door && writer.Kind is ShipKind.Vere)
            terminal.Output.WriteLine($"Carry HTTP to the master's ship (and, with --route --listen IP:PORT, what its peers send):\n  seguro balancer --http {(local ? ClusterFolder.Loopback : "0.0.0.0")}:PORT --inside {door} --key-file {(local ? Path.Combine(root, ClusterFolder.RingFile) : ClusterFolder.RingFile)}");
        else if (writer.Balancer is { } balancer)
            terminal.Output.WriteLine($"Let datagrams in, at a public port of your choice:\n  seguro balancer --listen {(local ? ClusterFolder.Loopback : "0.0.0.0")}:PORT --inside {balancer} --key-file {(local ? Path.Combine(root, ClusterFolder.RingFile) : ClusterFolder.RingFile)}");
        if (writer.VereBinary is { } binary)
            terminal.Output.WriteLine($"The master starts {binary} {writer.VereArguments}; what it prints is in data/vere.log of its folder.");
        if (pier is not null)
            terminal.Output.WriteLine($"{pier.Path} was copied to each member; {writer.Members[0].Name} puts its log into the store. Never start the ship from {pier.Path} again: two copies of a ship end in a breach. To go back: docs/vere.md.");
        if (writer.Kernel == NodeConfiguration.Import && writer.Kind is not ShipKind.Opaque)
            terminal.Output.WriteLine($"The members wait for the ship's log. Bring it in, from its stopped pier, when they run:\n  seguro pier import PIER --store {url}{(writer.Store == NodeConfiguration.EmbeddedStore ? $" --certificates {Path.Combine(root, ClusterFolder.Client)}" : "")}");
    }

    private static ShipKind KindOf(ParseResult parse)
    {
        ShipKind kind = parse.GetRequiredValue(Kind) switch
        {
            "nock" => ShipKind.Nock,
            "vere" => ShipKind.Vere,
            "opaque" => ShipKind.Opaque,
            string other => throw new SeguroException(ErrorCode.BadValue, $"--kind {other}", "Use nock, vere or opaque."),
        };
        if (kind is not ShipKind.Vere && (parse.GetValue(VereBinary) ?? parse.GetValue(VereArguments)) is not null)
            throw new SeguroException(ErrorCode.BadValue, "--vere-binary or --vere-arguments, and the ship does not run on a vere", "Add --kind vere, or leave them out.");
        if (kind is ShipKind.Vere && parse.GetValue(Kernel) is not null)
            throw new SeguroException(ErrorCode.BadValue, "--kernel with --kind vere: the demo kernel is none of vere's", "Leave --kernel out, and give the ship's pier: --import PIER.");
        if (kind is ShipKind.Vere && parse.GetValue(VereArguments) is { } words && words.Contains("--serf-bin", StringComparison.Ordinal))
            throw new SeguroException(ErrorCode.BadValue, "--vere-arguments has --serf-bin, which is Seguro's own to give", "Leave it out.");
        return kind;
    }

    private static Ship ShipOf(ParseResult parse, GivenPier? pier)
    {
        Ship? named = parse.GetValue(Ship) is { } text ? ShipName.ReadKey(text) : null;
        if (pier is not null && named is { } other && other != pier.Ship)
            throw new SeguroException(ErrorCode.ForeignShip, $"the pier {pier.Path} is that of {pier.Ship}, and --ship says {other}", "Leave --ship out, or name the ship's own pier.");
        return pier?.Ship ?? named ?? throw new SeguroException(ErrorCode.BadValue, "no ship is named", "Name it (--ship ~zod), or give its pier (--import PIER).");
    }

    private static bool IsFake(ParseResult parse, ShipKind kind, GivenPier? pier)
    {
        bool isReal = parse.GetValue(Real);
        bool isFake = parse.GetValue(Fake);
        if (isReal && isFake)
            throw new SeguroException(ErrorCode.BadValue, "--real and --fake", "Leave one of them out.");
        if (pier is not null && (pier.Info.Identity.IsFake ? isReal : isFake))
            throw new SeguroException(ErrorCode.ForeignShip, $"the pier {pier.Path} is that of a {(pier.Info.Identity.IsFake ? "fake" : "real")} ship", "Leave --real and --fake out: the pier says it.");
        if (pier is null && kind is ShipKind.Vere && !isReal && !isFake)
            throw new SeguroException(ErrorCode.BadValue, "--kind vere, and whether the ship is a real one is not said", "Give its pier (--import PIER), or say --real or --fake.");
        return pier?.Info.Identity.IsFake ?? !isReal;
    }

    /// <summary>A path is the same wherever the members are started.</summary>
    private static string BinaryOf(string name) => name.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(name) : name;

    /// <summary>The ship's own ports, none of a member's: one for its peers (the balancer's, which takes none for a ship that has its own), and one for HTTP.</summary>
    private static string PortsOfVere(string[] hosts, int[] ports) =>
        string.Create(CultureInfo.InvariantCulture, $"-p {ports[^2]} --http-port {(hosts.Distinct(StringComparer.Ordinal).Count() == hosts.Length && hosts.Length > 1 ? 8080 : ports[^1])}");

    internal static string[] NamesOf(ParseResult parse, int count)
    {
        string[] names = parse.GetValue(Names) is { } given
            ? given.Split(',', StringSplitOptions.TrimEntries)
            : [.. Enumerable.Range(1, Math.Clamp(count, 1, Optimism.MostMembers)).Select(static number => $"m{number}")];
        if (parse.GetValue(Names) is null && count != names.Length)
            throw new SeguroException(ErrorCode.BadValue, $"{count} members", $"A cluster has 1 to {Optimism.MostMembers}.");
        if (names.Length > Optimism.MostMembers || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            throw new SeguroException(ErrorCode.BadValue, "the names are too many, or one stands twice", $"Give 1 to {Optimism.MostMembers} different names.");
        return [.. names.Select(MemberName.Check)];
    }

    internal static string[] HostsOf(ParseResult parse, int count)
    {
        if (parse.GetValue(Hosts) is not { } given)
            return [.. Enumerable.Repeat(ClusterFolder.Loopback, count)];
        string[] hosts = [.. given.Split(',').Select(static host => HostOf(host.Trim()))];
        return hosts.Length == count ? hosts : throw new SeguroException(ErrorCode.BadValue, $"{hosts.Length} hosts for {count} members", "Name one for each member, in order.");
    }

    /// <summary>Members on one machine are lost with it.</summary>
    internal static void WarnOfSharedHosts(Terminal terminal, ParseResult parse, string[] hosts)
    {
        if (parse.GetValue(Hosts) is null)
            return;
        foreach (IGrouping<string, string> shared in hosts.GroupBy(static host => host, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1))
        {
            int left = hosts.Length - shared.Count();
            terminal.Warn($"{shared.Key} is the machine of {shared.Count()} of {hosts.Length} members: {(left * 2 > hosts.Length ? "they are lost together." : "without it the cluster stands still.")} Name a machine of its own for each.");
        }
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

    private static bool IsDemo(ParseResult parse) => (parse.GetValue(Kernel), parse.GetResult(Import) is not null, parse.GetValue(Real)) switch
    {
        (null, _, _) => false,
        (NodeConfiguration.Demo, true, _) => throw new SeguroException(ErrorCode.BadValue, "--import and --kernel demo: the log comes from elsewhere, or it is begun here", "Leave one of them out."),
        (NodeConfiguration.Demo, _, true) => throw new SeguroException(ErrorCode.BadValue, "--kernel demo with --real: the demo kernel has no keys of the real network", "Leave --kernel out and import the ship's log; or leave --real out."),
        (NodeConfiguration.Demo, _, _) => true,
        (string other, _, _) => throw new SeguroException(
            ErrorCode.BadValue, $"--kernel {other}", "Write --kernel demo; or leave it out, and begin the log from a pill with `seguro ship boot PILL --fake ~SHIP --store URL`."),
    };

    // Three for each member, then the balancer's or the ship's, and the ship's HTTP.
    private static int[] PortsOf(ParseResult parse, string[] hosts)
    {
        int count = (PortsOfMember * hosts.Length) + 2;
        if (parse.GetValue(BasePort) is null && hosts.All(static host => host == ClusterFolder.Loopback))
            return FreePorts.Take(count);
        int from = parse.GetValue(BasePort) ?? ClusterFolder.UsualPort;
        if (from < 1 || from + count + 100 > 65535)
            throw new SeguroException(ErrorCode.BadValue, $"--base-port {from}", "Use 1024 to 65000.");
        // Members on machines of their own have the same ports everywhere.
        bool apart = hosts.Distinct(StringComparer.Ordinal).Count() == hosts.Length;
        int next = apart ? PortsOfMember : count - 2;
        return [.. Enumerable.Range(0, count - 2).Select(index => from + (apart ? index % PortsOfMember : index)), from + next, from + next + 1];
    }
}

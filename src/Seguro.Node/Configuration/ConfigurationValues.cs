using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Identity;
using Seguro.Nock;
using Seguro.Node.Admin;
using Seguro.Node.Effects;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Nouns;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Configuration;

/// <summary>Turns the texts of a configuration into checked values; each failure names its key and where the value stands.</summary>
sealed class ConfigurationValues(IConfigurationRoot root, string file, Func<IConfigurationProvider, string> sourceOf)
{
    private readonly List<EffectiveSetting> _effective = [];

    public NodeConfiguration Read()
    {
        string name = Required("member:name", static text => MemberName.IsValid(text) ? text : null, $"1 to {MemberName.Longest} of a-z, 0-9 and '-'");
        string store = Required("store", static text => text == NodeConfiguration.EmbeddedStore ? text : StoreUrl.Parse(text).Text, "dqlite or a store's URL");
        bool embedded = store == NodeConfiguration.EmbeddedStore;
        MemberAddresses[] members = [.. Members(embedded)];
        MemberAddresses self = members.FirstOrDefault(member => member.Name == name)
            ?? throw Bad("member:name", $"'{name}' is not among the members", $"Add members:{name}:links, or use the name of {Names(members)}.");
        bool many = OneOf("ships", ("one", false), ("many", true));
        if (many)
            RefuseOfOneShip(store);
        ShipKind kind = many ? ShipKind.Nock : OneOf("ship:kind", ("nock", ShipKind.Nock), ("vere", ShipKind.Vere), ("opaque", ShipKind.Opaque));
        string? binary = Binary(kind);
        int replicas = Number("optimism", 0, Optimism.MostMembers - 1);
        if (replicas >= members.Length)
            throw Bad("optimism", $"{replicas}, and {members.Length} {(members.Length == 1 ? "member has" : "members have")} {members.Length - 1} replicas", $"Write optimism 0{(members.Length > 1 ? $" to {members.Length - 1}" : "")}, or name more members.");
        string folder = Folder("member:folder");
        HostAddress? balancer = Address("balancer:address");
        HostAddress? udp = Address("member:udp");
        HostAddress? https = Address("admin:https");
        string? key = OptionalPath("balancer:key");
        string? token = OptionalPath("admin:token");
        if (balancer is null != key is null || (balancer is not null && udp is null))
            throw Bad("balancer:address", "a balancer needs an address, a key, and a UDP address of the member", "Give balancer:address, balancer:key and member:udp; or member:udp alone, for a ship without a balancer.");
        if (https is not null && token is null)
            throw new SeguroException(ErrorCode.InsecureTransport, "the admin API would be open to everybody (admin:https without admin:token)", "Put a long random text into a file and name it in admin:token.");
        string[] harbors = Text("harbor:targets") is null ? [] : Required("harbor:targets", static text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries), "targets with spaces between");
        string? harborKey = OptionalPath("harbor:key");
        if (harbors.Length > 0 && harborKey is null)
            throw Bad("harbor:targets", "harbors need the host's key", "Make one with `seguro harbor key new`, and name NAME.harbor in harbor:key.");
        string socket = Path.GetFullPath(Required("admin:socket", text => text, "a path"), folder);
        if (Encoding.UTF8.GetByteCount(socket) > AdminServer.LongestSocket)
            throw Bad("admin:socket", $"{socket} has more than {AdminServer.LongestSocket} bytes, which a Unix socket's path may have", "Give a shorter absolute path, such as /run/seguro/zod.sock.");
        bool fake = many || OneOf("ship:fake", ("true", true), ("false", false));
        bool allowUnsafe = OneOf("allowUnsafeSettings", ("true", true), ("false", false));
        if (members.Length > 1 && IsOfOneMachine(store) && !allowUnsafe)
        {
            throw new SeguroException(
                ErrorCode.UnsafeSettings, $"store ({SourceOf("store")}): {StoreUrl.Parse(store).Engine} is a database of one machine, and the cluster has {members.Length} members: on machines of their own each would have its own ship",
                "Use dqlite, a postgresql:// or an etcd:// URL; or one member; or, where all members share one file on one machine, say so: allowUnsafeSettings.");
        }
        string cluster = Required("cluster", static text => text.Length <= ClusterIdentity.LongestCluster ? text : null, $"at most {ClusterIdentity.LongestCluster} characters");
        return new NodeConfiguration
        {
            File = file,
            Cluster = cluster,
            Clients = Required("clients", Clients, "names with commas between, each 1 to 32 of a-z, 0-9 and '-'"),
            Database = Text("database") is null ? cluster : Required("database", static text => text.Length <= ClusterIdentity.LongestCluster ? text : null, $"at most {ClusterIdentity.LongestCluster} characters"),
            HoldsMany = many,
            Ship = many ? default : Required("ship:name", static text => Ship.TryParse(text, out Ship ship) && ShipName.TryParse(ship.Name, out UInt128 who) ? ShipName.ToShip(who) : (Ship?)null, "a ship's name, such as ~zod"),
            ShipKind = kind,
            Kernel = many ? NodeConfiguration.Import : Kernel(fake, kind),
            VereBinary = binary,
            VereArguments = kind is ShipKind.Vere ? Required("vere:arguments", VereArguments, "words for the king, without --serf-bin, with spaces between") : [],
            VereReplicas = kind is ShipKind.Vere ? OneOf("vere:replicas", ("hot", StandbyLevel.Hot), ("computed", StandbyLevel.Computed), ("replayed", StandbyLevel.Replayed), ("recorded", StandbyLevel.Recorded)) : StandbyLevel.Recorded,
            VereDisk = kind is ShipKind.Vere ? Size("vere:disk", 0, 1L << 50) : 0,
            VereHasNetwork = kind is ShipKind.Vere && HasNetwork(balancer),
            VereKeepsKing = kind is ShipKind.Vere && OneOf("vere:king", ("waiting", true), ("none", false)),
            Fake = fake,
            ShipMemory = Text("ship:memory") is null ? HeapBudget.Available / 2 : Size("ship:memory", 64 << 20, 1L << 44),
            Self = self,
            Members = members,
            Folder = folder,
            Listen = Address("member:listen"),
            Udp = udp,
            Certificates = Folder("certificates"),
            Store = store,
            StoreWindow = Size("storeWindow", 1 << 20, 64L << 30),
            DqliteLatency = Duration("dqliteLatency", TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
            AllowUnsafeSettings = allowUnsafe,
            Optimism = new Optimism(replicas, OneOf("onReplicaLoss", ("wait", ReplicaLossPolicy.Wait), ("degrade", ReplicaLossPolicy.Degrade))),
            // vere itself never repeats what an event wanted done, and nobody else knows it.
            Effects = kind is ShipKind.Vere ? EffectsPolicy.AtMostOnce : OneOf("effects", ("at-least-once", EffectsPolicy.AtLeastOnce), ("at-most-once", EffectsPolicy.AtMostOnce)),
            Lease = Duration("lease", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            ReplicaPatience = Duration("replicaPatience", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            MaxUnreplicatedEvents = Number("maxUnreplicatedEvents", 1, 1 << 20),
            MaxUnreplicatedBytes = Size("maxUnreplicatedBytes", 1 << 20, 16L << 30),
            SnapshotEvery = (ulong)Number("snapshotEvery", 1, int.MaxValue),
            SnapshotAge = Duration("snapshotAge", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Scrub = Size("scrub", 0, 1L << 30),
            Copies = Number("copies", 0, Optimism.MostMembers),
            Harbors = harbors,
            HarborKey = harborKey,
            HarborWithin = Duration("harbor:within", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Balancer = balancer,
            BalancerKey = key,
            AdminSocket = socket,
            AdminHttps = https,
            AdminHttp = Loopback("admin:http"),
            AdminToken = token,
            Effective = [.. _effective.OrderBy(static setting => setting.Key, StringComparer.Ordinal)],
        };
    }

    /// <summary>What is said of one ship says nothing where each ship is told by itself.</summary>
    private void RefuseOfOneShip(string store)
    {
        foreach (string key in (ReadOnlySpan<string>)["ship:name", "ship:kind", "ship:kernel", "ship:fake", "vere:binary", "vere:arguments", "harbor:targets", "harbor:key"])
        {
            if (Text(key) is not null)
                throw Bad(key, "it is said of one ship, and ships is 'many'", $"Leave it out{(key.StartsWith("ship:", StringComparison.Ordinal) ? ", and add ships while the node runs: seguro ship add ~SHIP" : "; nodes that hold many ships do not have it yet")}. Or leave ships out.");
        }
        if (store != NodeConfiguration.EmbeddedStore && StoreUrl.Parse(store).Engine == "lmdb")
            throw Bad("store", "a pier holds one ship's log, and ships is 'many'", "Use another store.");
    }

    private string? Binary(ShipKind kind)
    {
        if (kind is not ShipKind.Vere)
            return null;
        string name = Required("vere:binary", static text => text, "the path of a vere");
        return name.Contains('/', StringComparison.Ordinal) ? Absolute("vere:binary", name) : name;
    }

    private bool HasNetwork(HostAddress? balancer)
    {
        if (!OneOf("vere:network", ("machine", false), ("namespace", true)))
            return false;
        if (balancer is null)
            throw Bad("vere:network", "namespace, and no balancer: nobody would hear the ship", "Name one: balancer:address, balancer:key, member:udp (seguro cluster init --balancer). Or leave vere:network out.");
        return VerePorts.UdpPortOf(VereArguments(Text("vere:arguments") ?? "") ?? []) != 0 ? true
            : throw Bad("vere:network", "namespace, and the king is given no port for its datagrams", "Add one to vere:arguments, the same on every member: -p 31337.");
    }

    private static string[]? VereArguments(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Array.Exists(words, static word => word.StartsWith("--serf-bin", StringComparison.Ordinal)) ? null : words;
    }

    private string Kernel(bool fake, ShipKind kind)
    {
        string kernel = OneOfText("ship:kernel", NodeConfiguration.Import, NodeConfiguration.Pier, NodeConfiguration.Demo);
        if (kernel == NodeConfiguration.Demo && kind is ShipKind.Vere)
            throw Bad("ship:kernel", "demo, and ship:kind is vere: the demo kernel is none of vere's", "Leave ship:kernel out, and import the ship's log.");
        return kernel != NodeConfiguration.Demo || fake
            ? kernel
            : throw Bad("ship:kernel", "demo, and ship:fake is false: the demo kernel has no keys of the real network", "Leave ship:kernel out, and import the ship's log.");
    }

    private string OneOfText(string key, params string[] words) => Required(key, text => Array.Find(words, word => word == text), string.Join(" or ", words));

    private static bool IsOfOneMachine(string store) => store != NodeConfiguration.EmbeddedStore && StoreUrl.Parse(store).Kind.IsOfOneMachine;

    private IEnumerable<MemberAddresses> Members(bool embedded)
    {
        List<MemberAddresses> members = [];
        foreach (IConfigurationSection section in root.GetSection("members").GetChildren())
        {
            string at = $"members:{section.Key}";
            if (!MemberName.IsValid(section.Key))
                throw Bad(at, $"'{section.Key}' can't be a member's name", $"Use 1 to {MemberName.Longest} of a-z, 0-9 and '-'.");
            HostAddress links = Address($"{at}:links") ?? throw Missing($"{at}:links");
            HostAddress? dqlite = Address($"{at}:dqlite") ?? (embedded ? throw Missing($"{at}:dqlite") : null);
            ulong id = 0;
            if (embedded || Text($"{at}:id") is not null)
                id = Required($"{at}:id", static text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number > 0 ? number : (ulong?)null, "a positive number");
            members.Add(new MemberAddresses(section.Key, links, dqlite, id));
        }
        if (members.Count == 0)
            throw new SeguroException(ErrorCode.BadValue, $"{file} names no members", "Add members:NAME:links for each member, or make a configuration with `seguro cluster init`.");
        if (members.Count > Optimism.MostMembers)
            throw Bad("members", $"{members.Count} members", $"A cluster has at most {Optimism.MostMembers}.");
        if (members.Select(static member => member.Links).Concat(members.Where(static member => member.Dqlite is not null).Select(static member => member.Dqlite!.Value))
            .GroupBy(static address => address).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw Bad("members", $"{twice.Key} stands twice", "Give all links and all dqlite nodes addresses of their own.");
        if (members.Where(static member => member.Id > 0).GroupBy(static member => member.Id).FirstOrDefault(static group => group.Count() > 1) is { } same)
            throw Bad("members", $"{Names(same)} have the same id {same.Key}", "Give each dqlite node a number of its own.");
        return members.OrderBy(static member => member.Id).ThenBy(static member => member.Name, StringComparer.Ordinal);
    }

    private static string[]? Clients(string text)
    {
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.TrueForAll(names, MemberName.IsValid) ? names : null;
    }

    private static string Names(IEnumerable<MemberAddresses> members) => string.Join(", ", members.Select(static member => member.Name));

    private string? Text(string key) => string.IsNullOrWhiteSpace(root[key]) ? null : root[key];

    private string SourceOf(string key) => root.Providers.LastOrDefault(provider => provider.TryGet(key, out _)) is { } provider ? sourceOf(provider) : "default";

    private T Required<T>(string key, Func<string, T?> parse, string form)
        where T : class
    {
        string text = Text(key) ?? ConfigurationKey.Find(key)!.Default ?? throw Missing(key);
        T value = parse(text) ?? throw Bad(key, $"'{text}'", $"Write {form}.");
        Note(key, text);
        return value;
    }

    private T Required<T>(string key, Func<string, T?> parse, string form)
        where T : struct
    {
        string text = Text(key) ?? ConfigurationKey.Find(key)!.Default ?? throw Missing(key);
        T value = parse(text) ?? throw Bad(key, $"'{text}'", $"Write {form}.");
        Note(key, text);
        return value;
    }

    private T OneOf<T>(string key, params (string Word, T Value)[] choices)
        where T : struct =>
        Required(key, text => choices.Where(choice => choice.Word.Equals(text, StringComparison.OrdinalIgnoreCase)).Select(static choice => (T?)choice.Value).FirstOrDefault(),
            string.Join(" or ", choices.Select(static choice => choice.Word)));

    private int Number(string key, int least, int most) => Required(
        key, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : (int?)null, $"{least} to {most}");

    private TimeSpan Duration(string key, TimeSpan least, TimeSpan most) => Required(
        key, text => Quantity.TryParseDuration(text, out TimeSpan value) && value >= least && value <= most ? value : (TimeSpan?)null,
        $"a duration such as 500ms or 1s, from {least.TotalMilliseconds} ms to {most.TotalSeconds} s");

    private long Size(string key, long least, long most) => Required(
        key, text => Quantity.TryParseSize(text, out long value) && value >= least && value <= most ? value : (long?)null, $"a size such as 64MiB, from {least} to {most} bytes");

    private HostAddress? Address(string key)
    {
        if (Text(key) is not { } text)
            return null;
        HostAddress address = HostAddress.TryParse(text, out HostAddress parsed) ? parsed : throw Bad(key, $"'{text}'", "Write HOST:PORT, such as 10.0.0.1:9000 or [fd00::1]:9000.");
        Note(key, text);
        return address;
    }

    private IPEndPoint? Loopback(string key)
    {
        if (Address(key) is not { } address)
            return null;
        if (!IPAddress.TryParse(address.Host, out IPAddress? ip) || !IPAddress.IsLoopback(ip))
        {
            throw new SeguroException(
                ErrorCode.InsecureTransport, $"{key} ({SourceOf(key)}): it is served without encryption and without a token, and {address} may be reached from other machines", "Write 127.0.0.1:PORT or [::1]:PORT, or use admin:https.");
        }
        return new IPEndPoint(ip, address.Port);
    }

    private string Folder(string key) => Required(key, text => Absolute(key, text), "a path");

    private string? OptionalPath(string key) => Text(key) is null ? null : Folder(key);

    // What the file says is relative to the file, what the user says elsewhere to where the user is.
    private string Absolute(string key, string path) =>
        SourceOf(key) is "environment" or "command line" ? Path.GetFullPath(path) : Path.GetFullPath(path, Path.GetDirectoryName(file)!);

    private void Note(string key, string text) => _effective.Add(new EffectiveSetting(key, Shown(key, text), SourceOf(key)));

    /// <summary>A value for people to read: without what may be a password.</summary>
    private static string Shown(string key, string text) => key switch
    {
        "store" when text.Contains(':', StringComparison.Ordinal) => StoreUrl.Parse(text).ToString(),
        "harbor:targets" => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(HarborTarget.Shown)),
        _ => text,
    };

    private SeguroException Missing(string key) =>
        new(ErrorCode.BadValue, $"{key} is missing in {file}", $"Add it. {ConfigurationKey.Find(key)?.Meaning}");

    private SeguroException Bad(string key, string what, string nextStep) => new(ErrorCode.BadValue, $"{key} ({SourceOf(key)}): {what}", nextStep);
}

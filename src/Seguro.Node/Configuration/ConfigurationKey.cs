namespace Seguro.Node.Configuration;

/// <summary>A key of the configuration.</summary>
/// <param name="Name">Its words with colons between; <c>NAME</c> stands for a member's name.</param>
/// <param name="Default">Its value where nothing is said; <see langword="null"/> where it may be left out, or must be given.</param>
/// <param name="Meaning">What it means, for docs and messages.</param>
public sealed record ConfigurationKey(string Name, string? Default, string Meaning)
{
    /// <summary>All keys.</summary>
    public static IReadOnlyList<ConfigurationKey> All { get; } =
    [
        new("cluster", "seguro", "The cluster's name."),
        new("ships", "one", "one: the ship that ship:name names. many: the ships of the cluster's list (seguro ship add); then ship:name, ship:kind, ship:kernel, ship:fake, vere and harbor are left out, and what is said of a ship besides is said of each."),
        new("ship:name", null, "The ship, such as ~zod."),
        new("ship:kind", "nock", "nock: a kernel on Seguro's Nock machine. vere: a stock vere on the master. opaque: no computation, events are bytes."),
        new("ship:kernel", "import", "Where a new ship's log comes from. import: members wait until it is in the store (pier import, ship boot, mirror). pier: the first member puts it there, from the pier in its own folder (data/pier). demo: the first member begins it with the demo kernel."),
        new("ship:fake", "true", "The ship is a fake one, on no network but its own."),
        new("ship:memory", null, "How much memory the kernel may use, on Seguro's own Nock machine, before what it computes is given up (%meme); half of what the machine, or the container, has where nothing is said."),
        new("vere:binary", null, "The vere that the ship runs on (ship:kind vere): a path, or a name in PATH. Version 3.1 to 3.5, or 4.0 or later."),
        new("vere:arguments", "", "What the king is given, words with spaces between, such as -p 31337 --http-port 8080: fixed ports, the same on every member. No pier, no --serf-bin."),
        new("vere:replicas", "replayed", "hot: a replica's own worker computes each event as it comes, with the event's time on its clock, and a takeover goes on with it (Linux on x86-64; elsewhere replayed). computed: as replayed, and Seguro's own Nock machine computes each event, and must come to the mug that the log says; it needs some eight times the memory of a vere (ship:memory). replayed: a replica lets vere compute the events again (urbit play), at the pace of snapshots. recorded: it only keeps them, and computes them at a takeover."),
        new("vere:king", "waiting", "waiting: beside a worker that stands by (vere:replicas hot) a king waits, which costs memory and makes a takeover shorter. none: a takeover starts one."),
        new("vere:network", "machine", "machine: the ship has the ports of its member's machine. namespace: a network of its own, in which it hears by the balancer only, from true senders, and is heard by it only; for members for whom the balancer's machine can't route (balancer:address, -p in vere:arguments; CAP_SYS_ADMIN, CAP_NET_ADMIN, /dev/net/tun)."),
        new("vere:disk", "0", "How much disk a member's pier may take, log and snapshots together, such as 5GB: its log is rolled where the newest epoch has a quarter of it, and chopped where members, store and harbors need the older ones no more (vere 4.0 or later). 0: never."),
        new("member:name", null, "This member's name: 1 to 32 of a-z, 0-9 and '-'."),
        new("member:folder", "data", "This member's data: local log, snapshots, dqlite node."),
        new("member:listen", null, "Where the links listen, HOST:PORT, when that is not members:NAME:links (behind address translation); the dqlite node listens on that host, at its own port."),
        new("member:udp", null, "Where datagrams come in, IP:PORT: the balancer's, or without a balancer everybody's. Of many ships: the first one's; each has the port that is its number above."),
        new("members:NAME:links", null, "Where the other members reach its links, HOST:PORT."),
        new("members:NAME:dqlite", null, "Where its dqlite node is reached, HOST:PORT."),
        new("members:NAME:id", null, "Its dqlite node's number: 1 for the one that forms the cluster, another, never used before, for each other."),
        new("clients", "", "Names of the client certificates that are let into the members' own dqlite, with commas between."),
        new("database", null, "The name of the members' own dqlite database, the cluster's where left out; another one after `seguro cluster recover`."),
        new("store", NodeConfiguration.EmbeddedStore, "dqlite: run by the members. Otherwise a store's URL, such as postgresql://USER@HOST,HOST/DATABASE."),
        new("storeWindow", "512MiB", "How many payload bytes a dqlite or etcd store may hold."),
        new("dqliteLatency", "20ms", "The one-way latency between the dqlite nodes; elections start after 15 to 30 times this."),
        new("allowUnsafeSettings", "false", "Use a database whose settings can lose commits."),
        new("certificates", "certificates", "The folder with ca.crt, member.crt and member.key."),
        new("optimism", "1", "How many replicas must have processed an event before its effects are released, in a new cluster."),
        new("onReplicaLoss", "wait", "wait or degrade: what happens to effects while fewer replicas are healthy, in a new cluster."),
        new("effects", "at-least-once", "at-least-once or at-most-once: effects of unknown fate after a takeover."),
        new("lease", "1s", "For how long a master may be silent before the others take it for dead."),
        new("replicaPatience", "1s", "For how long a replica may be silent before it counts as lost."),
        new("maxUnreplicatedEvents", "4096", "How many events may be computed and not yet in the store."),
        new("maxUnreplicatedBytes", "64MiB", "The same in payload bytes."),
        new("snapshotEvery", "50000", "How many events lie between two snapshots of the ship."),
        new("snapshotAge", "5m", "For how long events may go without a snapshot of the ship."),
        new("scrub", "1MiB", "How many bytes a second of its own log a member reads in search of damage, once a day from end to end; 0: none."),
        new("copies", "0", "How many members must have an event before the store may forget it; 0: more than half of them."),
        new("harbor:targets", "", "Where the log is backed up to, URLs with spaces between; the master does it. docs/harbors.md."),
        new("harbor:key", null, "The host's key file, NAME.harbor, which `seguro harbor key new` made."),
        new("harbor:within", "10s", "How old an event may become before it is on its way to the harbors."),
        new("balancer:address", null, "The balancer's address on the members' side, HOST:PORT. Of many ships: the first one's balancer; each ship has one of its own, at the port that is its number above."),
        new("balancer:key", null, "The file with the key that this member and the balancer share."),
        new("admin:socket", "admin.sock", "The Unix socket of the admin API, in the member's folder where it is no absolute path."),
        new("admin:https", null, "Where the admin API and the dashboard are served by HTTPS as well, HOST:PORT."),
        new("admin:http", null, "Where on loopback they are served for reading, without a token: 127.0.0.1:PORT."),
        new("admin:token", null, "The file with the bearer token that HTTPS asks for."),
    ];

    /// <summary>The key that this one is; <see langword="null"/> where there is none.</summary>
    public static ConfigurationKey? Find(string name) => All.FirstOrDefault(key => key.Matches(name));

    /// <summary>The known key that looks most like an unknown one, written for the same member.</summary>
    public static string Nearest(string name)
    {
        string[] words = name.Split(':');
        return All.Select(key => words.Length > 1 ? key.Name.Replace("NAME", words[1], StringComparison.Ordinal) : key.Name)
            .MinBy(known => Distance(known, name))!;
    }

    private bool Matches(string name)
    {
        string[] mine = Name.Split(':');
        string[] words = name.Split(':');
        return mine.Length == words.Length && mine.Zip(words).All(static pair => pair.First == "NAME" || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase));
    }

    // Levenshtein's distance; the last word alone counts too, so that a key at the wrong place finds its right one.
    private static int Distance(string known, string name) => Math.Min(Edits(known, name), 1 + Edits(known.Split(':')[^1], name.Split(':')[^1]));

    private static int Edits(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}

using System.Net;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Node.Ships;
using Seguro.Nouns;
using Seguro.Stores;

namespace Seguro.Node.Configuration;

/// <summary>All that one member is told, checked. Made by <see cref="ConfigurationReader"/>; the keys are in docs/reference.md.</summary>
public sealed record NodeConfiguration
{
    /// <summary>The word for the embedded dqlite in <c>store</c>.</summary>
    public const string EmbeddedStore = "dqlite";

    /// <summary>The word in <c>ship:kernel</c> for a new log that the first member begins with the demo kernel.</summary>
    public const string Demo = "demo";

    /// <summary>The word in <c>ship:kernel</c> for a log that somebody else puts into the store.</summary>
    public const string Import = "import";

    /// <summary>The word in <c>ship:kernel</c> for a log that the first member puts into the store, from the pier in its own folder.</summary>
    public const string Pier = "pier";

    /// <summary>The file that it was read from, with its whole path.</summary>
    public required string File { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The node holds the ships of its cluster's list, and not one that this configuration names.</summary>
    public bool HoldsMany { get; init; }

    /// <summary>The ship.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ManyShips"/>: the configuration is that of a node that holds many.</exception>
    public required Ship Ship
    {
        get => field != default ? field : throw new SeguroException(ErrorCode.ManyShips, $"{File} is the configuration of a node that holds many ships", "Name one, where the command has --ship; see them with `seguro ship list`. What has no --ship is not there for such nodes yet: docs/fleet.md.");
        init;
    }

    /// <summary>The ship's number on a node that holds many; 0 for an only one.</summary>
    public int Number { get; init; }

    /// <summary>What computes it.</summary>
    public required ShipKind ShipKind { get; init; }

    /// <summary>Where a new ship's log comes from: <c>import</c>, <c>pier</c> or <c>demo</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>The ship is on no network but its own.</summary>
    public required bool Fake { get; init; }

    /// <summary>How many bytes of memory its kernel may use.</summary>
    public required long ShipMemory { get; init; }

    /// <summary>The vere that the ship runs on; <see langword="null"/> for every other kind of ship.</summary>
    public string? VereBinary { get; init; }

    /// <summary>What its king is given.</summary>
    public IReadOnlyList<string> VereArguments { get; init; } = [];

    /// <summary>What a replica does with the events of a ship that runs on a vere.</summary>
    public StandbyLevel VereReplicas { get; init; }

    /// <summary>How many bytes of disk a member's pier may take before its log is rolled and chopped; 0: never.</summary>
    public long VereDisk { get; init; }

    /// <summary>The ship has a network of its own.</summary>
    public bool VereHasNetwork { get; init; }

    /// <summary>A king waits beside a worker that stands by.</summary>
    public bool VereKeepsKing { get; init; }

    /// <summary>This member.</summary>
    public required MemberAddresses Self { get; init; }

    /// <summary>All members, this one included, in the order in which they stand for mastership.</summary>
    public required IReadOnlyList<MemberAddresses> Members { get; init; }

    /// <summary>This member's folder: the local log, snapshots, the dqlite node's data.</summary>
    public required string Folder { get; init; }

    /// <summary>Where the links listen, when that is not their address.</summary>
    public HostAddress? Listen { get; init; }

    /// <summary>Where datagrams come in, from the balancer or, without one, from everybody; <see langword="null"/> where none do.</summary>
    public HostAddress? Udp { get; init; }

    /// <summary>The folder with the certificates.</summary>
    public required string Certificates { get; init; }

    /// <summary>The clients that are let into the members' own dqlite.</summary>
    public required IReadOnlyList<string> Clients { get; init; }

    /// <summary>The name of the members' own dqlite database.</summary>
    public required string Database { get; init; }

    /// <summary>The store: its URL, or <see cref="EmbeddedStore"/>. May hold a password.</summary>
    public required string Store { get; init; }

    /// <summary>The cap of the dqlite window, in payload bytes.</summary>
    public required long StoreWindow { get; init; }

    /// <summary>The one-way latency that dqlite is to expect between its nodes.</summary>
    public required TimeSpan DqliteLatency { get; init; }

    /// <summary>Take unsafe database settings with a warning.</summary>
    public required bool AllowUnsafeSettings { get; init; }

    /// <summary>The optimism of a new cluster.</summary>
    public required Optimism Optimism { get; init; }

    /// <summary>What happens to effects of unknown fate.</summary>
    public required EffectsPolicy Effects { get; init; }

    /// <summary>For how long a master may be silent.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>For how long a replica may be silent.</summary>
    public required TimeSpan ReplicaPatience { get; init; }

    /// <summary>How many events may be computed and not yet committed.</summary>
    public required int MaxUnreplicatedEvents { get; init; }

    /// <summary>The same in bytes.</summary>
    public required long MaxUnreplicatedBytes { get; init; }

    /// <summary>How many events lie between two snapshots of the ship.</summary>
    public required ulong SnapshotEvery { get; init; }

    /// <summary>For how long events may go without a snapshot of the ship.</summary>
    public required TimeSpan SnapshotAge { get; init; }

    /// <summary>How many bytes a second of its own log a member reads in search of damage; 0: none.</summary>
    public required long Scrub { get; init; }

    /// <summary>How many local logs must have an event before the store may forget it; 0: more than half of them.</summary>
    public required int Copies { get; init; }

    /// <summary>Where the log is backed up to: URLs of harbors.</summary>
    public required IReadOnlyList<string> Harbors { get; init; }

    /// <summary>The host's key file for them.</summary>
    public string? HarborKey { get; init; }

    /// <summary>How old an event may become before it is on its way to them.</summary>
    public required TimeSpan HarborWithin { get; init; }

    /// <summary>The balancer's inner address; <see langword="null"/> where there is none.</summary>
    public HostAddress? Balancer { get; init; }

    /// <summary>The file with the key that this member and the balancer share.</summary>
    public string? BalancerKey { get; init; }

    /// <summary>The Unix socket of the admin API.</summary>
    public required string AdminSocket { get; init; }

    /// <summary>Where the admin API is served by HTTPS as well.</summary>
    public HostAddress? AdminHttps { get; init; }

    /// <summary>Where on loopback it is served for reading as well, without encryption and without a token.</summary>
    public IPEndPoint? AdminHttp { get; init; }

    /// <summary>The file with the token that HTTPS asks for.</summary>
    public string? AdminToken { get; init; }

    /// <summary>The values in force, one line each, by key.</summary>
    public required IReadOnlyList<EffectiveSetting> Effective { get; init; }

    /// <summary>The store is dqlite, run by the members themselves.</summary>
    public bool IsEmbedded => Store == EmbeddedStore;

    /// <summary>The store's URL, for people: without a password.</summary>
    public string ShownStore => Stores.StoreUrl.Parse(StoreUrl).ToString();

    /// <summary>The store's URL.</summary>
    public string StoreUrl => IsEmbedded ? "dqlite://" + string.Join(',', Members.Select(static member => member.Dqlite!.Value.ToString())) : Store;

    /// <summary>The configuration of one ship's member, on a node that holds many: in a folder of its own, with ports of its own.</summary>
    /// <param name="ship">The ship, as it was added.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: it can't be held so.</exception>
    internal NodeConfiguration With(RegisteredShip ship)
    {
        if (!Core.Ship.TryParse(ship.Ship, out Ship parsed) || !ShipName.TryParse(parsed.Name, out UInt128 who))
            throw new SeguroException(ErrorCode.BadValue, $"'{ship.Ship}' is no ship", "Write its name, such as ~zod.");
        Ship name = ShipName.ToShip(who);
        if (ship.Kind is not ("nock" or "opaque"))
            throw new SeguroException(ErrorCode.BadValue, $"kind '{ship.Kind}' of {name}", "A node that holds many ships has nock and opaque ones. A ship that runs on a vere has a cluster of its own: seguro cluster init.");
        if (ship.Kernel is not (Import or Demo) || (ship.Kernel == Demo && (ship.Kind != "nock" || !ship.Fake)))
            throw new SeguroException(ErrorCode.BadValue, $"kernel '{ship.Kernel}' of {name}, which is {(ship.Fake ? "a fake" : "a real")} ship of kind {ship.Kind}", "Use import; or demo, for a fake ship of kind nock.");
        if (ship.Master is { } first && Members.All(member => member.Name != first))
            throw new SeguroException(ErrorCode.BadValue, $"there is no node {first}", $"Use one of {string.Join(", ", Members.Select(static member => member.Name))}.");
        if (ship.Optimism is < 0 || ship.Optimism >= Members.Count)
            throw new SeguroException(ErrorCode.BadValue, $"an optimism of {ship.Optimism}, and {Members.Count} nodes have {Members.Count - 1} replicas", $"Use 0 to {Members.Count - 1}.");
        // Masters spread over the nodes: another stands first for each ship.
        int turn = ship.Master is { } master ? Members.TakeWhile(member => member.Name != master).Count() : ship.Number % Members.Count;
        return this with
        {
            Ship = name,
            ShipKind = ship.Kind == "nock" ? ShipKind.Nock : ShipKind.Opaque,
            Kernel = ship.Kernel,
            Fake = ship.Fake,
            Optimism = ship.Optimism is { } replicas ? Optimism with { Replicas = replicas } : Optimism,
            Number = ship.Number,
            Folder = Path.Combine(Folder, "ships", name.Name),
            Members = [.. Members.Skip(turn), .. Members.Take(turn)],
            Udp = Udp is { } udp ? PortOf(udp, name, ship.Number) : null,
            Balancer = Balancer is { } balancer ? PortOf(balancer, name, ship.Number) : null,
        };
    }

    private static HostAddress PortOf(HostAddress first, Ship ship, int number) => first.Port + number <= ushort.MaxValue
        ? new HostAddress(first.Host, first.Port + number)
        : throw new SeguroException(ErrorCode.BadValue, $"{ship} is number {number}, and there is no port so far above {first}", "Begin at a lower port: member:udp, balancer:address.");
}

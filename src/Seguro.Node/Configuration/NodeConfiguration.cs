using Seguro.Core;
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

    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The ship.</summary>
    public required Ship Ship { get; init; }

    /// <summary>What computes it.</summary>
    public required ShipKind ShipKind { get; init; }

    /// <summary>Where a new ship's log comes from: <c>import</c> or <c>demo</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>The ship is on no network but its own.</summary>
    public required bool Fake { get; init; }

    /// <summary>How many bytes of memory its kernel may use.</summary>
    public required long ShipMemory { get; init; }

    /// <summary>The vere that the ship runs on; <see langword="null"/> for every other kind of ship.</summary>
    public string? VereBinary { get; init; }

    /// <summary>What its king is given.</summary>
    public IReadOnlyList<string> VereArguments { get; init; } = [];

    /// <summary>A replica lets vere compute the events again.</summary>
    public bool VereReplays { get; init; }

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

    /// <summary>The balancer's inner address; <see langword="null"/> where there is none.</summary>
    public HostAddress? Balancer { get; init; }

    /// <summary>The file with the key that this member and the balancer share.</summary>
    public string? BalancerKey { get; init; }

    /// <summary>The Unix socket of the admin API.</summary>
    public required string AdminSocket { get; init; }

    /// <summary>Where the admin API is served by HTTPS as well.</summary>
    public HostAddress? AdminHttps { get; init; }

    /// <summary>The file with the token that HTTPS asks for.</summary>
    public string? AdminToken { get; init; }

    /// <summary>The values in force, one line each, by key.</summary>
    public required IReadOnlyList<EffectiveSetting> Effective { get; init; }

    /// <summary>The store is dqlite, run by the members themselves.</summary>
    public bool IsEmbedded => Store == EmbeddedStore;

    /// <summary>The store's URL.</summary>
    public string StoreUrl => IsEmbedded ? "dqlite://" + string.Join(',', Members.Select(static member => member.Dqlite!.Value.ToString())) : Store;
}

using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node is, and how it runs.</summary>
public sealed record DqliteNodeOptions
{
    // dqlite takes this number, like 1, for a node that forms a cluster of its own (src/server.c, BOOTSTRAP_ID).
    private const ulong ReservedId = 0x2dc171858c3155be;

    /// <summary>The folder with its data; made where it is missing. One process at a time may use it.</summary>
    public required string Folder { get; init; }

    /// <summary>Its number in the cluster: 1 for the node that forms the cluster, another, never used before, for each that joins.</summary>
    public required ulong Id { get; init; }

    /// <summary>Where the other nodes and clients reach it.</summary>
    public required HostAddress Address { get; init; }

    /// <summary>The cluster's name or identity, written into the folder and compared at each start.</summary>
    public string Cluster { get; init; } = "seguro";

    /// <summary>An empty folder may form a new cluster of one node. Only for id 1, and only once in a cluster's life.</summary>
    public bool Bootstrap { get; init; }

    /// <summary>The node ran in this folder before, so that an empty folder is a lost disk. A supervisor says so from the second start on.</summary>
    public bool MustExist { get; init; }

    /// <summary>The folder with <c>ca.crt</c>, <c>member.crt</c> and <c>member.key</c>; <see langword="null"/> for plain traffic, which is for loopback only.</summary>
    public string? Certificates { get; init; }

    /// <summary>Who is let in at first; left out: every member and client of the cluster. Not on the command line: a supervisor says it on standard input, and whenever it changes.</summary>
    public AccessRecord? Access { get; init; }

    /// <summary>Where to listen with TLS, when that is not <see cref="Address"/> (behind address translation).</summary>
    public HostAddress? Listen { get; init; }

    /// <summary>The one-way latency between nodes that dqlite is to expect; an election starts after 15 to 30 times this without a leader. Whole milliseconds.</summary>
    public TimeSpan NetworkLatency { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>After how many log entries (transactions) the whole database is written as a snapshot.</summary>
    public int SnapshotThreshold { get; init; } = 1024;

    /// <summary>How many log entries are kept, in memory and on disk, behind a snapshot, for nodes that fell behind. Not below the threshold.</summary>
    public int SnapshotTrailing { get; init; } = 1024;

    /// <summary>The most connections in each direction; more are closed at once.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>How long making a connection may take, encryption included.</summary>
    public TimeSpan ConnectTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The process ends when its standard input does: it is the child of a supervisor.</summary>
    public bool Supervised { get; init; }

    /// <summary>The folder is this node's: it carries its number and address.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public bool HasFolder => NodeMarker.Read(Folder) is { } marker && marker.Id == Id && marker.Address == Address.ToString();

    /// <summary>Refuses what can't work or is not safe.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>, <see cref="ErrorCode.InsecureTransport"/>.</exception>
    public void Check()
    {
        if (Id is 0 or ReservedId)
            throw Bad($"{Id} can't be a node's id", "Give each node a positive number of its own.");
        if (Bootstrap && Id != 1)
            throw Bad($"node {Id} can't form a cluster", "Only node 1 forms a cluster; start the others without bootstrap and let them join.");
        if (Bootstrap && MustExist)
            throw Bad($"node {Id} would form a new cluster in a folder where it ran before", "Say either that it forms a cluster or that its data exists.");
        if (string.IsNullOrEmpty(Address.Host))
            throw Bad("the node has no address", "Give HOST:PORT.");
        if (Certificates is null && !Address.IsIPv4Loopback())
            throw new SeguroException(ErrorCode.InsecureTransport, $"unencrypted traffic on {Address} was asked for",
                "Give the cluster's certificates; plain traffic is possible on addresses of 127.0.0.0/8 only.");
        if (NetworkLatency < TimeSpan.FromMilliseconds(1) || NetworkLatency > TimeSpan.FromSeconds(10))
            throw Bad($"a network latency of {NetworkLatency.TotalMilliseconds} ms", "Use 1 ms to 10 s.");
        if (SnapshotThreshold < 4 || SnapshotTrailing < SnapshotThreshold)
            throw Bad($"snapshots each {SnapshotThreshold} entries with {SnapshotTrailing} behind", "Use at least 4, and keep at least as many as the threshold.");
        if (MaxConnections is < 4 or > 4096)
            throw Bad($"at most {MaxConnections} connections", "Use 4 to 4096.");
        if (ConnectTime < TimeSpan.FromMilliseconds(10) || ConnectTime > TimeSpan.FromMinutes(1))
            throw Bad($"a connect time of {ConnectTime.TotalMilliseconds} ms", "Use 10 ms to a minute.");
    }

    private static SeguroException Bad(string what, string nextStep) => new(ErrorCode.BadValue, what, nextStep);

    /// <summary>What to do about a node that lost its disk: a next step, for people.</summary>
    public string HowToReplace => NodeFolder.Replace(Folder);
}

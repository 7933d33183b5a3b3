using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Identity;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro dqlite-node</c>: hosts one dqlite node in this process, until it is told to end.</summary>
internal static class DqliteNodeCommand
{
    private static readonly Option<string> Folder = new("--folder") { Description = "Where the node keeps its data; made where it is missing.", HelpName = "FOLDER", Required = true };
    private static readonly Option<ulong> Id = new("--id") { Description = "Its number in the cluster: 1 for the node that forms it; another, never used before, for each that joins.", HelpName = "N", Required = true };
    private static readonly Option<string> Address = new("--address") { Description = "Where the other nodes and clients reach it.", HelpName = "HOST:PORT", Required = true };
    private static readonly Option<string?> Listen = new("--listen") { Description = "Where to listen, when that is not the address.", HelpName = "HOST:PORT" };
    private static readonly Option<bool> Bootstrap = new("--bootstrap") { Description = "Form a new cluster in an empty folder: node 1 only, once in a cluster's life." };
    private static readonly Option<string[]> Join = new("--join") { Description = "Join the cluster that these nodes belong to; repeating it is safe.", HelpName = "HOST:PORT", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> Plain = new("--plain") { Description = "No TLS: on addresses of 127.0.0.0/8 only." };
    private static readonly Option<string> Cluster = new("--cluster") { Description = "The cluster's name, compared at each start.", HelpName = "NAME", DefaultValueFactory = static _ => "seguro" };
    private static readonly Option<int> Latency = new("--latency-ms") { Description = "The one-way latency between the nodes; elections start after 15 to 30 times this.", HelpName = "MS", DefaultValueFactory = static _ => 20 };
    private static readonly Option<int> Threshold = new("--snapshot-threshold") { Description = "Transactions between snapshots.", HelpName = "N", DefaultValueFactory = static _ => 1024 };
    private static readonly Option<int> Trailing = new("--snapshot-trailing") { Description = "Transactions kept behind a snapshot.", HelpName = "N", DefaultValueFactory = static _ => 1024 };
    private static readonly Option<int> MaxConnections = new("--max-connections") { Description = "The most connections in each direction.", HelpName = "N", DefaultValueFactory = static _ => 128 };
    private static readonly Option<int> Connect = new("--connect-ms") { Description = "How long making a connection may take.", HelpName = "MS", DefaultValueFactory = static _ => 2000 };
    private static readonly Option<bool> Existing = new("--existing") { Description = "The node ran in this folder before: refuse an empty one." };
    private static readonly Option<string[]> Members = new("--members") { Description = "The names of the members that are let in; left out: every member of the cluster.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string[]> Clients = new("--clients") { Description = "The names of the clients that are let in; left out: every client of the cluster.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> Supervised = new("--supervised") { Description = "End when standard input ends.", Hidden = true };

    // A node that joins gets the whole database first.
    private static readonly TimeSpan JoinTime = TimeSpan.FromMinutes(2);

    public static Command Create(Terminal terminal) =>
        new Command("dqlite-node", "Run one node of a dqlite cluster, until Ctrl-C or SIGTERM.")
        {
            Folder, Id, Address, Listen, Bootstrap, Join, CommonOptions.Certificates, Plain, Cluster, Latency, Threshold, Trailing, MaxConnections, Connect, Existing, Members, Clients, Supervised,
        }.Does(terminal, async (parse, cancel) =>
        {
            DqliteNodeOptions options = Read(parse);
            string[] others = parse.GetValue(Join) ?? [];
            if (others.Length == 0)
                return await DqliteNodeMain.RunAsync(options, terminal.Output, null, cancel);
            using ClusterCertificates? certificates = options.Certificates is { } folder ? ClusterCertificates.Load(folder) : null;
            DqliteMembership membership = new([.. others.Select(NodeAddress.Parse)], certificates, JoinTime);
            options.Check();
            await membership.RefuseLostDiskAsync(options, cancel);
            return await DqliteNodeMain.RunAsync(options, terminal.Output, token => membership.JoinAsync(options.Id, options.Address, token), cancel);
        });

    private static string[]? Names(ParseResult parse, Option<string[]> option) =>
        parse.GetValue(option) is { Length: > 0 } names ? [.. names.Select(MemberName.Check)] : null;

    private static DqliteNodeOptions Read(ParseResult parse) => new()
    {
        Folder = parse.GetRequiredValue(Folder),
        Id = parse.GetRequiredValue(Id),
        Address = NodeAddress.Parse(parse.GetRequiredValue(Address)),
        Listen = parse.GetValue(Listen) is { } listen ? NodeAddress.Parse(listen) : null,
        Bootstrap = parse.GetValue(Bootstrap),
        Certificates = parse.GetValue(Plain) ? null : parse.GetValue(CommonOptions.Certificates),
        Cluster = parse.GetRequiredValue(Cluster),
        NetworkLatency = TimeSpan.FromMilliseconds(parse.GetValue(Latency)),
        SnapshotThreshold = parse.GetValue(Threshold),
        SnapshotTrailing = parse.GetValue(Trailing),
        MaxConnections = parse.GetValue(MaxConnections),
        ConnectTime = TimeSpan.FromMilliseconds(parse.GetValue(Connect)),
        Access = new AccessRecord { Members = Names(parse, Members), Clients = Names(parse, Clients) },
        MustExist = parse.GetValue(Existing),
        Supervised = parse.GetValue(Supervised),
    };
}

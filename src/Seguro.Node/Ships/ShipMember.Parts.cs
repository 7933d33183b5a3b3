using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Nock;
using Seguro.Nock.Drivers;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Node.Configuration;
using Seguro.Node.Effects;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Node.Startup;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Stores.Dqlite;
using Seguro.Vere.Networks;

namespace Seguro.Node.Ships;

/// <content>What a member is made of, by its configuration.</content>
sealed partial class ShipMember
{
    private IShip? MakeShip(PierIdentity identity)
    {
        if (_configuration.ShipKind is ShipKind.Vere)
            return null;
        return _configuration.ShipKind is ShipKind.Opaque ? new OpaqueShip(SnapshotFolder) : MakeNockShip(identity, null);
    }

    private string SnapshotFolder => Path.Combine(_configuration.Folder, "snapshots");

    private NockShip MakeNockShip(PierIdentity identity, ExportedState? start) => new(new NockShipOptions
    {
        Folder = SnapshotFolder,
        Life = (int)identity.Life,
        Start = start,
        Report = text => _log.LogInformation("{Ship}", text),
        Damaged = KeepAside,
        MaxHeap = _configuration.ShipMemory,
        // What is in the log has to be computed; where this machine can't, it says so in time.
        Machine = new NockOptions { MaxHeap = Math.Max(_configuration.ShipMemory, HeapBudget.Available / 10 * 9) },
    });

    /// <summary>A snapshot that can't be used is evidence of a disk's fault.</summary>
    private string KeepAside(string snapshot, string why)
    {
        string[] facts = [$"member {_configuration.Self.Name}: a snapshot of its ship was damaged and was moved here; the ship was restored from another one, or computed anew", $"found: {why}"];
        string quarantine = Path.Combine(_configuration.Folder, "quarantine");
        return QuarantineFolder.MoveAsync(quarantine, DateTimeOffset.UtcNow, Path.GetFileNameWithoutExtension(snapshot), facts, snapshot, CancellationToken.None).GetAwaiter().GetResult();
    }

    private EffectRouter? MakeRouter(PierIdentity identity)
    {
        if (_configuration.ShipKind is not ShipKind.Nock || _configuration.Udp is not { } udp)
            return null;
        IPEndPoint listen = udp.Resolve()[0];
        DatagramPort port;
        if (_configuration.Balancer is { } balancer)
        {
            KeyFile<MemberKey> key = _balancerKey = KeyFiles.LoadKey(_configuration.BalancerKey!);
            port = new BalancerPort(BalancerLink.Open(listen, balancer, () => key.Current, TimeProvider.System, DropFrame, (ushort)_configuration.Number));
        }
        else
        {
            port = OwnPort.Open(listen);
        }
        // The demo kernel hears anything; every other one what vere's driver would give it.
        bool isDemo = _configuration.Kernel == NodeConfiguration.Demo && identity.Life == DemoKernel.Life;
        return new EffectRouter(port, new EffectRouterOptions
        {
            GalaxyDomain = _configuration.Fake ? null : "urbit.org",
            Rules = isDemo ? null : new AmesRules(identity.Who),
            Undone = why => _host?.Drop($"effect: {why}"),
            Drop = why => _host?.Drop($"datagram: {why.ToString().ToLowerInvariant()}"),
            Log = _log,
        });
    }

    private void DropFrame(string why) => _host?.Drop($"balancer: {why}");

    private async Task<ShipNetwork?> MakeNetworkAsync(CancellationToken cancel) =>
        _configuration.VereHasNetwork ? await ShipNetwork.CreateAsync(VerePorts.UdpPortOf(_configuration.VereArguments), cancel) : null;

    private VerePorts? MakePorts(ShipNetwork? network)
    {
        if (_configuration is not { ShipKind: ShipKind.Vere, Udp: { } udp, Balancer: { } balancer })
            return null;
        KeyFile<MemberKey> key = _balancerKey = KeyFiles.LoadKey(_configuration.BalancerKey!);
        BalancerLink link = BalancerLink.Open(udp.Resolve()[0], balancer, () => key.Current, TimeProvider.System, DropFrame);
        VereNetwork? joined = network is null ? null : new VereNetwork(network, link, VerePorts.UdpPortOf(_configuration.VereArguments), why => _host?.Drop($"ship's network: {why}"));
        return new VerePorts(link, Path.Combine(_configuration.Folder, "pier"), _configuration.VereArguments, joined);
    }

    private VereOptions? MakeVere(PierIdentity identity, ShipNetwork? network)
    {
        if (_configuration.VereBinary is not { } binary)
            return null;
        SeguroExecutable seguro = SeguroExecutable.Current();
        return new VereOptions
        {
            Binary = binary,
            Arguments = _configuration.VereArguments,
            Network = network,
            Seguro = [seguro.File, .. seguro.First],
            Level = _configuration.VereReplicas,
            Machine = start => MakeNockShip(identity, start),
            KeepsKing = _configuration.VereKeepsKing,
            Disk = _configuration.VereDisk,
            Need = AskNeedAsync,
        };
    }

    /// <summary>What this member has of the log for certain, and what the harbors have.</summary>
    private NeedAsker.Word OwnWord() => _host?.Status is { Role: Role.Replica or Role.Master, Stopped: null } status
        ? new NeedAsker.Word(status.Durable.Number < status.Committed.Number ? status.Durable.Number : status.Committed.Number, status.Role is Role.Master ? _harbors?.Archived : null)
        : default;

    private async Task<LogNeed> AskNeedAsync(CancellationToken cancel) => _links is { } links && _host?.Status is { Members.Count: > 0 } status
        ? await new NeedAsker(links).AskAsync(
            OwnWord(), [.. status.Members.Where(name => name != status.Name)], _store is { Store.Capabilities.Window: null }, _configuration.Harbors.Count > 0, cancel)
        : new LogNeed(EventNumber.None, "this member has not heard yet who belongs to the cluster");

    /// <summary>A worker whose member was killed may be in the middle of an event, and holds the pier until it is done.</summary>
    private static async Task<MemberHost> StartHostAsync(MemberHostOptions options, CancellationToken cancel)
    {
        if (options.Vere is not null && Pier.FindHolder(options.Pier) is { IsHeld: true } hold && hold.ProcessId != Environment.ProcessId)
            throw new SeguroException(ErrorCode.StoreUnavailable, $"the pier {options.Pier} is held by process {hold.ProcessId}", "A worker of this member's last life ends by itself; any other vere is to be ended.");
        return await MemberHost.StartAsync(options, cancel);
    }

    private MemberOptions MakeMember(long? window, long? cap) => new()
    {
        Name = _configuration.Self.Name,
        Candidate = $"{_configuration.Self.Name}@{RandomNumberGenerator.GetHexString(16, lowercase: true)}",
        Members = [.. _configuration.Members.Select(static member => member.Name)],
        LeaseDuration = _configuration.Lease,
        LeasesByNode = _configuration.HoldsMany,
        ReplicaPatience = _configuration.ReplicaPatience,
        Effects = _configuration.Effects,
        MakesEvents = _configuration.ShipKind is ShipKind.Vere,
        InitialOptimism = _configuration.Optimism,
        MaxUnreplicatedEvents = _configuration.MaxUnreplicatedEvents,
        MaxUnreplicatedBytes = _configuration.MaxUnreplicatedBytes,
        SnapshotEvery = _configuration.SnapshotEvery,
        SnapshotAge = _configuration.SnapshotAge,
        // A group that fills much of the window would wait for trims that can't come before it is in.
        MaxGroupBytes = Math.Min(new MemberOptions { Name = "", Candidate = "", Members = [] }.MaxGroupBytes, window / 4 ?? long.MaxValue),
        LargestEvent = LinkOptions.MostOfEvent,
        StoreWindow = window,
        StoreCap = cap,
        Copies = _configuration.Copies,
        HasHarbors = _configuration.Harbors.Count > 0,
    };

    /// <summary>
    /// What one ship may have of a window that many share; above half of it, its master trims. A member keeps the share that it had at its start, when there were perhaps
    /// fewer ships: so shares are small enough that the halves of thousands that were added one by one fit, too.
    /// </summary>
    /// <param name="window">The window, in payload bytes.</param>
    /// <param name="ships">How many ships there are.</param>
    internal static long ShareOf(long window, int ships) => Math.Max(window / Math.Max(ShipsOfWindow, 4L * ships), LeastShare);

    private long? ShareOf(long? window) => _configuration.HoldsMany && window is { } all ? ShareOf(all, _node.Ships()) : window;

    private MemberHarbors? MakeHarbors(MemberHost host, EventLog log) => _configuration.Harbors.Count == 0 ? null : MemberHarbors.Start(new MemberHarborsOptions
    {
        Ship = _configuration.Ship,
        Pier = Path.Combine(_configuration.Folder, "pier"),
        Targets = _configuration.Harbors,
        Key = _configuration.HarborKey!,
        Within = _configuration.HarborWithin,
        Labels = [new("member", _configuration.Self.Name), new("ship", _configuration.Ship.Name), new("cluster", _configuration.Cluster)],
        IsMaster = () => host.Status.Role is Role.Master,
        Committed = () => host.Status.Committed,
        Store = log.Stored,
        Archived = through => host.Post(new MemberInput.Archived(through)),
        Log = _log,
    });

    // Only what is committed: this member's log may end with events that the cluster never gets.
    private async ValueTask<IReadOnlyList<Event>> ReadLocalAsync(Position after, EventNumber last, CancellationToken cancel)
    {
        if (_host is not { } host)
            return [];
        EventNumber committed = host.Status.Committed.Number;
        return await host.ReadLocalAsync(after, last < committed ? last : committed, cancel);
    }
}

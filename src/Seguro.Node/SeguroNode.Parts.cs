using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Files;
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

namespace Seguro.Node;

/// <content>What a member is made of, by its configuration.</content>
public sealed partial class SeguroNode
{
    private IShip? MakeShip(PierIdentity identity)
    {
        if (_configuration.ShipKind is ShipKind.Vere)
            return null;
        string folder = Path.Combine(_configuration.Folder, "snapshots");
        return _configuration.ShipKind is ShipKind.Opaque
            ? new OpaqueShip(folder)
            : new NockShip(new NockShipOptions
            {
                Folder = folder,
                Life = (int)identity.Life,
                Report = text => _log.LogInformation("{Ship}", text),
                Damaged = KeepAside,
                MaxHeap = _configuration.ShipMemory,
                // What is in the log has to be computed; where this machine can't, it says so in time.
                Machine = new NockOptions { MaxHeap = Math.Max(_configuration.ShipMemory, HeapBudget.Available / 10 * 9) },
            });
    }

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
            port = new BalancerPort(BalancerLink.Open(listen, balancer, () => key.Current, TimeProvider.System));
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
            Drop = why => _host?.Drop($"datagram: {why.ToString().ToLowerInvariant()}"),
            Log = _log,
        });
    }

    private VereOptions? MakeVere()
    {
        if (_configuration.VereBinary is not { } binary)
            return null;
        SeguroExecutable seguro = SeguroExecutable.Current();
        return new VereOptions { Binary = binary, Arguments = _configuration.VereArguments, Seguro = [seguro.File, .. seguro.First], Replays = _configuration.VereReplays };
    }

    /// <summary>A worker whose member was killed may be in the middle of an event, and holds the pier until it is done.</summary>
    private async Task<MemberHost> StartHostAsync(MemberHostOptions options, CancellationToken cancel)
    {
        if (options.Vere is not null && Pier.FindHolder(options.Pier) is { IsHeld: true } hold && hold.ProcessId != Environment.ProcessId)
            throw new SeguroException(ErrorCode.StoreUnavailable, $"the pier {options.Pier} is held by process {hold.ProcessId}", "A worker of this member's last life ends by itself; any other vere is to be ended.");
        return await MemberHost.StartAsync(options, cancel);
    }

    private MemberOptions MakeMember(StoreCapabilities capabilities) => new()
    {
        Name = _configuration.Self.Name,
        Candidate = $"{_configuration.Self.Name}@{RandomNumberGenerator.GetHexString(16, lowercase: true)}",
        Members = [.. _configuration.Members.Select(static member => member.Name)],
        LeaseDuration = _configuration.Lease,
        ReplicaPatience = _configuration.ReplicaPatience,
        Effects = _configuration.Effects,
        MakesEvents = _configuration.ShipKind is ShipKind.Vere,
        InitialOptimism = _configuration.Optimism,
        MaxUnreplicatedEvents = _configuration.MaxUnreplicatedEvents,
        MaxUnreplicatedBytes = _configuration.MaxUnreplicatedBytes,
        SnapshotEvery = _configuration.SnapshotEvery,
        SnapshotAge = _configuration.SnapshotAge,
        // A group that fills much of the window would wait for trims that can't come before it is in.
        MaxGroupBytes = Math.Min(new MemberOptions { Name = "", Candidate = "", Members = [] }.MaxGroupBytes, capabilities.Window / 4 ?? long.MaxValue),
        LargestEvent = LinkOptions.MostOfEvent,
        StoreWindow = capabilities.Window,
        Copies = _configuration.Copies,
    };

    // Only what is committed: this member's log may end with events that the cluster never gets.
    private async ValueTask<IReadOnlyList<Event>> ReadLocalAsync(Position after, EventNumber last, CancellationToken cancel)
    {
        if (_host is not { } host)
            return [];
        EventNumber committed = host.Status.Committed.Number;
        return await host.ReadLocalAsync(after, last < committed ? last : committed, cancel);
    }

    private static string ReadToken(string path)
    {
        try
        {
            SecretFile.RefuseShared(path, "token");
            string token = File.ReadAllText(path).Trim();
            return token.Length >= 16
                ? token
                : throw new SeguroException(ErrorCode.BadValue, $"the token in {path} has fewer than 16 characters", "Make one with `openssl rand -hex 32`.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the token's file {path} can't be read", "Check the path and its permissions.", error);
        }
    }
}

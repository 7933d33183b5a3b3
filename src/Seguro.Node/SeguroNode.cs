using System.Net;
using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Node.Ships;
using Seguro.Node.Startup;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Node;

/// <summary>A node as a process: the dqlite node beside it, the store, the door for links, the admin API; and the members of its ships, of one or of many.</summary>
/// <remarks>The admin API answers from the beginning; the rest comes up as the cluster does. What fails of one ship among many ends neither the node nor another ship.</remarks>
public sealed partial class SeguroNode : IAsyncDisposable
{
    private const int MostShips = 10_000;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly NodeConfiguration _configuration;
    private readonly ILogger _log;
    private readonly StartWaiting _waiting;
    private readonly ClusterCertificates _certificates;
    private readonly MemberAccess? _ofOne; // by the record of the only ship
    private readonly AccessList _access;
    private readonly RefusedConnections _refused;
    private readonly LinkDoor _door;
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly NodeParts _shared;
    private readonly HostedShip? _ship; // the only one
    private volatile NodeShips? _ships; // many
    private volatile NodeLease? _lease; // of a node that holds many
    private Task<SharedStore> _store = Task.FromException<SharedStore>(new InvalidOperationException("The node has not begun."));
    private volatile EmbeddedDqlite? _dqlite;
    private bool _isDisposed;

    private SeguroNode(NodeConfiguration configuration, ClusterCertificates certificates, ILogger log)
    {
        _configuration = configuration;
        _certificates = certificates;
        _log = log;
        _ofOne = configuration.HoldsMany ? null : new MemberAccess(configuration);
        _access = _ofOne?.List
            ?? new AccessList(configuration.Cluster, new AccessRecord { Members = [.. configuration.Members.Select(static member => member.Name)], Clients = configuration.Clients });
        _refused = new RefusedConnections(log, TimeProvider.System, Labels);
        _waiting = new StartWaiting(text => log.LogWarning("{Waiting}", text), TimeProvider.System);
        _door = new LinkDoor(new LinkDoorOptions
        {
            Name = configuration.Self.Name,
            Address = configuration.Self.Links,
            Listen = configuration.Listen,
            Certificates = certificates,
            Access = _access,
            Refused = why => _refused.Note(RefusedConnections.Links, why),
            Log = log,
            MostShips = configuration.HoldsMany ? MostShips : 1,
        });
        _shared = new NodeParts
        {
            Certificates = certificates,
            Door = _door,
            Refused = _refused,
            Store = cancel => _store.WaitAsync(cancel),
            Lease = () => _lease,
            Access = _ofOne,
            Ships = () => _ships?.Count ?? 1,
            Warnings = () => Warnings,
            Waiting = () => _waiting.Current,
        };
        if (!configuration.HoldsMany)
            _ship = new HostedShip(configuration, _shared, StartGate.OfMachine(), log, TimeProvider.System);
    }

    /// <summary>What the user should know of the node itself.</summary>
    private List<string> Warnings
    {
        get
        {
            List<string> warnings = [];
            if (_dqlite?.Process.Status is { State: not DqliteNodeState.Running } node)
                warnings.Add($"This member's dqlite node is {node.State.ToString().ToLowerInvariant()}{(node.LastError is { } error ? $": {error.Message}" : "")}.");
            warnings.AddRange(_certificates.Warnings(DateTimeOffset.UtcNow));
            if (_ships?.Trouble is { } trouble)
                warnings.Add(trouble);
            return warnings;
        }
    }

    /// <summary>What each metric of the node is labelled with.</summary>
    private KeyValuePair<string, object?>[] Labels => _configuration.HoldsMany
        ? [new("member", _configuration.Self.Name), new("cluster", _configuration.Cluster), new("node", _configuration.Self.Name)]
        : MemberMetrics.LabelsOf(_configuration.Self.Name, _configuration.Ship, _configuration.Cluster);

    /// <summary>
    /// Reads the files that a configuration names, as a start would: certificates, keys, token, and what the harbors' URLs name; and looks for the vere. Nothing is written, and nobody is asked.
    /// </summary>
    /// <exception cref="SeguroException">One of them is missing, can't be read, or is of no use.</exception>
    public static void Check(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        certificates.RequireIdentity(new ClusterIdentity(configuration.Cluster, configuration.Self.Name));
        certificates.RequireHost(configuration.Self.Links.Host);
        if (configuration.BalancerKey is { } key)
            KeyFiles.LoadKey(key);
        if (configuration.AdminToken is { } token)
            ReadToken(token);
        if (configuration.VereBinary is { } binary)
            RequireProgram(binary);
        CheckHarbors(configuration);
    }

    /// <inheritdoc cref="RunAsync(NodeConfiguration, ILogger, Func{Ship, ILogger}, CancellationToken)"/>
    public static Task RunAsync(NodeConfiguration configuration, ILogger log, CancellationToken cancel) => RunAsync(configuration, log, _ => log, cancel);

    /// <summary>Runs a node until it is told to end, or can't go on. Ends it cleanly: masters hand over first, for at most five seconds, and the ships' states are kept, for at most thirty.</summary>
    /// <param name="configuration">What it is.</param>
    /// <param name="log">Hears what happens: changes of role, warnings, what is waited for. From any thread.</param>
    /// <param name="logOf">The same for a ship, where the node holds many.</param>
    /// <param name="cancel">Tells it to end.</param>
    /// <exception cref="SeguroException">It could not start; or it holds one ship, and that one's own disk or data failed.</exception>
    public static async Task RunAsync(NodeConfiguration configuration, ILogger log, Func<Ship, ILogger> logOf, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(logOf);
        using ServiceNotify service = ServiceNotify.OfProcess();
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        certificates.RequireIdentity(new ClusterIdentity(configuration.Cluster, configuration.Self.Name));
        Directory.CreateDirectory(configuration.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using SeguroNode node = new(configuration, certificates, log);
        using CancellationTokenSource ended = new();
        Task keeping = service.KeepAsync(() => node.IsAlive, () => node.Line, ended.Token);
        try
        {
            await node.LiveAsync(service, logOf, cancel);
        }
        finally
        {
            await ended.CancelAsync();
            await keeping;
        }
    }

    /// <summary>Ends everything, in the reverse order of its start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (_ship is not null)
            await _ship.DisposeAsync();
        while (_parts.TryPop(out IAsyncDisposable? part))
            await part.DisposeAsync();
        _ships?.Dispose();
        _refused.Dispose();
    }

    /// <summary>How its ships stand, by name.</summary>
    private IReadOnlyList<ShipReport> Reports => _ship is { } one ? [one.Report] : _ships?.Reports ?? [];

    /// <summary>It does not hang. Of many ships one that hangs is no reason to end the others; one that has not started says nothing.</summary>
    private bool IsAlive
    {
        get
        {
            IReadOnlyList<HostedShip> held = _ship is { } one ? [one] : _ships?.All ?? [];
            TimeSpan[] silences = [.. held.Select(static ship => ship.SilentFor).OfType<TimeSpan>()];
            return silences.Length == 0 || silences.Min() < LongestSilence;
        }
    }

    /// <summary>How it stands, in a line.</summary>
    private string Line
    {
        get
        {
            if (_ship is { } ship)
                return ship.Line;
            if (_ships is null)
                return _waiting.Current ?? "starting";
            IReadOnlyList<ShipReport> reports = Reports;
            return $"{reports.Count} ships: master of {reports.Count(static one => one.Role == "master")}, {reports.Count(static one => !one.Healthy)} not healthy";
        }
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private async Task LiveAsync(ServiceNotify service, Func<Ship, ILogger> logOf, CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Keep(new CertificateWatch(_certificates, _log, TimeProvider.System, Labels));
        Keep(await AdminServer.StartAsync(MakeAdmin(), cancel));
        service.Ready(); // from here on it answers; the others may take their time
        Keep(_door);
        await OwnAddress.CheckAsync(_configuration, Dns.GetHostAddressesAsync, cancel);
        await _door.StartAsync(cancel);
        _store = OpenStoreAsync(stop.Token);
        try
        {
            if (_ship is { } ship)
                await RunOneAsync(ship, service, cancel);
            else
                await RunManyAsync(service, logOf, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            service.Stopping(); // while it started
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)_store).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task RunOneAsync(HostedShip ship, ServiceNotify service, CancellationToken cancel)
    {
        ship.Start(Task.CompletedTask);
        try
        {
            await ship.Running.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            service.Stopping();
        }
        await ship.DisposeAsync();
        await ship.Running; // throws what it ended with
    }

    private async Task RunManyAsync(ServiceNotify service, Func<Ship, ILogger> logOf, CancellationToken cancel)
    {
        SharedStore shared = await _store.WaitAsync(cancel);
        FleetIdentity owner = new(_configuration.Cluster, _certificates.AuthorityIds);
        ShipRegistry registry = Keep(await _waiting.ForAsync("the list of the cluster's ships", () => ShipRegistry.OpenAsync(shared.Store, owner, cancel), cancel));
        // All ships' writes at a takeover stand in one queue of a connection, and a renewal behind them could come too late for all of them.
        // A store that is a file of this process's has one connection.
        bool hasOwn = !StoreUrl.Parse(_configuration.StoreUrl).Kind.IsOfOneMachine;
        IStore leases = hasOwn ? Keep(await ShipLog.OpenStoreAsync(_configuration, _access, _waiting, cancel)) : shared.Store;
        string[] nodes = [.. _configuration.Members.Select(static member => member.Name)];
        _lease = Keep(await _waiting.ForAsync(
            "the nodes' leases", () => NodeLease.StartAsync(leases, _configuration.Self.Name, nodes, _configuration.Lease, BootClock.Instance, _log, cancel), cancel));
        NodeShips ships = _ships = new NodeShips(_configuration, _shared, registry, logOf, _log);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task following = ships.FollowAsync(stop.Token);
        try
        {
            await await Task.WhenAny(following, _lease.Completion);
        }
        finally
        {
            await stop.CancelAsync();
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            service.Stopping();
            await ships.EndAsync();
        }
    }

    private async Task<SharedStore> OpenStoreAsync(CancellationToken cancel)
    {
        if (_configuration.IsEmbedded)
        {
            EmbeddedDqlite dqlite = _dqlite = Keep(await EmbeddedDqlite.StartAsync(_configuration, _certificates, _access, _waiting, _log, cancel));
            dqlite.Process.Refused += (_, refusal) => _refused.Note(RefusedConnections.Dqlite, refusal.Why, refusal.Count);
        }
        IStore store = Keep(await ShipLog.OpenStoreAsync(_configuration, _access, _waiting, cancel));
        StoreIdentity identity = await ShipLog.ReadIdentityAsync(store, _waiting, cancel);
        foreach (string warning in store.Capabilities.Warnings)
            _log.LogWarning("{Store}", warning);
        // What the store says is of the moment at which it was opened: the others were perhaps not there yet.
        string means = _configuration.IsEmbedded ? $"a commit is durable on most of the {_configuration.Members.Count} members' dqlite nodes" : store.Capabilities.CommitMeans;
        _log.LogInformation("Store {Store}: {CommitMeans}.", _configuration.ShownStore, _configuration.IsEmbedded ? means : "a commit is " + means);
        return new SharedStore(store, identity, means);
    }
}

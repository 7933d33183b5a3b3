using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Nock.Ships;
using Seguro.Node.Access;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Effects;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Node.Startup;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Stores;
using Seguro.Stores.Dqlite;

namespace Seguro.Node;

/// <summary>One member as a process: the dqlite node beside it, the store, the log, the ship, the host, the links, datagrams, the admin API.</summary>
/// <remarks>The admin API answers from the beginning; the rest comes up as the cluster does. For one thread; <see cref="Status"/> for any.</remarks>
public sealed partial class SeguroNode : IAsyncDisposable
{
    /// <summary>How often a process starts anew by itself with a new log: a disk that damages one after the other needs a person.</summary>
    private const int MostRepairs = 3;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan VereHandOver = TimeSpan.FromSeconds(60); // it writes a snapshot as it ends
    private static readonly TimeSpan LongestSnapshot = TimeSpan.FromSeconds(30);

    private readonly NodeConfiguration _configuration;
    private readonly ILogger _log;
    private readonly StartWaiting _waiting;
    private readonly ClusterCertificates _certificates;
    private readonly MemberAccess _access;
    private readonly RefusedConnections _refused;
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly Lock _lock = new();
    private volatile MemberHost? _host;
    private volatile MemberLinks? _links;
    private StoreIdentity? _identity; // before the links start
    private volatile EffectRouter? _router;
    private KeyFile<MemberKey>? _balancerKey;
    private EmbeddedDqlite? _dqlite;
    private string _commitMeans = "";
    private ServiceNotify? _service;
    private bool _isDisposed;

    private SeguroNode(NodeConfiguration configuration, ClusterCertificates certificates, MemberAccess access, ILogger log)
    {
        _access = access;
        _refused = new RefusedConnections(log, TimeProvider.System);
        _configuration = configuration;
        _certificates = certificates;
        _log = log;
        _waiting = new StartWaiting(text => log.LogWarning("{Waiting}", text), TimeProvider.System);
    }

    /// <summary>How it stands.</summary>
    public StatusReport Status
    {
        get
        {
            List<string> warnings = [];
            if (_dqlite?.Process.Status is { State: not DqliteNodeState.Running } node)
                warnings.Add($"This member's dqlite node is {node.State.ToString().ToLowerInvariant()}{(node.LastError is { } error ? $": {error.Message}" : "")}.");
            string commitMeans;
            lock (_lock)
                commitMeans = _commitMeans;
            warnings.AddRange(_certificates.Warnings(DateTimeOffset.UtcNow));
            LinkRefusal? refusal = _links?.Refusal;
            if (refusal is not null)
                warnings.Add(refusal.Text);
            IReadOnlyList<string> asking = _links?.Asking ?? [];
            if (asking.Count > 0)
                warnings.Add($"{string.Join(", ", asking)} {(asking.Count == 1 ? "asks" : "ask")} to be let in: seguro cluster join {string.Join(' ', asking)}.");
            warnings.AddRange(_links?.Problems ?? []);
            warnings.AddRange(_refused.Warnings);
            warnings.AddRange(_router?.Warnings ?? []);
            if (_balancerKey?.Problem is { } keyProblem)
                warnings.Add(keyProblem);
            MemberHost? host = _host;
            if (host is null && _waiting.Current is { } waiting)
                warnings.Add(waiting);
            StatusReport report = StatusReport.Of(
                MemberStatus, _configuration.Ship.Name, StoreUrl.Parse(_configuration.StoreUrl).ToString(), commitMeans, _links?.Linked ?? [], warnings);
            report = report with
            {
                Version = MemberVersion.Own.Software,
                Versions = _links?.Versions ?? new Dictionary<string, string>(),
                Asking = asking,
                Refused = _refused.Counts,
                CertificatesUntil = _certificates.Expires,
                Stopped = report.Stopped ?? (refusal is { HasLeft: true } ? refusal.Text : null),
            };
            return host is null ? report with { Role = "starting" } : report with { Dropped = host.Drops, Level = host.Level };
        }
    }

    private MemberStatus MemberStatus => _host?.Status ?? new MemberStatus
    {
        Name = _configuration.Self.Name,
        Role = Role.Rejoining,
        Term = Term.None,
        Master = "",
        Durable = Position.Origin,
        Processed = Position.Origin,
        Committed = Position.Origin,
        Released = EventNumber.None,
        Optimism = _configuration.Optimism,
        Members = [.. _configuration.Members.Select(static member => member.Name)],
    };

    /// <summary>Reads the files that a configuration names, as a start would: certificates, key, token. Nothing is written, and nobody is asked.</summary>
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
    }

    /// <summary>Runs a member until it is told to end, or can't go on. Ends it cleanly: a master hands over first, for at most five seconds, and the ship's state is kept, for at most thirty.</summary>
    /// <param name="configuration">What it is.</param>
    /// <param name="log">Hears what happens: changes of role, warnings, what is waited for. From any thread.</param>
    /// <param name="cancel">Tells it to end.</param>
    /// <exception cref="SeguroException">It could not start, or its own disk or data failed.</exception>
    public static async Task RunAsync(NodeConfiguration configuration, ILogger log, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(log);
        using ServiceNotify service = ServiceNotify.OfProcess();
        for (int repairs = 0; await RunOnceAsync(configuration, log, service, mayRepair: repairs < MostRepairs, cancel); repairs++)
            log.LogWarning("The member starts again, and makes itself a new log from the cluster.");
    }

    /// <summary>Runs a member. True where it is to start again: its own log was found to be damaged, and that is marked.</summary>
    private static async Task<bool> RunOnceAsync(NodeConfiguration configuration, ILogger log, ServiceNotify service, bool mayRepair, CancellationToken cancel)
    {
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        certificates.RequireIdentity(new ClusterIdentity(configuration.Cluster, configuration.Self.Name));
        Directory.CreateDirectory(configuration.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using SeguroNode node = new(configuration, certificates, new MemberAccess(configuration), log);
        using CancellationTokenSource ended = new();
        Task keeping = service.KeepAsync(() => node._host is not { } host || host.SilentFor < LongestSilence, () => node.Line, ended.Token);
        try
        {
            node._service = service;
            await node.StartLetInAsync(cancel);
            // What hears, and what follows, must not end unseen.
            await (await Task.WhenAny(node._host!.Completion, node._links!.Completion, node._router?.Completion ?? node._host.Completion).WaitAsync(cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            service.Stopping();
            if (node._host is { } host)
                await host.EndAsync(configuration.VereBinary is null ? HandOver : VereHandOver, LongestSnapshot);
        }
        catch (DamagedLogException damage) when (mayRepair && DamageMark.Read(configuration.Folder) is not null)
        {
            log.LogError("This member's own log is damaged: {Damage}.", damage.Message);
            return true;
        }
        finally
        {
            await ended.CancelAsync();
            await keeping;
        }
        return false;
    }

    /// <summary>How it stands, in a line.</summary>
    private string Line => _host?.Status is { } status
        ? $"{status.Role.ToString().ToLowerInvariant()}, term {status.Term}, event {status.Processed.Number}{(status.Warnings.Count > 0 ? $"; {status.Warnings[0]}" : "")}"
        : _waiting.Current ?? "starting";

    /// <summary>Ends everything, in the reverse order of its start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        while (_parts.TryPop(out IAsyncDisposable? part))
            await part.DisposeAsync();
        _refused.Dispose();
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    /// <summary>Starts, and asks the others meanwhile whether this member is let in: who left finds that out here, and not by connections that break.</summary>
    private async Task StartLetInAsync(CancellationToken cancel)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        AdminActions actions = new(
            () => MemberStatus, (wish, token) => _host?.AskAsync(wish, token) ?? throw Starting(), () => Status, name => _links is { } links && (links.Asking.Contains(name) || links.Linked.Contains(name)),
            (to, path, body, token) => _links is { } links
                ? links.CommandAsync(to, path, body, AdminActions.Patience + TimeSpan.FromSeconds(5), token)
                : throw Starting(),
            () => _host);
        Keep(new CertificateWatch(_certificates, _log, TimeProvider.System));
        MemberLinks links = Keep(MakeLinks(actions));
        _links = links;
        Task asking = links.AskAsync(_configuration.Members.ToDictionary(static member => member.Name, static member => member.Links), both.Token);
        Task starting = StartAsync(actions, links, both.Token);
        Task first = await Task.WhenAny(asking, starting);
        await both.CancelAsync();
        await ((Task)(first == asking ? starting : asking)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        await first;
    }

    private static SeguroException Starting() => new(ErrorCode.StoreUnavailable, "this member is starting", "Wait a moment and repeat.");

    private MemberLinks MakeLinks(AdminActions actions) => new(new LinkOptions
    {
        Name = _configuration.Self.Name,
        Address = _configuration.Self.Links,
        Listen = _configuration.Listen,
        Certificates = _certificates,
        Access = _access.List,
        Received = (from, message) => _host?.Receive(from, message),
        ReadLocal = ReadLocalAsync,
        Store = () => _identity,
        StoreCompared = (from, isShared) => _host?.Post(new MemberInput.StoreCompared(from, isShared)),
        Command = (command, token) => command.Path == SuspicionTeller.Path
            ? SuspicionTeller.HearAsync(command, (from, told) => _host?.HearSuspicion(from, told))
            : actions.DoAsync(command.Path, command.Body, forwarded: true, token),
        Refused = why => _refused.Note(RefusedConnections.Links, why),
        Log = _log,
    });

    private async Task StartAsync(AdminActions actions, MemberLinks links, CancellationToken cancel)
    {
        Keep(await AdminServer.StartAsync(
            new AdminOptions
            {
                Socket = _configuration.AdminSocket,
                Https = _configuration.AdminHttps,
                Certificates = _certificates,
                Token = _configuration.AdminToken is { } file ? ReadToken(file) : null,
                Status = () => Status,
                History = () => _host?.History ?? [],
                Actions = actions,
                Refused = why => _refused.Note(RefusedConnections.Admin, why),
            },
            cancel));
        _service?.Ready(); // from here on it answers; the others may take their time
        if (_configuration.IsEmbedded)
            _dqlite = Keep(await EmbeddedDqlite.StartAsync(_configuration, _certificates, _access.List, _waiting, _log, cancel));
        if (_dqlite is not null)
            _dqlite.Process.Refused += (_, refusal) => _refused.Note(RefusedConnections.Dqlite, refusal.Why, refusal.Count);
        IStore store = Keep(await ShipLog.OpenStoreAsync(_configuration, _access.List, _waiting, cancel));
        _identity = await ShipLog.ReadIdentityAsync(store, _waiting, cancel);
        foreach (string warning in store.Capabilities.Warnings)
            _log.LogWarning("{Store}", warning);
        lock (_lock)
        {
            // What the store says is of the moment at which it was opened: the others were perhaps not there yet.
            _commitMeans = _configuration.IsEmbedded ? $"a commit is durable on most of the {_configuration.Members.Count} members' dqlite nodes" : store.Capabilities.CommitMeans;
        }
        _log.LogInformation("Store {Store}: {CommitMeans}.", StoreUrl.Parse(_configuration.StoreUrl), _configuration.IsEmbedded ? _commitMeans : "a commit is " + store.Capabilities.CommitMeans);
        (EventLog log, PierIdentity identity) = await ShipLog.OpenAsync(store, _configuration, _waiting, cancel);
        Keep(log);
        await StartGuard.PassAsync(log, store, _configuration, _waiting, cancel);
        await ShipLog.RefuseUnsafeAsync(store.Capabilities, log, _configuration, cancel);
        IShip? ship = MakeShip(identity);
        if (ship is not null)
            Keep(ship);
        EffectRouter? router = MakeRouter(identity);
        if (router is not null)
            Keep(router);
        _router = router;
        MemberHostOptions hosted = new()
        {
            Cluster = _configuration.Cluster,
            Member = MakeMember(store.Capabilities),
            Store = log,
            Identity = _identity,
            Pier = Path.Combine(_configuration.Folder, "pier"),
            Ship = ship,
            Vere = MakeVere(),
            Send = links.Send,
            ReadPeers = links.ReadAsync,
            Suspect = new SuspicionTeller(links).Tell,
            Release = (term, effects, degraded, token) => router?.ReleaseAsync(term, effects, degraded, token) ?? ValueTask.CompletedTask,
            ChangeRole = (role, term) =>
            {
                router?.ChangeRole(role, term);
                if (role is Role.Master && router is not null && ship is NockShip kernel)
                    _ = LearnVersionAsync(kernel, router);
            },
            ChangeMembers = _access.See,
            ScrubRate = _configuration.Scrub,
            SeeTerm = term => router?.SeeTerm(term),
            Log = _log,
        };
        MemberHost host = Keep(await _waiting.ForAsync("this member's own log and its ship's last state", () => StartHostAsync(hosted, cancel), cancel));
        _host = host;
        await links.StartAsync(cancel);
        links.SetPeers(_configuration.Members.ToDictionary(static member => member.Name, static member => member.Links));
        router?.Start(host.Hear);
    }

    /// <summary>A new master asks its kernel by which version of the protocol packets are dropped; before that, and where it does not say, by none.</summary>
    private async Task LearnVersionAsync(NockShip kernel, EffectRouter router)
    {
        try
        {
            if (_host is { } host && await host.AskShipAsync(() => kernel.AskAmesVersion(CancellationToken.None)) is { } version)
                router.SetVersion(version);
        }
        catch (OperationCanceledException)
        {
            // The member ends.
        }
    }
}

using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Access;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Effects;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Node.Startup;
using Seguro.Piers;
using Seguro.Stores;
using Seguro.Vere.Networks;
using Seguro.Vere.Running;

namespace Seguro.Node.Ships;

/// <summary>One life of one member of one ship: its log, its ship, its host, its links through the node's door, its datagrams, its harbors. What a node has once, it has of the node.</summary>
/// <remarks>For one thread; <see cref="Status"/>, <see cref="Host"/> and <see cref="Links"/> for any.</remarks>
sealed partial class ShipMember : IAsyncDisposable
{
    private const int ShipsOfWindow = 64;
    private const long LeastShare = 64 << 10;
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan VereHandOver = TimeSpan.FromSeconds(60); // it writes a snapshot as it ends
    private static readonly TimeSpan LongestSnapshot = TimeSpan.FromSeconds(30);

    private readonly NodeConfiguration _configuration;
    private readonly NodeParts _node;
    private readonly AdminActions _actions;
    private readonly ILogger _log;
    private readonly StartWaiting _waiting;
    private readonly MemberAccess _access;
    private readonly Stack<IAsyncDisposable> _parts = new();
    private volatile MemberHost? _host;
    private volatile MemberLinks? _links;
    private volatile SharedStore? _store;
    private string? _runtime; // the vere's version, before the links start
    private volatile EffectRouter? _router;
    private volatile VerePorts? _ports;
    private volatile MemberHarbors? _harbors;
    private KeyFile<MemberKey>? _balancerKey;
    private bool _isDisposed;

    /// <summary>Makes a member; <see cref="StartAsync"/> begins.</summary>
    /// <param name="configuration">What it is; of a ship of its own also where the node has many.</param>
    /// <param name="node">What it has of its node.</param>
    /// <param name="actions">What other members may ask for.</param>
    /// <param name="log">Hears what happens.</param>
    /// <exception cref="SeguroException">What it wrote down of who is let in can't be read.</exception>
    public ShipMember(NodeConfiguration configuration, NodeParts node, AdminActions actions, ILogger log)
    {
        _configuration = configuration;
        _node = node;
        _actions = actions;
        _log = log;
        _access = node.Access ?? new MemberAccess(configuration);
        _waiting = new StartWaiting(text => log.LogWarning("{Waiting}", text), TimeProvider.System);
    }

    /// <summary>The host, where it has started.</summary>
    public MemberHost? Host => _host;

    /// <summary>The links, where it has some.</summary>
    public MemberLinks? Links => _links;

    /// <summary>How it stands, as the core has it.</summary>
    public MemberStatus MemberStatus => _host?.Status ?? StatusBefore(_configuration);

    /// <summary>How it stands.</summary>
    public StatusReport Status
    {
        get
        {
            List<string> warnings = [.. _node.Warnings()];
            LinkRefusal? refusal = _links?.Refusal;
            if (refusal is not null)
                warnings.Add(refusal.Text);
            IReadOnlyList<string> asking = _links?.Asking ?? [];
            if (asking.Count > 0)
                warnings.Add($"{string.Join(", ", asking)} {(asking.Count == 1 ? "asks" : "ask")} to be let in: seguro cluster join {string.Join(' ', asking)}{(_configuration.HoldsMany ? $" --ship {_configuration.Ship}" : "")}.");
            warnings.AddRange(_links?.Problems ?? []);
            warnings.AddRange(_node.Refused.Warnings);
            warnings.AddRange(_router?.Warnings ?? []);
            warnings.AddRange(_ports?.Warnings ?? []);
            warnings.AddRange(_harbors?.Warnings ?? []);
            if (OtherRuntime() is { } other)
                warnings.Add(other);
            if (_balancerKey?.Problem is { } keyProblem)
                warnings.Add(keyProblem);
            MemberHost? host = _host;
            if (host is null && (_waiting.Current ?? _node.Waiting()) is { } waiting)
                warnings.Add(waiting);
            StatusReport report = StatusReport.Of(
                MemberStatus, _configuration.Ship.Name, StoreUrl.Parse(_configuration.StoreUrl).ToString(), _store?.CommitMeans ?? "", _links?.Linked ?? [], warnings);
            report = report with
            {
                Version = MemberVersion.Own.Software,
                Versions = _links?.Versions ?? new Dictionary<string, string>(),
                Asking = asking,
                Refused = _node.Refused.Counts,
                CertificatesUntil = _node.Certificates.Expires,
                Stopped = report.Stopped ?? (refusal is { HasLeft: true } ? refusal.Text : null),
            };
            if (refusal is null && !report.IsMember)
                report = report with { Warnings = [new LinkRefusal(report.Name, "the store's record", HasLeft: false).Text, .. report.Warnings] };
            return host is null ? report with { Role = "starting" } : report with { Dropped = host.Drops, Level = host.Level };
        }
    }

    /// <summary>How it stands, in a line.</summary>
    public string Line => _host?.Status is { } status
        ? $"{status.Role.ToString().ToLowerInvariant()}, term {status.Term}, event {status.Processed.Number}{(status.Warnings.Count > 0 ? $"; {status.Warnings[0]}" : "")}"
        : _waiting.Current ?? _node.Waiting() ?? "starting";

    /// <summary>How a member stands of which nothing is known but its configuration.</summary>
    public static MemberStatus StatusBefore(NodeConfiguration configuration) => new()
    {
        Name = configuration.Self.Name,
        Role = Role.Rejoining,
        Term = Term.None,
        Master = "",
        Durable = Position.Origin,
        Processed = Position.Origin,
        Committed = Position.Origin,
        Released = EventNumber.None,
        Optimism = configuration.Optimism,
        Members = [.. configuration.Members.Select(static member => member.Name)],
    };

    /// <summary>Starts, and asks the others meanwhile whether this member is let in: who left finds that out here, and not by connections that break.</summary>
    /// <exception cref="SeguroException">It could not start.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _runtime = _configuration.VereBinary is { } binary ? await RuntimeVersion.AskAsync(binary, cancel) : null;
        MemberLinks links = Keep(MakeLinks());
        _links = links;
        Task asking = links.AskAsync(_configuration.Members.ToDictionary(static member => member.Name, static member => member.Links), both.Token);
        Task starting = StartAsync(links, both.Token);
        Task first = await Task.WhenAny(asking, starting);
        await both.CancelAsync();
        await ((Task)(first == asking ? starting : asking)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        await first;
    }

    /// <summary>Returns, or throws, when a member that has started can't go on: what hears, and what follows, must not end unseen.</summary>
    /// <exception cref="SeguroException">Its own disk or data failed.</exception>
    public async Task RunAsync(CancellationToken cancel) =>
        await (await Task.WhenAny(_host!.Completion, _links!.Completion, _router?.Completion ?? _ports?.Completion ?? _host.Completion).WaitAsync(cancel));

    /// <summary>Ends it cleanly: a master hands over first, for at most five seconds, and the ship's state is kept, for at most thirty.</summary>
    public Task EndAsync() => _host is { } host ? host.EndAsync(_configuration.VereBinary is null ? HandOver : VereHandOver, LongestSnapshot) : Task.CompletedTask;

    /// <summary>Ends everything, in the reverse order of its start. What throws holds up none of the rest; the first of it is thrown at the end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        ExceptionDispatchInfo? first = null;
        while (_parts.TryPop(out IAsyncDisposable? part))
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception failed)
            {
                first ??= ExceptionDispatchInfo.Capture(failed);
            }
        }
        first?.Throw();
    }

    /// <summary>Said while all is well: a takeover is no time to find it out.</summary>
    private string? OtherRuntime() => _host?.Status is { Role: Role.Replica, Master: { Length: > 0 } master } && _runtime is { } own && _links?.RuntimeOf(master) is { } others && own != others
        ? $"This member has vere {own}, and the master {master} has {others}: a takeover changes the ship's vere, and an event that the two compute otherwise stops this member. Bring all members to one version: seguro vere rehearse, then seguro vere upgrade."
        : null;

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private MemberLinks MakeLinks() => new(new LinkOptions
    {
        Name = _configuration.Self.Name,
        Address = _configuration.Self.Links,
        Ship = _configuration.Ship,
        Door = _node.Door,
        Certificates = _node.Certificates,
        Access = _access.List,
        Received = (from, message) => _host?.Receive(from, message),
        ReadLocal = ReadLocalAsync,
        Version = _configuration.HoldsMany ? MemberVersion.OfNodes : MemberVersion.Own,
        Runtime = _runtime,
        Store = () => _store?.Identity,
        StoreCompared = (from, isShared) => _host?.Post(new MemberInput.StoreCompared(from, isShared)),
        Command = (command, token) => command.Path switch
        {
            SuspicionTeller.Path => SuspicionTeller.HearAsync(command, (from, told) => _host?.HearSuspicion(from, told)),
            NeedAsker.Path => NeedAsker.AnswerAsync(OwnWord),
            _ => _actions.DoAsync(command.Path, command.Body, forwarded: true, token),
        },
        Refused = why => _node.Refused.Note(RefusedConnections.Links, why),
        Log = _log,
    });

    private async Task StartAsync(MemberLinks links, CancellationToken cancel)
    {
        SharedStore shared = await _node.Store(cancel);
        _store = shared;
        IStore store = shared.Store;
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
        ShipNetwork? network = await MakeNetworkAsync(cancel);
        if (network is not null)
            Keep(network);
        VerePorts? ports = MakePorts(network);
        if (ports is not null)
            Keep(ports);
        _ports = ports;
        MemberHostOptions hosted = new()
        {
            Cluster = _configuration.Cluster,
            Member = MakeMember(ShareOf(store.Capabilities.Window), store.Capabilities.Window),
            Store = log,
            Identity = shared.Identity,
            Node = _node.Lease(),
            Pier = Path.Combine(_configuration.Folder, "pier"),
            Ship = ship,
            Vere = MakeVere(identity, network),
            Send = links.Send,
            ReadPeers = links.ReadAsync,
            Suspect = new SuspicionTeller(links).Tell,
            Release = (term, effects, degraded, token) => router?.ReleaseAsync(term, effects, degraded, token) ?? ValueTask.CompletedTask,
            ChangeRole = (role, term) =>
            {
                router?.ChangeRole(role, term);
                ports?.ChangeRole(role, term);
                if (role is Role.Master && router is not null && ship is NockShip kernel)
                    _ = LearnVersionAsync(kernel, router);
            },
            ChangeMembers = _access.See,
            ScrubRate = _configuration.Scrub,
            SeeTerm = term =>
            {
                router?.SeeTerm(term);
                ports?.SeeTerm(term);
            },
            Log = _log,
        };
        MemberHost host = Keep(await _waiting.ForAsync("this member's own log and its ship's last state", () => StartHostAsync(hosted, cancel), cancel));
        _host = host;
        await links.StartAsync(cancel);
        links.SetPeers(_configuration.Members.ToDictionary(static member => member.Name, static member => member.Links));
        router?.Start(host.Hear);
        if (MakeHarbors(host, log) is { } harbors)
            _harbors = Keep(harbors);
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

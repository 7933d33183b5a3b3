using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Node.Admin;
using Seguro.Piers;

namespace Seguro.Testing;

/// <summary>Three members, each a real <c>seguro run</c> in a network of its own, and <c>seguro balancer</c>.</summary>
internal sealed class NemesisCluster : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private static readonly string[] Members = ["m1", "m2", "m3"];

    private const int ShipPort = 31337;
    private const string OutsideHub = "198.51.100.1";
    private const string OutsideClient = "198.51.100.9";
    private const ulong MostBehind = 50;
    private readonly NemesisOptions _options;
    private readonly Watchdog _watchdog = new();
    private readonly ConcurrentDictionary<string, NetworkProcess> _running = [];
    private readonly Dictionary<string, int> _starts = [];
    private readonly List<(string Process, string Log)> _logs = [];
    private readonly List<TcpRelay> _relays = [];
    private ulong _lastNode = (ulong)Members.Length;
    private string _store = "";
    private string _inside = "";

    private NemesisCluster(NemesisOptions options, PostgresCluster? postgres, MemberNetworks networks)
    {
        _options = options;
        Postgres = postgres;
        Networks = networks;
    }

    /// <summary>The members' store where it is not dqlite.</summary>
    public PostgresCluster? Postgres { get; }

    /// <summary>The members' networks.</summary>
    public MemberNetworks Networks { get; }

    /// <summary>The members' names.</summary>
    public IReadOnlyList<string> Names => Networks.Members;

    /// <summary>The ship's public address, in the hub.</summary>
    public IPEndPoint Public => new(IPAddress.Parse(IsVere ? OutsideHub : "10.77.0.1"), 13337);

    /// <summary>Where the client's datagrams go: to the balancer, or to every member, since the ship is with one of them and the client can't know with which.</summary>
    public IReadOnlyList<IPEndPoint> Doors => _options.IsDirect ? [.. Members.Select(name => new IPEndPoint(IPAddress.Parse(Networks.AddressOf(name)), ShipPort))] : [Public];

    /// <summary>Where the client is.</summary>
    public NetworkNamespace Outside => Networks.Client ?? Networks[MemberNetworks.Hub];

    /// <summary>How many events the ship's boot had.</summary>
    public ulong Boot { get; private set; } = (ulong)DemoKernel.Life;

    private bool IsVere => _options.Ship == "vere";

    private string[] VereSettings =>
    [
        "--set", "ship:kind=vere", "--set", $"vere:binary={StandInVere.Program}", "--set", $"vere:arguments=-p {ShipPort} --http-port 8080", "--set", $"vere:replicas={_options.Replicas}",
    ];

    private string[] Balanced => _options.IsDirect ? [] : ["--balancer", Networks.AddressOf(MemberNetworks.Hub) + ":7503"];

    /// <summary>Every process of a member that was started, such as <c>m1-2</c>, with the file of what it said.</summary>
    public IReadOnlyList<(string Process, string Log)> Logs => _logs;

    private string Root => Path.Combine(_options.Folder, "cluster");

    private string Booted => Path.Combine(_options.Folder, "booted");

    private string[] Certificates => Postgres is null ? ["--certificates", Path.Combine(Root, "client")] : [];

    /// <summary>Makes the cluster's files and starts all of it.</summary>
    /// <param name="options">What the run is told.</param>
    /// <param name="postgres">The store; <see langword="null"/>: dqlite.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<NemesisCluster> StartAsync(NemesisOptions options, PostgresCluster? postgres, CancellationToken cancel)
    {
        NemesisCluster cluster = new(options, postgres, await MemberNetworks.CreateAsync(Members));
        try
        {
            string store = postgres is null ? "dqlite" : await cluster.LetInAsync(postgres, cancel);
            string hosts = string.Join(',', Members.Select(cluster.Networks.AddressOf));
            string[] kernel = cluster.IsVere ? [] : ["--kernel", "demo"];
            string made = await cluster.RunAsync("init", cancel, ["cluster", "init", cluster.Root, "--ship", "~zod", .. kernel, "--members", $"{Members.Length}", "--hosts", hosts, .. cluster.Balanced, "--store", store, "--json"]);
            using JsonDocument document = JsonDocument.Parse(made);
            cluster._store = postgres is null ? document.RootElement.GetProperty("store").GetString()! : store;
            cluster._inside = options.IsDirect ? "" : document.RootElement.GetProperty("balancer").GetString()!;
            if (cluster.IsVere)
                await cluster.BootAsync();
            foreach (string place in cluster.Networks.Places)
                cluster.Start(place);
            if (cluster.IsVere)
                await cluster.RunAsync("import", cancel, ["pier", "import", cluster.Booted, "--store", cluster._store, .. cluster.Certificates]);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a member, or the balancer at the hub, where it does not run.</summary>
    public void Start(string place)
    {
        if (_running.ContainsKey(place) || (_options.IsDirect && place == MemberNetworks.Hub))
            return;
        string process = $"{place}-{_starts[place] = _starts.GetValueOrDefault(place) + 1}";
        string log = Path.Combine(_options.Folder, process + ".log");
        if (place != MemberNetworks.Hub)
            _logs.Add((process, log));
        // Small figures, so that a few minutes of a few datagrams a second meet snapshots, trims, and the bound on what is computed ahead.
        string[] words = place == MemberNetworks.Hub
            ? ["balancer", .. IsVere ? ["--route"] : Array.Empty<string>(), "--listen", Public.ToString(), "--inside", _inside, "--key-file", Path.Combine(Root, "balancer.keys"), "--stats", "10"]
            : ["run", "-c", Path.Combine(Root, place, "seguro.json"), "--set", $"maxUnreplicatedEvents={_options.MaxUnreplicated}", "--set", "snapshotEvery=500", "--set", "storeWindow=1MiB", .. IsVere ? VereSettings : []];
        _running[place] = NetworkProcess.Start(Networks[place], log, _watchdog, words);
    }

    /// <summary>Kills a member, or the balancer at the hub (−9).</summary>
    public async Task KillAsync(string place, bool withDatabase)
    {
        if (!_running.TryRemove(place, out NetworkProcess? process))
            return;
        await process.KillAsync(withDatabase);
        process.Dispose();
    }

    /// <summary>Tells a member to end, and waits for that.</summary>
    public async Task StopAsync(string place)
    {
        if (!_running.TryRemove(place, out NetworkProcess? process))
            return;
        await process.StopAsync();
        process.Dispose();
    }

    /// <summary>Sends a signal to a member or the balancer.</summary>
    public Task SignalAsync(string place, string signal, bool withDatabase) =>
        _running.TryGetValue(place, out NetworkProcess? process)
        ? process.SignalAsync(signal, withDatabase)
        : Task.CompletedTask;

    /// <summary>Sends a signal to members' database nodes alone.</summary>
    public Task SignalDatabaseAsync(string signal, params IEnumerable<string> members) =>
        Tool.SignalAsync(signal, members.SelectMany(member => _running.TryGetValue(member, out NetworkProcess? process) ? process.Children() : []));

    /// <summary>The processes of a member's vere whose command line has one word, and not another.</summary>
    public IEnumerable<int> ShipOf(string name, string word, string? without = null)
    {
        string folder = Path.Combine(Root, name, "data");
        return Tool.Commands().Where(process => process.Command.Contains(word) && (without is null || !process.Command.Contains(without))
            && process.Command.Any(part => part.StartsWith(folder, StringComparison.Ordinal))).Select(static process => process.Id);
    }

    /// <summary>Takes a dead member's disk away, and gives it a database node of a new number, as docs/operate.md says.</summary>
    public void Wipe(string name)
    {
        Directory.Delete(Path.Combine(Root, name, "data"), recursive: true);
        if (Postgres is not null)
            return;
        string file = Path.Combine(Root, name, "seguro.json");
        JsonNode configuration = JsonNode.Parse(File.ReadAllText(file), null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;
        configuration["members"]![name]!["id"] = ++_lastNode;
        File.WriteAllText(file, configuration.ToJsonString());
    }

    /// <summary>How the members stand that answer soon.</summary>
    public async Task<IReadOnlyDictionary<string, StatusReport>> StatusesAsync(CancellationToken cancel)
    {
        (string Name, StatusReport? Status)[] asked = await Task.WhenAll(
            _running.Keys.Where(static place => place != MemberNetworks.Hub)
            .Select(async name => (name, await StatusAsync(name, cancel))));
        return asked.Where(static one => one.Status is not null).ToDictionary(static one => one.Name, static one => one.Status!);
    }

    /// <summary>Waits until somebody is master, with that many healthy replicas.</summary>
    /// <exception cref="TimeoutException">It does not come to be in time.</exception>
    public Task<StatusReport> UntilMasterAsync(int replicas, CancellationToken cancel) => UntilAsync(
        $"a master with {replicas} healthy replicas",
        statuses => statuses.Values.Where(status => status.Role == "master" && status.Replicas.Count(static replica => replica.Healthy) >= replicas).MaxBy(static status => status.Term), cancel);

    /// <summary>Waits until there is one master, and all others are its healthy replicas and say so themselves: a master notices only after a while that one is gone.</summary>
    public Task UntilWholeAsync(CancellationToken cancel) => UntilAsync(
        "a master with two healthy replicas",
        statuses => statuses.Count == Members.Length && statuses.Values.All(static status => status.IsHealthy) && statuses.Values.Count(static status => status.Role == "master") == 1
            && statuses.Values.Single(static status => status.Role == "master").Replicas.Count(static replica => replica.Healthy) == Members.Length - 1 ? statuses : null,
        cancel);

    /// <summary>Waits until every member's own log has what is committed, but for what is on its way.</summary>
    public Task UntilEqualAsync(CancellationToken cancel) => UntilAsync(
        "three logs with all that is committed",
        statuses => statuses.Count == Members.Length
            && statuses.Values.Min(static status => status.Durable.Event) + MostBehind >= statuses.Values.Max(static status => status.Committed.Event)
            ? statuses : null, cancel);

    /// <summary>Waits until the members' statuses have what is looked for.</summary>
    public async Task<T> UntilAsync<T>(string what, Func<IReadOnlyDictionary<string, StatusReport>, T?> find, CancellationToken cancel)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            IReadOnlyDictionary<string, StatusReport> statuses = await StatusesAsync(cancel);
            if (find(statuses) is { } found)
                return found;
            if (EndedByItself() is { } ended)
                throw new InvalidOperationException(ended);
            if (TimeProvider.System.GetElapsedTime(start) > _options.Patience)
                throw new TimeoutException($"there was not {what} within {_options.Patience.TotalSeconds:0} s: {string.Join("; ", Members.Select(name => Describe(name, statuses.GetValueOrDefault(name))))}");
            await Task.Delay(Glance, cancel);
        }
    }

    private static string Describe(string name, StatusReport? status) => status is null
        ? $"{name} does not answer"
        : $"{name} {status.Role} of term {status.Term}, log {status.Durable.Event}, committed {status.Committed.Event}, master '{status.Master}', optimism {status.Optimism.Replicas}, {string.Join(' ', status.Warnings)}";

    /// <summary>Asks a member's admin API.</summary>
    public async Task<StatusReport> AskAsync(string name, Func<AdminClient, Task<StatusReport>> ask)
    {
        using AdminClient client = new(Path.Combine(Root, name, "data", "admin.sock"));
        return await ask(client);
    }

    /// <summary>The process that ended and was not made to; <see langword="null"/> where there is none.</summary>
    public string? EndedByItself()
    {
        foreach ((string place, NetworkProcess process) in _running)
        {
            if (process.HasExited)
                return $"{place} ended by itself; see {process.Log}: {process.LastWords()}";
        }
        return null;
    }

    /// <summary>The end of the store's log, every event of it verified.</summary>
    public async Task<(ulong First, Position Head)> VerifyStoreAsync(CancellationToken cancel)
    {
        using JsonDocument document = JsonDocument.Parse(await RunAsync("verify", cancel, ["log", "verify", "--store", _store, "--json", .. Certificates]));
        JsonElement root = document.RootElement;
        return (root.GetProperty("first").GetUInt64(), PositionOf(root.GetProperty("head").GetUInt64(), root.GetProperty("chain").GetString()));
    }

    /// <summary>A position of two values in JSON.</summary>
    public static Position PositionOf(ulong number, string? chain) => Chain.TryParse(chain, out Chain parsed)
        ? new Position(new EventNumber(number), parsed)
        : throw new InvalidDataException($"'{chain}' is no chain.");

    /// <summary>A member's local log.</summary>
    public string PierOf(string name) => Path.Combine(Root, name, "data", "pier");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NetworkProcess process in _running.Values)
        {
            await process.SignalAsync("CONT", withChildren: true);
            await process.KillAsync(withChildren: true);
            process.Dispose();
        }
        _running.Clear();
        foreach (TcpRelay relay in _relays)
            await relay.DisposeAsync();
        await Networks.DisposeAsync();
        _watchdog.Dispose();
    }

    // A ship that stands still, a copy of its pier with each member, and a way from a client outside to whoever is master.
    private async Task BootAsync()
    {
        await Networks.AddClientAsync(OutsideHub, OutsideClient);
        await Tool.RunAsync([StandInVere.Program, "-F", "zod", "-t", "-x", "-p", $"{FreePort.Next()}", "--http-port", $"{FreePort.Next()}", "-c", Booted]);
        foreach (string name in Members)
        {
            Directory.CreateDirectory(Path.Combine(Root, name, "data"));
            await Tool.RunAsync(["cp", "-a", "--sparse=always", Booted, PierOf(name)]);
        }
        using Pier pier = Pier.Open(Booted, PierAccess.Offline);
        Boot = pier.Info.Identity.Life;
    }

    // The servers are on this machine's own loopback; the members reach them at the hub, so that what parts a member from the hub parts it from them.
    private async Task<string> LetInAsync(PostgresCluster postgres, CancellationToken cancel)
    {
        IPAddress hub = IPAddress.Parse(Networks.AddressOf(MemberNetworks.Hub));
        foreach (PostgresServer server in postgres.Servers)
            _relays.Add(TcpRelay.Between(Networks[MemberNetworks.Hub], new IPEndPoint(hub, server.Port), server.Port));
        return (await postgres.MakeDatabaseAsync(cancel)).Replace(IPAddress.Loopback.ToString(), hub.ToString(), StringComparison.Ordinal);
    }

    private async Task<StatusReport?> StatusAsync(string name, CancellationToken cancel)
    {
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        soon.CancelAfter(AnswerTime);
        try
        {
            return await AskAsync(name, client => client.ReadStatusAsync(soon.Token));
        }
        catch (Exception error) when (error is SeguroException || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    private Task<string> RunAsync(string what, CancellationToken cancel, params string[] words) =>
        NetworkProcess.RunAsync(Networks[MemberNetworks.Hub], Path.Combine(_options.Folder, what + ".log"), _watchdog, cancel, words);
}

using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Seguro.Testing;

/// <summary>
/// Three PostgreSQL servers under Patroni, of Debian's packages, with one etcd: a real failover that nobody here has a hand in. One standby must have each commit on disk
/// (<c>synchronous_mode</c> and <c>synchronous_mode_strict</c>). In temporary folders, on free ports of loopback.
/// </summary>
/// <remarks>
/// etcd rather than Patroni's own raft, which Patroni 3.0 calls deprecated; one etcd rather than three, because its death is none of the faults here, and its flushes cost the others time.
/// By etcd's old interface: by the new one (<c>etcd3</c>), Patroni before 3.0.3 lets a primary that was frozen take the leadership back from the one that replaced it (docs/reliability.md).
/// </remarks>
public sealed class PatroniCluster : IAsyncDisposable
{
    /// <summary>For how long Patroni's leader may be silent before another is made (its <c>ttl</c>), in seconds.</summary>
    public const int LeaderSeconds = 5;

    private const int Nodes = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const string Scope = "seguro"; // in PatroniNode's configuration
    private static readonly TimeSpan BeforeNewCopy = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = PostgresInstallation.MakeFolder();
    private readonly Watchdog _watchdog = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly List<PatroniNode> _nodes = [];
    private ServerProcess? _etcd;

    private PatroniCluster() => _watchdog.Folder(_folder.Path);

    /// <summary>The machines.</summary>
    public IReadOnlyList<PatroniNode> Machines => _nodes;

    /// <summary>The URL with all servers, of the user who owns the database.</summary>
    public string Url =>
        $"postgresql://seguro:{Uri.EscapeDataString(PostgresInstallation.Password)}@{string.Join(',', _nodes.Select(static node => $"127.0.0.1:{node.Port}"))}/seguro?target_session_attrs=primary";

    /// <summary>Starts a cluster and waits until one server leads and two stream, one of them as the synchronous standby.</summary>
    /// <exception cref="InvalidOperationException">Patroni, etcd or PostgreSQL is not installed: the message says how to install it.</exception>
    public static async Task<PatroniCluster> StartAsync(CancellationToken cancel)
    {
        if (!File.Exists("/usr/bin/patroni") || !File.Exists("/usr/bin/etcd"))
            throw new InvalidOperationException("These tests start Patroni and etcd: apt-get install patroni etcd-server python3-etcd");
        PatroniCluster cluster = new();
        try
        {
            int port = await cluster.StartEtcdAsync();
            for (int i = 1; i <= Nodes; i++)
            {
                PatroniNode node = new($"p{i}", cluster._folder.Path, cluster._watchdog);
                cluster._nodes.Add(node);
                await node.MakeAsync(port);
                node.Start();
            }
            PatroniNode leader = await cluster.UntilWholeAsync(cancel);
            await leader.AskAsync($"CREATE USER seguro PASSWORD '{PostgresInstallation.Password}'", cancel);
            await leader.AskAsync("GRANT pg_monitor TO seguro", cancel);
            await leader.AskAsync("CREATE DATABASE seguro OWNER seguro", cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until another server than <paramref name="old"/> leads; the new one.</summary>
    public Task<PatroniNode> UntilFailedOverAsync(PatroniNode old, CancellationToken cancel) =>
        UntilAsync($"another leader than {old.Name}", roles => roles.Any(role => role.Value == "leader" && role.Key != old.Name), cancel);

    /// <summary>Waits until all three machines run, one leads, and one of the two others is the synchronous standby; the leader.</summary>
    /// <remarks>
    /// A standby that was rewound from a primary that was itself rewound afterwards waits for ever for what is nowhere ("Consistent recovery state
    /// has not been yet reached"): Patroni leaves it so, and
    /// whoever operates it gives it a new copy. So does this, once.
    /// </remarks>
    public async Task<PatroniNode> UntilWholeAsync(CancellationToken cancel)
    {
        try
        {
            return await UntilAsync("three servers", IsWhole, cancel, BeforeNewCopy);
        }
        catch (TimeoutException)
        {
            PatroniNode leader = await UntilAsync("a leader", static roles => roles.ContainsValue("leader"), cancel);
            Dictionary<string, string> roles = await ReadAsync(leader, cancel);
            foreach (PatroniNode lost in _nodes.Where(node => node is { IsRunning: true, IsFrozen: false } && !roles.ContainsKey(node.Name)))
                await Tool.RunAsync(["/usr/bin/patronictl", "-c", leader.Configuration, "reinit", Scope, lost.Name, "--force"]);
            return await UntilAsync("three servers", IsWhole, cancel);
        }
    }

    private static bool IsWhole(Dictionary<string, string> roles) => roles.Count == Nodes && roles.ContainsValue("sync_standby");

    /// <summary>Lets Patroni hand over, in good order, to its synchronous standby; returns when the command ends.</summary>
    public async Task SwitchOverAsync(CancellationToken cancel)
    {
        PatroniNode leader = await UntilWholeAsync(cancel);
        string standby = (await ReadAsync(leader, cancel)).First(static member => member.Value == "sync_standby").Key;
        await Tool.RunAsync(["/usr/bin/patronictl", "-c", leader.Configuration, "switchover", "--leader", leader.Name, "--candidate", standby, "--force"]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (PatroniNode node in _nodes)
            await node.DisposeAsync();
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
        _watchdog.Dispose();
        NpgsqlConnection.ClearAllPools();
    }

    private async Task<int> StartEtcdAsync()
    {
        (int port, int peers) = (FreePort.Next(), FreePort.Next());
        string data = _folder["etcd"];
        await PostgresInstallation.GiveAsync(data);
        string peerUrl = $"http://127.0.0.1:{peers}";
        string clientUrl = $"http://127.0.0.1:{port}";
        _etcd = ServerProcess.Start(
            PostgresInstallation.Command(
                "/usr/bin/etcd", "--enable-v2", "--data-dir", data, "--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl,
                "--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl, "--initial-cluster", $"default={peerUrl}"),
            _folder["etcd.log"],
            _watchdog);
        return port;
    }

    /// <summary>Waits until what Patroni says of the machines is as wanted; the one that leads then. All that run must say the same: one that was frozen tells for a moment what was.</summary>
    private async Task<PatroniNode> UntilAsync(string what, Func<Dictionary<string, string>, bool> wanted, CancellationToken cancel, TimeSpan? patience = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            Dictionary<string, string>[] answers = await Task.WhenAll(_nodes.Where(static node => node is { IsRunning: true, IsFrozen: false }).Select(node => ReadAsync(node, cancel)));
            if (wanted(answers[0]) && Array.TrueForAll(answers, answer => answer.Count == answers[0].Count && !answer.Except(answers[0]).Any())
                && _nodes.Find(node => answers[0].GetValueOrDefault(node.Name) == "leader") is { } leader)
                return leader;
            if (Stopwatch.GetElapsedTime(start) > (patience ?? Patience))
                throw new TimeoutException($"Patroni did not come to {what}.\n{string.Join("\n", _nodes.Select(static node => $"--- {node.Name}\n{node.Log}"))}");
            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>The roles of the machines whose server runs (Patroni's <c>GET /cluster</c>): <c>leader</c>, <c>sync_standby</c>, <c>replica</c>. None where it does not answer.</summary>
    private async Task<Dictionary<string, string>> ReadAsync(PatroniNode node, CancellationToken cancel)
    {
        Dictionary<string, string> roles = [];
        try
        {
            using JsonDocument answer = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"http://127.0.0.1:{node.ApiPort}/cluster"), cancel));
            foreach (JsonElement member in answer.RootElement.GetProperty("members").EnumerateArray())
            {
                if (member.GetProperty("state").GetString() is "running" or "streaming")
                    roles[member.GetProperty("name").GetString()!] = member.GetProperty("role").GetString()!;
            }
        }
        catch (Exception failed) when (failed is HttpRequestException or JsonException or KeyNotFoundException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // It starts, or its etcd does.
        }
        return roles;
    }
}

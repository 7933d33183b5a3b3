using Npgsql;

namespace Seguro.Testing;

/// <summary>
/// PostgreSQL servers of a test's own: a primary with, by default, two standbys of which any one must have each commit on disk
/// (<c>synchronous_standby_names = 'ANY 1 (…)'</c>). Never the system's own cluster.
/// </summary>
/// <remarks>Passwords are made up for each run. Ended by process id on dispose; by a watchdog where the test process dies.</remarks>
public sealed class PostgresCluster : IAsyncDisposable
{
    /// <summary>How large the file system under the tables may grow where the cluster has one: in memory, and only what is used.</summary>
    private const string DiskSize = "8g";

    private readonly TemporaryFolder _folder = PostgresInstallation.MakeFolder();
    private readonly Watchdog _watchdog = new();
    private readonly List<string> _mounts = [];
    private readonly List<PostgresServer> _servers = [];
    private readonly string _synchronous;
    private int _databases;

    private PostgresCluster(string synchronous)
    {
        _synchronous = synchronous;
        _watchdog.Folder(_folder.Path);
    }

    /// <summary>A disk can be made full: needs the right to mount.</summary>
    public static bool CanFillDisks => PostgresInstallation.IsRoot;

    /// <summary>All servers, in the order of their names.</summary>
    public IReadOnlyList<PostgresServer> Servers => _servers;

    /// <summary>The one that takes writes.</summary>
    public PostgresServer Primary { get; private set; } = null!;

    /// <summary>The others.</summary>
    public IEnumerable<PostgresServer> Standbys => _servers.Where(server => server != Primary);

    /// <summary>The URL with all servers, of the user who owns the database.</summary>
    public string Url => UrlOf([.. _servers]);

    /// <summary>Starts a cluster and waits until every standby streams.</summary>
    /// <param name="standbys">How many standbys; 0 for a server alone.</param>
    /// <param name="ownDisk">Tables on a file system of their own, so that <see cref="FillDiskAsync"/> works; needs root.</param>
    /// <param name="setting">A setting for every server, such as <c>fsync=off</c>.</param>
    /// <param name="synchronous">Which standbys a commit waits for: what comes before their names in <c>synchronous_standby_names</c>.</param>
    /// <param name="places">Where each server is, the primary first; none: all on loopback.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed: the message says how to install it.</exception>
    public static async Task<PostgresCluster> StartAsync(
        int standbys = 2, bool ownDisk = false, string? setting = null, string synchronous = "ANY 1", IReadOnlyList<LinePlace>? places = null)
    {
        PostgresCluster cluster = new(synchronous);
        try
        {
            for (int i = 0; i <= standbys; i++)
                cluster._servers.Add(new PostgresServer($"s{i}", cluster._folder.Path, cluster._watchdog, i < places?.Count ? places[i] : null));
            cluster.Primary = cluster._servers[0];
            await Task.WhenAll(cluster._servers.Select(server => cluster.MakeAsync(server, ownDisk)));
            foreach (PostgresServer server in cluster._servers)
                server.Start(setting);
            await cluster.UntilWholeAsync(default);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A URL with these servers.</summary>
    public static string UrlOf(params IReadOnlyList<PostgresServer> servers) => UrlOf("seguro", servers);

    /// <summary>A URL with these servers and another database.</summary>
    public static string UrlOf(string database, params IReadOnlyList<PostgresServer> servers) =>
        $"postgresql://seguro:{Uri.EscapeDataString(PostgresInstallation.Password)}@{string.Join(',', servers.Select(static s => $"{s.Host}:{s.Port}"))}/{database}";

    /// <summary>Makes an empty database that Seguro's user owns; its URL.</summary>
    public async Task<string> MakeDatabaseAsync(CancellationToken cancel)
    {
        string name = $"test{Interlocked.Increment(ref _databases)}";
        await Primary.AskAsync($"CREATE DATABASE {name} OWNER seguro", cancel);
        return UrlOf(name, [.. _servers]);
    }

    /// <summary>A URL of one server by its Unix socket.</summary>
    public static string SocketUrlOf(PostgresServer server) =>
        $"postgresql://seguro:{Uri.EscapeDataString(PostgresInstallation.Password)}@/seguro?host={Uri.EscapeDataString(server.Socket)}&port={server.Port}";

    /// <summary>Waits until the primary takes writes and all its running standbys stream.</summary>
    public async Task UntilWholeAsync(CancellationToken cancel)
    {
        await Primary.UntilAsync(
            $"SELECT NOT pg_is_in_recovery() AND {Standbys.Count(static s => s.Pid != 0)} = (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state <> 'async')",
            cancel);
        // A standby answers only when its data is consistent: before, it could not follow anybody else.
        foreach (PostgresServer standby in Standbys.Where(static s => s.Pid != 0))
            await standby.UntilAsync("SELECT pg_is_in_recovery()", cancel);
    }

    /// <summary>Kills the primary (−9) and starts it again.</summary>
    public async Task CrashPrimaryAsync(CancellationToken cancel)
    {
        await Primary.KillAsync();
        Primary.Start();
        await UntilWholeAsync(cancel);
    }

    /// <summary>Kills the primary, makes the standby that has most of its log the primary, and the old one its standby.</summary>
    public async Task FailOverAsync(CancellationToken cancel)
    {
        PostgresServer old = Primary;
        await old.KillAsync();
        await PromoteAsync(cancel);
        await RejoinAsync(old, cancel);
    }

    /// <summary>Makes the standby that has most of the primary's log the primary, and the other its standby; the old one runs on, alone.</summary>
    public async Task PromoteAsync(CancellationToken cancel)
    {
        PostgresServer old = Primary;
        List<(ulong Received, PostgresServer Server)> standbys = [];
        foreach (PostgresServer standby in Standbys.Where(static s => s.Pid != 0))
        {
            // What is still on its way would make the comparison wrong, and the loser could then not follow the winner.
            await standby.FollowAsync(null, cancel);
            await standby.UntilAsync("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)", cancel);
            object? received = await standby.AskAsync("SELECT (coalesce(pg_last_wal_receive_lsn(), '0/0') - '0/0'::pg_lsn)::bigint", cancel);
            standbys.Add(((ulong)(long)received!, standby));
        }
        Primary = standbys.MaxBy(static standby => standby.Received).Server;
        await Primary.AskAsync("SELECT pg_promote()", cancel);
        foreach ((_, PostgresServer standby) in standbys)
        {
            if (standby != Primary)
                await standby.FollowAsync(Primary, cancel);
        }
        await Primary.UntilAsync("SELECT NOT pg_is_in_recovery() AND EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')", cancel);
    }

    /// <summary>
    /// Keeps Seguro's user from a former primary, as the manager of a cluster would, except by its socket: a client that knows that one server alone
    /// can't tell that another was promoted.
    /// </summary>
    public static async Task FenceOffAsync(PostgresServer old, CancellationToken cancel)
    {
        string rules = Path.Combine(old.Data, "pg_hba.conf");
        await File.WriteAllTextAsync(rules, "host all seguro all reject\n" + await File.ReadAllTextAsync(rules, cancel), cancel);
        await old.AskAsync("SELECT pg_reload_conf()", cancel);
        await old.AskAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'seguro'", cancel);
    }

    /// <summary>Makes a former primary a standby of the present one; what only it had is undone.</summary>
    public async Task RejoinAsync(PostgresServer old, CancellationToken cancel)
    {
        await old.KillAsync();
        // Until its first checkpoint, a promoted server's control file names the old timeline, and pg_rewind would find nothing to undo.
        await Primary.AskAsync("CHECKPOINT", cancel);
        await old.RewindAsync(Primary);
        await old.ConfigureAsync(Primary, NamesWithout(old));
        old.Start();
        await UntilWholeAsync(cancel);
    }

    /// <summary>Ends all sessions of Seguro's user on the primary, whatever they are doing.</summary>
    public Task CutAsync(CancellationToken cancel) => Primary.AskAsync(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'seguro'", cancel);

    /// <summary>Puts copies of all servers' data aside, for <see cref="RestoreAsync"/>; they are stopped meanwhile.</summary>
    public Task BackUpAsync(CancellationToken cancel) => WhileStoppedAsync(static server => Tool.RunAsync(["cp", "-a", server.Data, CopyOf(server)]), cancel);

    /// <summary>Takes all servers back to <see cref="BackUpAsync"/>: whatever was committed since is gone.</summary>
    public Task RestoreAsync(CancellationToken cancel) => WhileStoppedAsync(
        static async server =>
        {
            await Tool.RunAsync(["rm", "-r", server.Data]);
            await Tool.RunAsync(["cp", "-a", CopyOf(server), server.Data]);
        },
        cancel);

    /// <summary>Leaves the primary's tables no room to grow, until the returned object is disposed of. Its write-ahead log has room.</summary>
    public async Task<IAsyncDisposable> FillDiskAsync()
    {
        PostgresServer full = Primary;
        for (int attempt = 0; ; attempt++)
        {
            string used = await Tool.RunAsync(["df", "--output=used", "-B1", full.Tables]);
            try
            {
                await ResizeAsync(full, used.Split('\n')[1].Trim());
                return new Undo(() => ResizeAsync(full, DiskSize));
            }
            catch (InvalidOperationException) when (attempt < 10)
            {
                // The server wrote something meanwhile (a checkpoint, autovacuum), and a disk can't be made smaller than what is on it.
            }
        }
    }

    /// <summary>Flips a bit where these bytes stand in the primary's tables, until the returned object is disposed of.</summary>
    public async Task<IAsyncDisposable> DamageAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel)
    {
        PostgresServer hurt = Primary;
        await hurt.StopAsync();
        IAsyncDisposable damage = await FileDamage.FlipAsync(hurt.Tables, stored, cancel);
        hurt.Start();
        await UntilWholeAsync(cancel);
        return new Undo(async () =>
        {
            await hurt.StopAsync();
            await damage.DisposeAsync();
            hurt.Start();
            await UntilWholeAsync(CancellationToken.None);
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (PostgresServer server in _servers)
            await server.DisposeAsync();
        foreach (string mount in _mounts)
            await Tool.RunAsync(["umount", "-l", mount]);
        _folder.Dispose();
        _watchdog.Dispose();
        NpgsqlConnection.ClearAllPools();
    }

    private static string CopyOf(PostgresServer server) => server.Data + ".copy";

    private async Task WhileStoppedAsync(Func<PostgresServer, Task> change, CancellationToken cancel)
    {
        await Task.WhenAll(_servers.Select(static server => server.StopAsync()));
        foreach (PostgresServer server in _servers)
            await change(server);
        foreach (PostgresServer server in _servers)
            server.Start();
        await UntilWholeAsync(cancel);
    }

    private static Task<string> ResizeAsync(PostgresServer server, string size) => Tool.RunAsync(["mount", "-o", $"remount,size={size}", server.Tables]);

    private string NamesWithout(PostgresServer server) =>
        _servers.Count == 1 ? "" : $"{_synchronous} ({string.Join(", ", _servers.Where(other => other != server).Select(static other => other.Name))})";

    private async Task MakeAsync(PostgresServer server, bool ownDisk)
    {
        await PostgresInstallation.GiveAsync(server.Data);
        await PostgresInstallation.GiveAsync(server.Socket);
        if (ownDisk)
        {
            await PostgresInstallation.GiveAsync(server.Tables);
            _watchdog.Mount(server.Tables);
            await Tool.RunAsync(["mount", "-t", "tmpfs", "-o", $"size={DiskSize},mode=700", "seguro-test", server.Tables]);
            lock (_mounts)
                _mounts.Add(server.Tables);
        }
        await PostgresInstallation.CopyTemplateAsync(server.Data);
        await server.ConfigureAsync(server == Primary ? null : Primary, NamesWithout(server));
    }

    private sealed class Undo(Func<Task> make) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await make();
    }
}

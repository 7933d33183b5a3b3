namespace Seguro.Testing;

/// <summary>A machine of a <see cref="PatroniCluster"/>: Patroni, and the PostgreSQL server that it runs. What is done to it is done to both, as a machine's fate would be.</summary>
public sealed class PatroniNode : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string _folder;
    private readonly Watchdog _watchdog;
    private ServerProcess? _patroni;

    internal PatroniNode(string name, string folder, Watchdog watchdog)
    {
        Name = name;
        _folder = Path.Combine(folder, name);
        _watchdog = watchdog;
        Port = FreePort.Next();
        ApiPort = FreePort.Next();
    }

    /// <summary>Its name for Patroni, and in <c>synchronous_standby_names</c>.</summary>
    public string Name { get; }

    /// <summary>PostgreSQL's port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Patroni's port on 127.0.0.1.</summary>
    public int ApiPort { get; }

    /// <summary>Patroni's configuration.</summary>
    public string Configuration => Path.Combine(_folder, "patroni.yml");

    /// <summary>It was started, and not killed since.</summary>
    public bool IsRunning => _patroni is not null;

    /// <summary>It is stopped, and not let go on since.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>The end of what Patroni and PostgreSQL wrote.</summary>
    public string Log => File.Exists(LogFile) && File.ReadAllText(LogFile) is { } text ? text[Math.Max(0, text.Length - 3000)..] : "";

    private string Data => Path.Combine(_folder, "data");

    private string LogFile => _folder + ".log";

    /// <summary>Runs a statement as superuser; the first value of the answer.</summary>
    public Task<object?> AskAsync(string sql, CancellationToken cancel, string database = "postgres") => PostgresInstallation.AskAsync(Port, sql, database, cancel);

    /// <summary>Starts Patroni, which makes or repairs its server's data, and starts that.</summary>
    public void Start() => _patroni ??= ServerProcess.Start(PostgresInstallation.Command("/usr/bin/patroni", Configuration), LogFile, _watchdog);

    /// <summary>Ends all of it with kill −9.</summary>
    public async Task KillAsync()
    {
        if (_patroni is { } patroni)
            await patroni.DisposeAsync(); // first, so that it starts nothing again
        _patroni = null;
        // PostgreSQL's main process leaves Patroni's tree; all of a server's processes work in its data folder, and nobody else does.
        while (Servers() is { Count: > 0 } servers)
        {
            await Tool.SignalAsync("KILL", servers);
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Stops it, or a part of it (SIGSTOP): connections stay, nothing answers.</summary>
    public Task FreezeAsync(PatroniPart part = PatroniPart.Machine)
    {
        IsFrozen = true;
        return Tool.SignalAsync("STOP", part switch
        {
            PatroniPart.Manager => [_patroni!.Id],
            PatroniPart.Server => Servers(),
            _ => [_patroni!.Id, .. Servers()],
        });
    }

    /// <summary>Lets all of it go on.</summary>
    public Task ThawAsync()
    {
        IsFrozen = false;
        return Tool.SignalAsync("CONT", [_patroni!.Id, .. Servers()]);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(KillAsync());

    /// <summary>Makes its folder and configuration.</summary>
    internal async Task MakeAsync(int etcd)
    {
        await PostgresInstallation.GiveAsync(_folder);
        _watchdog.WorkingIn(Data);
        await File.WriteAllTextAsync(Configuration, Text(etcd), CancellationToken.None);
        File.SetUnixFileMode(Configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (PostgresInstallation.IsRoot)
            await Tool.RunAsync(["chown", "postgres:postgres", Configuration]);
    }

    private List<int> Servers()
    {
        List<int> servers = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), out int pid) && new FileInfo(Path.Combine(folder, "cwd")).LinkTarget == Data)
                    servers.Add(pid);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is somebody else's.
            }
        }
        return servers;
    }

    /// <summary>
    /// Times as short as Patroni 3.0.2 takes them, so that tests need not wait for its usual half a minute. <c>primary_start_timeout: 0</c>: a primary that crashed is failed over from, not
    /// started again in its place.
    /// </summary>
    private string Text(int etcd) =>
        $$"""
        scope: seguro
        name: {{Name}}
        restapi: { listen: "127.0.0.1:{{ApiPort}}", connect_address: "127.0.0.1:{{ApiPort}}" }
        etcd: { hosts: ["127.0.0.1:{{etcd}}"] }
        bootstrap:
          dcs:
            ttl: {{PatroniCluster.LeaderSeconds}}
            loop_wait: 1
            retry_timeout: 2
            primary_start_timeout: 0
            synchronous_mode: true
            synchronous_mode_strict: true
            postgresql:
              use_pg_rewind: true
              parameters:
                max_connections: 80
                shared_buffers: 32MB
                wal_keep_size: 512MB
                wal_retrieve_retry_interval: 100ms
                dynamic_shared_memory_type: mmap
          initdb: [{ encoding: UTF8 }, { locale: C }, { auth: scram-sha-256 }, no-sync, data-checksums]
          pg_hba: ["host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"]
        postgresql:
          listen: "127.0.0.1:{{Port}}"
          connect_address: "127.0.0.1:{{Port}}"
          data_dir: "{{Data}}"
          bin_dir: "{{PostgresInstallation.Programs}}"
          pgpass: "{{Path.Combine(_folder, "pgpass")}}"
          parameters: { unix_socket_directories: "{{_folder}}" }
          authentication:
            superuser: { username: postgres, password: "{{PostgresInstallation.AdminPassword}}" }
            rewind: { username: postgres, password: "{{PostgresInstallation.AdminPassword}}" }
            replication: { username: replicator, password: "{{PostgresInstallation.AdminPassword}}" }

        """;
}

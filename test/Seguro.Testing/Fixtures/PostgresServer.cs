using System.Diagnostics;
using Npgsql;

namespace Seguro.Testing;

/// <summary>One PostgreSQL server of a <see cref="PostgresCluster"/>, in a temporary folder, on a free port of loopback, or of a place of its own.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Watchdog _watchdog;
    private readonly string _folder;
    private readonly LinePlace? _place;
    private Process? _process;

    internal PostgresServer(string name, string folder, Watchdog watchdog, LinePlace? place)
    {
        _place = place;
        Name = name;
        _folder = folder;
        _watchdog = watchdog;
        Data = Path.Combine(folder, name);
        Port = FreePort.Next();
    }

    /// <summary>Its name in <c>synchronous_standby_names</c>.</summary>
    public string Name { get; }

    /// <summary>The address of its port.</summary>
    public string Host => _place?.Host ?? "127.0.0.1";

    /// <summary>Its TCP port.</summary>
    public int Port { get; }

    /// <summary>Its data folder.</summary>
    public string Data { get; }

    /// <summary>The folder of its Unix socket.</summary>
    public string Socket => Path.Combine(_folder, Name + "-socket");

    /// <summary>The folder with the tables, on a file system of its own where the cluster has one.</summary>
    public string Tables => Path.Combine(Data, "base");

    /// <summary>What it wrote to its log.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    /// <summary>The id of its main process (postmaster); 0 where it does not run.</summary>
    public int Pid => _process is { HasExited: false } process ? process.Id : 0;

    private string LogFile => Path.Combine(_folder, Name + ".log");

    /// <summary>A connection string for the superuser, without a pool.</summary>
    public string AdminConnection => PostgresInstallation.AdminConnection(Port, Host);

    /// <summary>Runs a statement as superuser; the first value of the answer.</summary>
    public Task<object?> AskAsync(string sql, CancellationToken cancel, string database = "seguro") => PostgresInstallation.AskAsync(Port, sql, database, cancel, Host);

    /// <summary>Waits, for a minute at the most, until a question's answer is yes; a server that does not answer yet is asked again.</summary>
    public async Task UntilAsync(string sql, CancellationToken cancel, string database = "seguro")
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (await AskAsync(sql, cancel, database) is true)
                    return;
            }
            catch (NpgsqlException) when (_process is { HasExited: false })
            {
                // It starts, or just lost its primary.
            }
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
                throw new TimeoutException($"{Name} did not come to: {sql}\n{(Log is { Length: > 4000 } log ? log[^4000..] : Log)}");
            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>Lets it speak TLS with a certificate, and ask Seguro's user for one of the same authority where that is wanted.</summary>
    /// <param name="certificates">A folder with <c>ca.crt</c>, <c>member.crt</c> and <c>member.key</c>.</param>
    /// <param name="clientsNeedCertificates">The user <c>seguro</c> is known by the certificate of the member of that name, and by nothing else.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task UseTlsAsync(string certificates, bool clientsNeedCertificates, CancellationToken cancel)
    {
        foreach (string file in (string[])["ca.crt", "member.crt", "member.key"])
        {
            string copy = Path.Combine(Data, file);
            File.Copy(Path.Combine(certificates, file), copy, overwrite: true);
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (PostgresInstallation.IsRoot)
                await Tool.RunAsync(["chown", "postgres:postgres", copy]);
        }
        if (clientsNeedCertificates)
        {
            string rules = Path.Combine(Data, "pg_hba.conf");
            await File.WriteAllTextAsync(rules, "hostssl all seguro all cert map=members\nhost all seguro all reject\n" + await File.ReadAllTextAsync(rules, cancel), cancel);
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_ident.conf"), "members \"member seguro\" seguro\n", cancel);
        }
        foreach ((string setting, string value) in new[] { ("ssl_ca_file", "ca.crt"), ("ssl_cert_file", "member.crt"), ("ssl_key_file", "member.key"), ("ssl", "on") })
            await AskAsync($"ALTER SYSTEM SET {setting} = '{value}'", cancel);
        await AskAsync("SELECT pg_reload_conf()", cancel);
        await UntilAsync("SELECT current_setting('ssl') = 'on'", cancel);
    }

    /// <summary>Kills it (−9) with all its processes.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        // The main process first, so that it starts nothing again; its children would end by themselves, but stopped ones would not.
        int[] children = [.. Tool.ChildrenOf(process.Id)];
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        await Tool.SignalAsync("KILL", children);
        foreach (int child in children)
        {
            while (Tool.IsRunning(child))
                await Task.Delay(Pause, CancellationToken.None);
        }
        _watchdog.Gone(process.Id);
        process.Dispose();
    }

    /// <summary>Stops it in good order: everything is in its files.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        await Tool.SignalAsync("INT", [process.Id]);
        await process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        _process = null;
        _watchdog.Gone(process.Id);
        process.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(KillAsync());

    /// <summary>Stops all its processes (SIGSTOP): connections stay, nothing answers.</summary>
    public Task FreezeAsync() => Tool.SignalAsync("STOP", [Pid, .. Tool.ChildrenOf(Pid)]);

    /// <summary>Lets them go on.</summary>
    public Task ThawAsync() => Tool.SignalAsync("CONT", [Pid, .. Tool.ChildrenOf(Pid)]);

    /// <summary>Starts it; it may not answer yet when this returns.</summary>
    /// <param name="oneOffSetting">A setting for this time, such as <c>fsync=off</c>.</param>
    public void Start(string? oneOffSetting = null)
    {
        string[] extra = oneOffSetting is null ? [] : ["-c", oneOffSetting];
        IReadOnlyList<string> command = PostgresInstallation.Command(
            "postgres", ["-D", Data, "-p", Port.ToString(), "-k", Socket, "-c", $"cluster_name={Name}", "-c", $"listen_addresses={Host}", .. extra]);
        command = _place?.Command(command) ?? command;
        _process = new Process
        {
            // Every "exec" keeps the process id, so that the one we hold is PostgreSQL's.
            StartInfo = new ProcessStartInfo("sh", ["-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", LogFile, .. command]) { WorkingDirectory = "/" },
        };
        _process.StartInfo.Environment["LC_ALL"] = "C";
        _process.Start();
        _watchdog.Process(_process.Id);
    }

    /// <summary>Writes the settings of its own: whose standby it is (nobody's where <see langword="null"/>), and who are its standbys.</summary>
    internal async Task ConfigureAsync(PostgresServer? primary, string standbyNames)
    {
        await File.WriteAllTextAsync(
            Path.Combine(Data, "postgresql.auto.conf"),
            $"""
            synchronous_standby_names = '{standbyNames}'
            primary_conninfo = '{(primary is null ? "" : Upstream(primary))}'

            """,
            CancellationToken.None);
        // initdb lets in loopback only.
        if (_place is not null)
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_hba.conf"), "host all,replication all samenet scram-sha-256\n", CancellationToken.None);
        string signal = Path.Combine(Data, "standby.signal");
        File.Delete(signal);
        if (primary is not null)
            await File.WriteAllTextAsync(signal, "", CancellationToken.None);
    }

    /// <summary>Makes it, while it runs, the standby of another server, or of none.</summary>
    internal async Task FollowAsync(PostgresServer? primary, CancellationToken cancel)
    {
        await AskAsync($"ALTER SYSTEM SET primary_conninfo = '{(primary is null ? "" : Upstream(primary))}'", cancel);
        await AskAsync("SELECT pg_reload_conf()", cancel);
    }

    /// <summary>Undoes, in the data of a server that does not run, what never reached <paramref name="source"/>.</summary>
    internal Task RewindAsync(PostgresServer source) => Tool.RunAsync(PostgresInstallation.Command(
        "pg_rewind", "--target-pgdata", Data, "--no-sync",
        "--source-server", $"host={source.Host} port={source.Port} user=postgres password={PostgresInstallation.AdminPassword} dbname=postgres"));

    private string Upstream(PostgresServer primary) =>
        $"host={primary.Host} port={primary.Port} user=postgres password={PostgresInstallation.AdminPassword} application_name={Name}";
}

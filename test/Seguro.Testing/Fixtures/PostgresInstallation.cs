using System.Security.Cryptography;
using Npgsql;

namespace Seguro.Testing;

/// <summary>The system's PostgreSQL programs, and a data folder made once by them that every server is a copy of.</summary>
static class PostgresInstallation
{
    /// <summary>The password of the superuser <c>postgres</c>.</summary>
    public static string AdminPassword { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));

    /// <summary>The password of the user <c>seguro</c>, who owns the database <c>seguro</c>; it needs escaping in a URL.</summary>
    public static string Password { get; } = $"p@ss/{Convert.ToHexString(RandomNumberGenerator.GetBytes(12))}?:%";

    private const string Configuration = """
        listen_addresses = '127.0.0.1'
        max_connections = 80
        superuser_reserved_connections = 5
        shared_buffers = 32MB
        dynamic_shared_memory_type = mmap
        max_wal_size = 512MB
        wal_keep_size = 512MB
        wal_retrieve_retry_interval = 50ms
        wal_receiver_status_interval = 1s
        max_wal_senders = 10
        hot_standby = on
        log_line_prefix = '%m [%p] %q%u '
        """;

    /// <summary>Kept reachable: its end is the process's end.</summary>
    private static readonly Watchdog ProcessLong = new();

    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    /// <summary>We may mount file systems.</summary>
    public static bool IsRoot { get; } = Environment.UserName == "root";

    /// <summary>The folder with the newest server's programs.</summary>
    public static string Programs { get; } = Find();

    /// <summary>A program of the server's, run as a user that it accepts: it refuses root.</summary>
    public static IReadOnlyList<string> Command(string program, params IReadOnlyList<string> arguments) =>
        [.. IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : Array.Empty<string>(), Path.Combine(Programs, program), .. arguments];

    /// <summary>A temporary folder that the server's user can reach.</summary>
    public static TemporaryFolder MakeFolder()
    {
        TemporaryFolder folder = new("postgres");
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_001_001);
        return folder;
    }

    /// <summary>Copies the template to a folder, which may exist and be empty.</summary>
    public static async Task CopyTemplateAsync(string target)
    {
        string template = await Template.Value;
        await Tool.RunAsync(["cp", "-a", template + "/.", target]);
    }

    /// <summary>Gives a folder to the server's user.</summary>
    public static async Task GiveAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        if (IsRoot)
            await Tool.RunAsync(["chown", "postgres:postgres", folder]);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A connection string for the superuser of a server, without a pool.</summary>
    public static string AdminConnection(int port, string host = "127.0.0.1") =>
        $"Host={host};Port={port};Username=postgres;Password={AdminPassword};Pooling=false;Timeout=5;Include Error Detail=true";

    /// <summary>Runs a statement as superuser; the first value of the answer.</summary>
    public static async Task<object?> AskAsync(int port, string sql, string database, CancellationToken cancel, string host = "127.0.0.1")
    {
        await using NpgsqlConnection connection = new($"{AdminConnection(port, host)};Database={database}");
        await connection.OpenAsync(cancel);
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync(cancel);
    }

    private static async Task<string> MakeTemplateAsync()
    {
        TemporaryFolder folder = MakeFolder();
        ProcessLong.Folder(folder.Path);
        string data = folder["template"];
        await GiveAsync(data);
        string passwords = folder["password"];
        await File.WriteAllTextAsync(passwords, AdminPassword + "\n", CancellationToken.None);
        File.SetUnixFileMode(passwords, UnixFileMode.UserRead);
        if (IsRoot)
            await Tool.RunAsync(["chown", "postgres:postgres", passwords]);
        await Tool.RunAsync(Command(
            "initdb", "--pgdata", data, "--username=postgres", "--auth=scram-sha-256", "--pwfile", passwords, "--data-checksums", "--encoding=UTF8",
            "--locale=C", "--no-sync", "--no-instructions"));
        await File.AppendAllTextAsync(Path.Combine(data, "postgresql.conf"), "\n" + Configuration, CancellationToken.None);
        string setUp = $"""
            CREATE ROLE seguro LOGIN PASSWORD '{Password}'
            GRANT pg_monitor TO seguro
            CREATE DATABASE seguro OWNER seguro

            """;
        await Tool.RunAsync(Command("postgres", "--single", "-D", data, "postgres"), setUp);
        return data;
    }

    private static string Find()
    {
        const string Root = "/usr/lib/postgresql";
        string? newest = !Directory.Exists(Root) ? null : Directory.EnumerateDirectories(Root)
            .Where(static folder => int.TryParse(Path.GetFileName(folder), out _) && File.Exists(Path.Combine(folder, "bin", "postgres")))
            .MaxBy(static folder => int.Parse(Path.GetFileName(folder)));
        return newest is null
            ? throw new InvalidOperationException(
                $"These tests start PostgreSQL servers of their own, and there is no server program in {Root}/*/bin: apt-get install postgresql")
            : Path.Combine(newest, "bin");
    }
}

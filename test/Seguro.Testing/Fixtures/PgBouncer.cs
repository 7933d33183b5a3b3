using System.Globalization;
using Npgsql;

namespace Seguro.Testing;

/// <summary>Debian's PgBouncer before a server of a test's own, as a process of its own on a free port of loopback.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private const int Tries = 3000;

    private readonly TemporaryFolder _folder = PostgresInstallation.MakeFolder();
    private readonly Watchdog _watchdog = new();
    private ServerProcess? _process;

    private PgBouncer() => _watchdog.Folder(_folder.Path);

    /// <summary>Its TCP port.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Starts it, and waits until it passes on.</summary>
    /// <param name="server">The server behind it.</param>
    /// <param name="mode">Its <c>pool_mode</c>: for how long a client keeps a session of the server.</param>
    /// <param name="sessions">How many sessions of the server it has for a user and a database.</param>
    /// <param name="passwords">The users it lets in.</param>
    /// <param name="cancel">Ends the start.</param>
    public static async Task<PgBouncer> StartAsync(
        PostgresServer server, string mode, int sessions, IReadOnlyDictionary<string, string> passwords, CancellationToken cancel)
    {
        PgBouncer bouncer = new();
        try
        {
            await bouncer.LaunchAsync(server, mode, sessions, passwords, cancel);
            await bouncer.UntilReadyAsync(passwords.First(), cancel);
            return bouncer;
        }
        catch
        {
            await bouncer.DisposeAsync();
            throw;
        }
    }

    /// <summary>The URL of a database through it.</summary>
    public string UrlOf(string user, string password, string database) =>
        $"postgresql://{user}:{Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{database}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _folder.Dispose();
        _watchdog.Dispose();
    }

    private async Task LaunchAsync(PostgresServer server, string mode, int sessions, IReadOnlyDictionary<string, string> passwords, CancellationToken cancel)
    {
        string users = _folder["users.txt"];
        await File.WriteAllLinesAsync(users, passwords.Select(static user => $"{Quoted(user.Key)} {Quoted(user.Value)}"), cancel);
        string settings = _folder["pgbouncer.ini"];
        await File.WriteAllTextAsync(
            settings,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                * = host={server.Host} port={server.Port}

                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {Port}
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = {users}
                pool_mode = {mode}
                default_pool_size = {sessions}
                max_client_conn = 200

                """),
            cancel);
        // It refuses root, as PostgreSQL does.
        string[] user = PostgresInstallation.IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : [];
        _process = ServerProcess.Start([.. user, "/usr/sbin/pgbouncer", settings], _folder["pgbouncer.log"], _watchdog);
    }

    private async Task UntilReadyAsync(KeyValuePair<string, string> user, CancellationToken cancel)
    {
        NpgsqlConnectionStringBuilder to = new() { Host = "127.0.0.1", Port = Port, Username = user.Key, Password = user.Value, Database = "postgres", Pooling = false };
        for (int i = 0; ; i++)
        {
            try
            {
                await using NpgsqlConnection connection = new(to.ConnectionString);
                await connection.OpenAsync(cancel);
                return;
            }
            catch (NpgsqlException) when (i < Tries && Tool.IsRunning(_process!.Id))
            {
                await Task.Delay(Pause, cancel);
            }
            catch (NpgsqlException error)
            {
                throw new InvalidOperationException($"PgBouncer does not pass on: {await File.ReadAllTextAsync(_folder["pgbouncer.log"], cancel)}", error);
            }
        }
    }

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

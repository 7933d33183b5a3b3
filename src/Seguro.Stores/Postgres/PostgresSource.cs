using Npgsql;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.Postgres;

/// <summary>Connections to the server that takes writes, wherever it is now.</summary>
/// <remarks>Safe for use by several threads at a time.</remarks>
sealed class PostgresSource : IAsyncDisposable
{
    private const int ConnectSeconds = 3;
    private const int CancellationMilliseconds = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>How long nobody needs to listen until an address counts as wrong when a store is opened.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);

    // Sessions are made alike whatever the role's or the database's defaults are; no promise rests on it (Statements.Durably). The pool's reset
    // (DISCARD ALL) is off, because it would undo this. A pooler's session is not ours: other clients use it after us, so it stays as it is.
    private const string Session = """
        SELECT current_setting('fsync', true), current_setting('full_page_writes', true), pg_backend_pid(),
            CASE WHEN pg_backend_pid() = $1 THEN ARRAY[
                set_config('synchronous_commit',
                    CASE WHEN current_setting('synchronous_commit') = 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
                set_config('default_transaction_isolation', 'read committed', false),
                set_config('search_path', 'pg_catalog', false),
                set_config('client_min_messages', 'warning', false),
                set_config('plan_cache_mode', 'force_generic_plan', false),
                set_config('statement_timeout', '0', false),
                set_config('lock_timeout', $2, false),
                set_config('idle_in_transaction_session_timeout', $2, false)] END
        """;

    private readonly PrimarySearch _primary;
    private readonly StoreOptions _options;
    private readonly bool _prepares;

    private PostgresSource(PostgresUrl url, StoreOptions options, bool prepares)
    {
        _options = options;
        _prepares = prepares;
        Where = url.Where;
        NpgsqlConnectionStringBuilder settings = new(url.Settings.ConnectionString);
        settings.NoResetOnClose = true;
        settings.MaxAutoPrepare = prepares ? 64 : 0;
        settings.AutoPrepareMinUsages = 2;
        settings.CommandTimeout = Seconds(options.Patience);
        settings.Enlist = false;
        settings.HostRecheckSeconds = 0; // What was true of a server before the connection broke is not believed afterwards.
        settings.WriteBufferSize = 32_768;
        settings.ReadBufferSize = 32_768;
        if (!url.HasSockets && !settings.TcpKeepAlive) // On a Unix socket, asking for it is an error.
        {
            settings.TcpKeepAlive = true;
            settings.TcpKeepAliveTime = 10;
            settings.TcpKeepAliveInterval = 5;
        }
        // A cancelled call tells its server so on a connection of its own, and waits for that: a server that froze must not hold it up for long.
        settings.Timeout = Math.Min(settings.ShouldSerialize("Timeout") ? settings.Timeout : ConnectSeconds, Seconds(options.Patience));
        settings.CancellationTimeout = CancellationMilliseconds;
        _primary = new PrimarySearch(settings, PrepareSessionAsync, options.Time);
    }

    /// <summary>User, servers and database, for messages. No password.</summary>
    public string Where { get; }

    /// <summary>How long a call may wait.</summary>
    public TimeSpan Patience => _options.Patience;

    /// <summary>The clock for waiting.</summary>
    public TimeProvider Time => _options.Time;

    /// <summary>
    /// A pooler is between: the session that the client speaks with is not the server's. What was prepared in one transaction may then be missing in the next, or be
    /// another client's, so nothing is.
    /// </summary>
    public bool IsPooled { get; private set; }

    /// <summary>Finds the server that takes writes, and looks whether a pooler is before it.</summary>
    /// <exception cref="SeguroException">No server took the connection; its code says why.</exception>
    public static async ValueTask<PostgresSource> FindAsync(PostgresUrl url, StoreOptions options, CancellationToken cancel)
    {
        if (url.Settings.SslKey is { Length: > 0 } key && File.Exists(key))
            SecretFile.RefuseShared(key, "private key");
        if (url.Settings.Passfile is { Length: > 0 } passwords && File.Exists(passwords) && passwords != "/dev/null")
            SecretFile.RefuseShared(passwords, "password");
        PostgresSource scout = new(url, options, prepares: false);
        bool isPooled;
        try
        {
            await (await scout.OpenAsync(first: true, cancel)).DisposeAsync();
            isPooled = scout.IsPooled;
        }
        catch
        {
            await scout.DisposeAsync();
            throw;
        }
        if (isPooled)
            return scout;
        await scout.DisposeAsync();
        return new PostgresSource(url, options, prepares: true);
    }

    /// <summary>A session on the server that takes writes; waits for one as long as the options' patience.</summary>
    /// <param name="first">This is the store's opening: an address where nobody listens is given up soon.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="SeguroException">No server took the connection; its code says why.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(bool first, CancellationToken cancel)
    {
        long start = Time.GetTimestamp();
        while (true)
        {
            try
            {
                return await _primary.OpenAsync(cancel);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                (SeguroException error, PostgresFailure.Hope hope) = PostgresFailure.OfOpening(exception, Where);
                TimeSpan patience = hope switch
                {
                    PostgresFailure.Hope.None => TimeSpan.Zero,
                    PostgresFailure.Hope.Little when first && FirstPatience < Patience => FirstPatience,
                    _ => Patience,
                };
                if (Time.GetElapsedTime(start) + Pause > patience)
                    throw error;
            }
            await Task.Delay(Pause, Time, cancel);
        }
    }

    /// <summary>Runs a read, again where the connection was lost or the server is no longer the primary.</summary>
    /// <exception cref="SeguroException">It did not succeed in time.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, ValueTask<T>> read, CancellationToken cancel)
    {
        long start = Time.GetTimestamp();
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = await OpenAsync(first: false, cancel);
                return await read(connection, cancel);
            }
            catch (NpgsqlException exception)
            {
                cancel.ThrowIfCancellationRequested();
                _primary.Doubt();
                bool again = PostgresFailure.MayPass(exception) || PostgresFailure.EndsConnection(exception);
                if (!again || Time.GetElapsedTime(start) + Pause > Patience)
                    throw PostgresFailure.Explain(exception, Where);
            }
            await Task.Delay(Pause, Time, cancel);
        }
    }

    /// <summary>A server that was taken for the primary left something in doubt: perhaps another is, now.</summary>
    public void Doubt() => _primary.Doubt();

    /// <summary>Forgets all idle connections, after the server turned out not to take writes.</summary>
    public void Forget() => _primary.Forget();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _primary.DisposeAsync();

    private static int Seconds(TimeSpan span) => Math.Max(1, (int)Math.Ceiling(span.TotalSeconds));

    /// <summary>Also checks every new session's server: after a failover it is another one than when the store was opened.</summary>
    private async Task PrepareSessionAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand command = new(Session, connection);
        string milliseconds = ((long)Math.Max(1, Patience.TotalMilliseconds)).ToString();
        command.Add(connection.ProcessID);
        command.Add(milliseconds);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        if (reader.GetInt32(2) != connection.ProcessID)
        {
            IsPooled = true;
            if (_prepares)
            {
                throw new SeguroException(
                    ErrorCode.UnsafeSettings, $"a pooler is before {connection.Host}:{connection.Port}, and before the server that was found first there was none",
                    "Name only servers in the URL, or only poolers; or start again, so that the pooler is found first.");
            }
        }
        bool fsync = reader.IsDBNull(0) || reader.GetString(0) == "on";
        bool fullPages = reader.IsDBNull(1) || reader.GetString(1) == "on";
        if (_options.AllowUnsafeSettings || (fsync && fullPages))
            return;
        string setting = fsync ? "full_page_writes" : "fsync";
        throw new SeguroException(
            ErrorCode.UnsafeSettings,
            $"{connection.Host}:{connection.Port} runs with {setting} = off: a crash of the machine can lose or destroy the log",
            $"Set {setting} = on in postgresql.conf and reload the server; to take the risk all the same, allow unsafe settings by name.");
    }
}

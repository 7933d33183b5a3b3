using Npgsql;

namespace Seguro.Stores.Postgres;

/// <summary>Finds, among several servers, the one that takes writes.</summary>
/// <remarks>
/// The one that took them last is asked first; where it does not answer at once, all others are asked beside it. One after the other would not do: a machine that froze or lost its network
/// takes a connection, or says nothing, until a timeout that is longer than most calls may wait, and would hide the new primary for ever.
/// Two may say that they take writes: a primary whose manager died, or that was frozen for a while, does not know that another was promoted. A promotion begins a new timeline, and
/// only grows it; so all are asked at first, after every doubt, and where the last one is silent, and the newest timeline is taken. (That the old one acknowledges nothing any more is the work of the
/// synchronous standby, not of this.) Safe for use by several threads at a time.
/// </remarks>
sealed class PrimarySearch : IAsyncDisposable
{
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the others are waited for once one answered, where more than one may.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    /// <summary>On a primary only; elsewhere an error.</summary>
    private const string Timeline = "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint";

    private readonly NpgsqlMultiHostDataSource[] _servers;
    private readonly NpgsqlDataSource[] _primaries;
    private readonly long[] _timelines;
    private readonly TimeProvider _time;
    private volatile int _last;
    private volatile bool _isInDoubt = true;

    /// <param name="settings">What to connect with; its <c>Host</c> may name several servers, with commas between. Changed by this.</param>
    /// <param name="prepare">Prepares each new session.</param>
    /// <param name="time">The clock for the head start.</param>
    public PrimarySearch(NpgsqlConnectionStringBuilder settings, Func<NpgsqlConnection, Task> prepare, TimeProvider time)
    {
        _time = time;
        _servers = [.. settings.Host!.Split(',').Select(host =>
        {
            settings.Host = host;
            NpgsqlDataSourceBuilder builder = new(settings.ConnectionString);
            builder.UsePhysicalConnectionInitializer(static _ => throw new NotSupportedException("Seguro opens connections asynchronously."), prepare);
            return builder.BuildMultiHost();
        })];
        _timelines = new long[_servers.Length];
        _primaries = [.. _servers.Select(static server => server.WithTargetSession(TargetSessionAttributes.ReadWrite))];
    }

    /// <summary>A session on the server that takes writes, as far as it says so.</summary>
    /// <exception cref="NpgsqlException">None does, or none was reached; several causes are in an <see cref="AggregateException"/>.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        int first = _last;
        if (_primaries.Length == 1)
            return await _primaries[0].OpenConnectionAsync(cancel);
        bool isInDoubt = _isInDoubt;
        _isInDoubt = false;
        Dictionary<Task<NpgsqlConnection>, int> attempts = new() { [OpenOneAsync(first, isInDoubt, cancel)] = first };
        List<Exception> failures = [];
        NpgsqlConnection? best = null;
        try
        {
            if (!isInDoubt)
                await Task.WhenAny(attempts.Keys.Single(), Task.Delay(HeadStart, _time, cancel));
            if (!attempts.Keys.Single().IsCompletedSuccessfully)
            {
                for (int i = 0; i < _primaries.Length; i++)
                {
                    if (i != first)
                        attempts.Add(OpenOneAsync(i, asksTimeline: true, cancel), i);
                }
            }
            Task? grace = null;
            while (attempts.Count > 0)
            {
                Task ended = await Task.WhenAny(grace is null ? attempts.Keys : attempts.Keys.Append(grace));
                if (ended == grace)
                    break;
                cancel.ThrowIfCancellationRequested();
                Task<NpgsqlConnection> attempt = (Task<NpgsqlConnection>)ended;
                attempts.Remove(attempt, out int server);
                if (!attempt.IsCompletedSuccessfully)
                {
                    failures.Add(attempt.Exception?.InnerException ?? new OperationCanceledException());
                    continue;
                }
                bool isNewer = best is null || IsNewer(server);
                NpgsqlConnection? worse = isNewer ? best : await attempt;
                if (isNewer)
                    (best, _last) = (await attempt, server);
                if (worse is not null)
                    await worse.DisposeAsync();
                if (!isInDoubt && server == first)
                    break;
                grace ??= Task.Delay(Grace, _time, cancel);
            }
            if (best is { } found)
            {
                best = null;
                return found;
            }
        }
        finally
        {
            if (best is not null)
                await best.DisposeAsync();
            foreach ((Task<NpgsqlConnection> late, int server) in attempts)
                _ = LearnAsync(late, server);
        }
        // That a standby takes no writes says nothing where another server could not be reached.
        Exception[] telling = [.. failures.Where(static failure => failure is not NpgsqlException { InnerException: null } || failure is PostgresException)];
        throw telling.Length switch
        {
            0 => failures[0],
            1 => telling[0],
            _ => new AggregateException(telling),
        };
    }

    /// <summary>The server that was taken for the primary did not answer, or not as a primary does: the next session is looked for among all.</summary>
    public void Doubt() => _isInDoubt = true;

    /// <summary>Forgets all idle connections.</summary>
    public void Forget()
    {
        foreach (NpgsqlMultiHostDataSource server in _servers)
            server.Clear();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NpgsqlMultiHostDataSource server in _servers)
            await server.DisposeAsync();
    }

    // An idle session of a frozen server is asked whether it takes writes before anything is awaited: not on the caller's thread.
    private Task<NpgsqlConnection> OpenOneAsync(int server, bool asksTimeline, CancellationToken cancel) => Task.Run(
        async () =>
        {
            NpgsqlConnection connection = await _primaries[server].OpenConnectionAsync(cancel);
            try
            {
                // Each time: an idle session may be older than its server's promotion.
                if (asksTimeline)
                    Volatile.Write(ref _timelines[server], await ReadTimelineAsync(connection, cancel));
                return connection;
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        },
        cancel);

    /// <summary>0 where the server does not say: a standby, or another database that speaks the protocol.</summary>
    private static async Task<long> ReadTimelineAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        try
        {
            await using NpgsqlCommand command = new(Timeline, connection);
            return await command.ExecuteScalarAsync(cancel) is long timeline ? timeline : 0;
        }
        catch (PostgresException exception) when (!PostgresFailure.EndsConnection(exception))
        {
            return 0;
        }
    }

    /// <summary>Who answers late may still be the newest: then the next session is there.</summary>
    private async Task LearnAsync(Task<NpgsqlConnection> late, int server)
    {
        try
        {
            await using NpgsqlConnection connection = await late;
            if (IsNewer(server))
                _last = server;
        }
        catch (Exception)
        {
            // It was cancelled, or is no primary; whoever looks for the primary next hears what is wrong.
        }
    }

    private bool IsNewer(int server) => Volatile.Read(ref _timelines[server]) > Volatile.Read(ref _timelines[_last]);
}

using Npgsql;

namespace Seguro.Stores.Postgres;

/// <summary>Finds, among several servers, the one that takes writes.</summary>
/// <remarks>
/// The one that took them last is asked first; where it does not answer at once, all others are asked beside it. One after the other would not do: a machine that froze or lost its network
/// takes a connection, or says nothing, until a timeout that is longer than most calls may wait, and would hide the new primary for ever. Safe for use by several threads at a time.
/// </remarks>
sealed class PrimarySearch : IAsyncDisposable
{
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(200);

    private readonly NpgsqlMultiHostDataSource[] _servers;
    private readonly NpgsqlDataSource[] _primaries;
    private readonly TimeProvider _time;
    private volatile int _last;

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
        _primaries = [.. _servers.Select(static server => server.WithTargetSession(TargetSessionAttributes.ReadWrite))];
    }

    /// <summary>A session on the server that takes writes, as far as it says so.</summary>
    /// <exception cref="NpgsqlException">None does, or none was reached; several causes are in an <see cref="AggregateException"/>.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancel)
    {
        int first = _last;
        if (_primaries.Length == 1)
            return await _primaries[0].OpenConnectionAsync(cancel);
        using CancellationTokenSource race = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Dictionary<Task<NpgsqlConnection>, int> attempts = new() { [OpenOneAsync(first, race.Token)] = first };
        List<Exception> failures = [];
        try
        {
            await Task.WhenAny(attempts.Keys.Single(), Task.Delay(HeadStart, _time, race.Token));
            if (!attempts.Keys.Single().IsCompletedSuccessfully)
            {
                for (int i = 0; i < _primaries.Length; i++)
                {
                    if (i != first)
                        attempts.Add(OpenOneAsync(i, race.Token), i);
                }
            }
            while (attempts.Count > 0)
            {
                Task<NpgsqlConnection> ended = await Task.WhenAny(attempts.Keys);
                attempts.Remove(ended, out int server);
                if (ended.IsCompletedSuccessfully)
                {
                    _last = server;
                    return await ended;
                }
                cancel.ThrowIfCancellationRequested();
                failures.Add(ended.Exception?.InnerException ?? new OperationCanceledException());
            }
        }
        finally
        {
            await race.CancelAsync();
            foreach (Task<NpgsqlConnection> late in attempts.Keys)
                _ = GiveBackAsync(late);
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
    private Task<NpgsqlConnection> OpenOneAsync(int server, CancellationToken cancel) => Task.Run(async () => await _primaries[server].OpenConnectionAsync(cancel), cancel);

    private static async Task GiveBackAsync(Task<NpgsqlConnection> late)
    {
        try
        {
            await using NpgsqlConnection connection = await late;
        }
        catch (Exception)
        {
            // It lost the race, or was cancelled; whoever looks for the primary next hears what is wrong.
        }
    }
}

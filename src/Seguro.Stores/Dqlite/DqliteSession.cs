namespace Seguro.Stores.Dqlite;

/// <summary>A connection with the leader on which Seguro's database is open, its settings made, its statements prepared when first used.</summary>
/// <remarks>One request at a time. A request without an answer is given up when another node turns out to lead, or after <see cref="RequestLimit"/>.</remarks>
sealed class DqliteSession : IAsyncDisposable
{
    /// <summary>The database's name in the cluster.</summary>
    public const string Database = "seguro";

    private static readonly TimeSpan Suspicion = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    private readonly DqliteConnection _connection;
    private readonly DqliteLeaderSearch _search;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, DqliteStatement> _statements = [];
    private readonly ITimer _watch;
    private long _began;
    private int _pending;

    private DqliteSession(DqliteConnection connection, DqliteLeaderSearch search, TimeProvider time)
    {
        _connection = connection;
        _search = search;
        _time = time;
        _watch = time.CreateTimer(static session => _ = ((DqliteSession)session!).SuspectAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The node's address.</summary>
    public string Node => _connection.Node;

    /// <summary>The session can't be used any more.</summary>
    public bool IsBroken => _connection.IsBroken;

    /// <summary>Which generation of leaders it belongs to: see <see cref="DqliteClient"/>.</summary>
    public int Generation { get; init; }

    /// <summary>Opens the database on a connection with the leader, and owns the connection.</summary>
    public static async ValueTask<DqliteSession> OpenAsync(
        DqliteConnection connection, DqliteLeaderSearch search, TimeProvider time, int generation, CancellationToken cancel)
    {
        DqliteSession session = new(connection, search, time) { Generation = generation };
        try
        {
            session.BeginWatch();
            await connection.OpenDatabaseAsync(Database, cancel);
            // Else a transaction above 2 MB ends with code 522.
            await connection.ExecAsync("PRAGMA cache_spill = 0", [], cancel);
            // Debian's SQLite overwrites what is deleted, and all of that would be replicated.
            (await connection.QueryAsync("PRAGMA secure_delete = 0", [], cancel)).Dispose();
            session.EndWatch();
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    public async ValueTask<DqliteResult> ExecAsync(string sql, DqliteValue[] parameters, CancellationToken cancel)
    {
        BeginWatch();
        try
        {
            DqliteStatement statement = await PreparedAsync(sql, cancel);
            return await _connection.ExecAsync(statement, parameters, cancel);
        }
        finally
        {
            EndWatch();
        }
    }

    /// <summary>Runs a query.</summary>
    public async ValueTask<DqliteRows> QueryAsync(string sql, DqliteValue[] parameters, CancellationToken cancel)
    {
        BeginWatch();
        try
        {
            DqliteStatement statement = await PreparedAsync(sql, cancel);
            return await _connection.QueryAsync(statement, parameters, cancel);
        }
        finally
        {
            EndWatch();
        }
    }

    /// <summary>Runs several statements, in a transaction of their own; where that fails, the session is of no more use.</summary>
    public async ValueTask TransactAsync(string statements, CancellationToken cancel)
    {
        BeginWatch();
        bool done = false;
        try
        {
            await _connection.ExecAsync($"BEGIN IMMEDIATE; {statements}; COMMIT", [], cancel);
            done = true;
        }
        finally
        {
            EndWatch();
            // A transaction that is still open ends with its connection.
            if (!done)
                await _connection.DisposeAsync();
        }
    }

    /// <summary>Asks for the nodes of the cluster.</summary>
    public ValueTask<IReadOnlyList<DqliteServer>> ClusterAsync(CancellationToken cancel) => _connection.ClusterAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _pending, 0);
        await _watch.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async ValueTask<DqliteStatement> PreparedAsync(string sql, CancellationToken cancel)
    {
        if (_statements.TryGetValue(sql, out DqliteStatement known))
            return known;
        DqliteStatement prepared = await _connection.PrepareAsync(sql, cancel);
        _statements.Add(sql, prepared);
        return prepared;
    }

    private void BeginWatch()
    {
        Volatile.Write(ref _began, _time.GetTimestamp());
        Volatile.Write(ref _pending, 1);
        _watch.Change(Suspicion, Timeout.InfiniteTimeSpan);
    }

    private void EndWatch()
    {
        Volatile.Write(ref _pending, 0);
        _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The answer takes long: is the node stopped, or cut off, and another one leads?</summary>
    private async Task SuspectAsync()
    {
        long began = Volatile.Read(ref _began);
        string? leader = await GlanceAsync();
        if (Volatile.Read(ref _pending) == 0 || Volatile.Read(ref _began) != began)
            return;
        if ((leader is not null && leader != Node) || _time.GetElapsedTime(began) > RequestLimit)
        {
            // The pending read ends with an error; the outcome is unknown.
            await _connection.DisposeAsync();
            return;
        }
        try
        {
            _watch.Change(Suspicion, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The session ended meanwhile.
        }
    }

    private async Task<string?> GlanceAsync()
    {
        try
        {
            return await _search.GlanceAsync(CancellationToken.None);
        }
        catch (Core.SeguroException)
        {
            return null;
        }
    }
}

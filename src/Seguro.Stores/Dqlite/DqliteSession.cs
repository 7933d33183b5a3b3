namespace Seguro.Stores.Dqlite;

/// <summary>A connection with the leader on which Seguro's database is open, its settings made, its statements prepared when first used.</summary>
/// <remarks>One request at a time. A request without an answer is given up when another node turns out to lead, or after ten seconds.</remarks>
sealed class DqliteSession : IAsyncDisposable
{
    /// <summary>The database's name in the cluster.</summary>
    public const string Database = "seguro";

    private static readonly TimeSpan Suspicion = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(30);

    private readonly DqliteConnection _connection;
    private readonly DqliteLeaderSearch _search;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, DqliteStatement> _statements = [];
    private readonly TaskCompletionSource<string> _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _watch;
    private long _began;
    private Task? _pending;
    private volatile bool _ended;

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
    public bool IsBroken => _ended || _connection.IsBroken;

    /// <summary>Which generation of leaders it belongs to: see <see cref="DqliteClient"/>.</summary>
    public int Generation { get; init; }

    /// <summary>Opens the database on a connection with the leader, and owns the connection.</summary>
    public static async ValueTask<DqliteSession> OpenAsync(
        DqliteConnection connection, DqliteLeaderSearch search, TimeProvider time, int generation, CancellationToken cancel)
    {
        DqliteSession session = new(connection, search, time) { Generation = generation };
        try
        {
            await session.AnswerAsync(session.PrepareDatabaseAsync(), cancel);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> PrepareDatabaseAsync()
    {
        await _connection.OpenDatabaseAsync(Database, CancellationToken.None);
        // Else a transaction above 2 MB ends with code 522.
        await _connection.ExecAsync("PRAGMA cache_spill = 0", [], CancellationToken.None);
        // Debian's SQLite overwrites what is deleted, and all of that would be replicated.
        (await _connection.QueryAsync("PRAGMA secure_delete = 0", [], CancellationToken.None)).Dispose();
        return true;
    }

    /// <summary>Runs a statement that returns no rows. The parameters' bytes are read until the method returns.</summary>
    public async ValueTask<DqliteResult> ExecAsync(string sql, DqliteValue[] parameters, CancellationToken cancel)
    {
        DqliteStatement statement = await PreparedAsync(sql, cancel);
        return await AnswerAsync(_connection.ExecAsync(statement, parameters, CancellationToken.None).AsTask(), cancel);
    }

    /// <summary>Runs a query. The parameters' bytes are read until the method returns.</summary>
    public async ValueTask<DqliteRows> QueryAsync(string sql, DqliteValue[] parameters, CancellationToken cancel)
    {
        DqliteStatement statement = await PreparedAsync(sql, cancel);
        return await AnswerAsync(_connection.QueryAsync(statement, parameters, CancellationToken.None).AsTask(), cancel);
    }

    /// <summary>Runs several statements, in a transaction of their own; where that fails, the session is of no more use.</summary>
    public async ValueTask TransactAsync(string statements, CancellationToken cancel)
    {
        bool done = false;
        try
        {
            await AnswerAsync(_connection.ExecAsync($"BEGIN IMMEDIATE; {statements}; COMMIT", [], CancellationToken.None).AsTask(), cancel);
            done = true;
        }
        finally
        {
            // A transaction that is still open ends with its connection.
            if (!done)
                await DisposeAsync();
        }
    }

    /// <summary>Asks for the nodes of the cluster.</summary>
    public async ValueTask<IReadOnlyList<DqliteServer>> ClusterAsync(CancellationToken cancel) =>
        await AnswerAsync(_connection.ClusterAsync(CancellationToken.None).AsTask(), cancel);

    /// <summary>Asks the node to hand its leadership to another.</summary>
    public ValueTask<bool> HandOnAsync(CancellationToken cancel) => new(AnswerAsync(TransferAsync(), cancel));

    /// <summary>Ends the session. Where a request has no answer yet, its connection is kept for a while.</summary>
    /// <remarks>
    /// A node of dqlite 1.11 whose client goes away while its write is being replicated forgets the write; where it then loses leadership, too, the
    /// database's write lock is never given back.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        _ended = true;
        await _watch.DisposeAsync();
        Task? pending = Interlocked.Exchange(ref _pending, null);
        if (pending is null)
            await _connection.DisposeAsync();
        else
            _ = LingerAsync(pending);
    }

    private async ValueTask<DqliteStatement> PreparedAsync(string sql, CancellationToken cancel)
    {
        if (_statements.TryGetValue(sql, out DqliteStatement known))
            return known;
        DqliteStatement prepared = await AnswerAsync(_connection.PrepareAsync(sql, CancellationToken.None).AsTask(), cancel);
        _statements.Add(sql, prepared);
        return prepared;
    }

    private async Task<bool> TransferAsync()
    {
        await _connection.TransferAsync(0, CancellationToken.None);
        return true;
    }

    /// <summary>Waits for an answer, unless the wait is cancelled or the request given up; the request itself then goes on.</summary>
    private async Task<T> AnswerAsync<T>(Task<T> request, CancellationToken cancel)
    {
        if (!request.IsCompleted)
        {
            Volatile.Write(ref _pending, request);
            Volatile.Write(ref _began, _time.GetTimestamp());
            _watch.Change(Suspicion, Timeout.InfiniteTimeSpan);
            Task first = await Task.WhenAny(request, _givenUp.Task).WaitAsync(cancel);
            if (first != request)
                throw DqliteException.Lost(Node, await _givenUp.Task, null);
            Volatile.Write(ref _pending, null);
            _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        return await request;
    }

    private async Task LingerAsync(Task request)
    {
        // Nobody waits for the answer any more, whatever it is.
        await request.WaitAsync(LingerLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync();
    }

    /// <summary>The answer takes long: is the node stopped, or cut off, and another one leads?</summary>
    private async Task SuspectAsync()
    {
        try
        {
            await LookForAnotherLeaderAsync();
        }
#pragma warning disable CA1031 // Nobody awaits this: a fault must end the request that it watches, which would wait for ever otherwise.
        catch (Exception error)
        {
            _ended = true;
            _givenUp.TrySetResult($"it does not answer, and whether another node leads could not be found out: {error.Message}");
        }
#pragma warning restore CA1031
    }

    private async Task LookForAnotherLeaderAsync()
    {
        long began = Volatile.Read(ref _began);
        string? leader = await GlanceAsync();
        if (Volatile.Read(ref _pending) is null || Volatile.Read(ref _began) != began)
            return;
        bool deposed = leader is not null && leader != Node;
        if (deposed || _time.GetElapsedTime(began) > RequestLimit)
        {
            _ended = true;
            _givenUp.TrySetResult(deposed ? $"it does not answer, and {leader} leads now" : $"no answer in {RequestLimit.TotalSeconds:0} s");
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

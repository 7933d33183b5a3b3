using System.Data;
using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>One session on the primary in which writes take turns; made anew when it is lost.</summary>
/// <remarks>
/// A session of its own, not one of the pool's, because its notices matter: where a commit's wait for the standbys is cancelled, PostgreSQL
/// reports success and only warns. Safe for use by several threads at a time.
/// </remarks>
sealed class WriteLane(PostgresSource source) : IAsyncDisposable
{
    private const int AssumedBytesPerSecond = 1 << 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private NpgsqlConnection? _connection;
    private string? _warning;
    private bool _disposed;

    /// <summary>Does a write when its turn comes.</summary>
    /// <param name="write">
    /// One transaction (which this commits by itself). It is done again only where the server certainly undid it. Gets the time that its commands
    /// may take, in seconds.
    /// </param>
    /// <param name="bytes">How many bytes it carries: large writes get more time.</param>
    /// <param name="cancel">Ends the wait; what was sent may still happen.</param>
    /// <returns>What <paramref name="write"/> returned; or, where the outcome is unknown, why.</returns>
    /// <exception cref="SeguroException">Nothing was written.</exception>
    public async ValueTask<Answer<T>> RunAsync<T>(Func<NpgsqlConnection, int, CancellationToken, ValueTask<T>> write, long bytes, CancellationToken cancel)
    {
        long start = source.Time.GetTimestamp();
        int seconds = Math.Max(1, (int)Math.Ceiling(source.Patience.TotalSeconds)) + (int)Math.Min(3600, bytes / AssumedBytesPerSecond);
        if (!await _turn.WaitAsync(TimeSpan.FromSeconds(seconds), cancel))
        {
            throw new SeguroException(
                ErrorCode.StoreUnavailable, $"{source.Where}: an earlier write still waits for its commit",
                "Nothing was written. Check that the server and enough synchronous standbys run (pg_stat_replication).");
        }
        try
        {
            while (true)
            {
                if (_connection is { State: not ConnectionState.Open })
                    await DropAsync();
                NpgsqlConnection connection = _connection ?? await ConnectAsync(cancel);
                try
                {
                    _warning = null;
                    T value = await write(connection, seconds, cancel);
                    if (_warning is null)
                        return new Answer<T>(value, null);
                    await DoubtAsync(); // No standby confirms: perhaps another server is the primary now.
                    cancel.ThrowIfCancellationRequested();
                    return new Answer<T>(default, _warning);
                }
                catch (NpgsqlException exception)
                {
                    // Npgsql also gives a session up where the server lacks room or memory (53…), though the server does not.
                    if (PostgresFailure.LeavesDoubt(exception) || PostgresFailure.EndsConnection(exception) || PostgresFailure.IsReadOnly(exception))
                        await DoubtAsync();
                    cancel.ThrowIfCancellationRequested();
                    if (PostgresFailure.IsReadOnly(exception))
                        source.Forget();
                    else if (PostgresFailure.LeavesDoubt(exception))
                        return new Answer<T>(default, PostgresFailure.InWords(exception));
                    if (!PostgresFailure.MayPass(exception) || source.Time.GetElapsedTime(start) + Pause > source.Patience)
                        throw PostgresFailure.Explain(exception, source.Where);
                }
                catch (Exception)
                {
                    await DoubtAsync(); // Cancelled, or a fault of our own: the session's state is not known.
                    throw;
                }
                await Task.Delay(Pause, source.Time, cancel);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        // A call that is still under way ends first, within its own bounds.
        await _turn.WaitAsync();
        await DropAsync();
        _turn.Dispose();
    }

    private async ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancel)
    {
        NpgsqlConnection connection = await source.OpenAsync(first: false, cancel);
        connection.Notice += Notice;
        return _connection = connection;
    }

    private void Notice(object sender, NpgsqlNoticeEventArgs e)
    {
        // 01000: "canceling wait for synchronous replication due to user request"; 57P01: the same on the way to the session's end.
        if (e.Notice is { InvariantSeverity: "WARNING", SqlState: "01000" or "57P01" })
            _warning = e.Notice.MessageText;
    }

    private ValueTask DoubtAsync()
    {
        source.Doubt();
        return DropAsync();
    }

    private async ValueTask DropAsync()
    {
        if (_connection is not { } connection)
            return;
        _connection = null;
        connection.Notice -= Notice;
        try
        {
            await connection.DisposeAsync();
        }
        catch (NpgsqlException)
        {
            // It was being given up anyway; Npgsql complains where the server's last messages came out of order.
        }
    }

    /// <summary>What came of a write.</summary>
    /// <param name="Value">The answer, where <paramref name="Doubt"/> is <see langword="null"/>.</param>
    /// <param name="Doubt">Why the outcome is unknown.</param>
    public readonly record struct Answer<T>(T? Value, string? Doubt);
}

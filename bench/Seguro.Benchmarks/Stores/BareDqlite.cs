using System.Diagnostics;
using Seguro.Stores.Dqlite;

namespace Seguro.Benchmarks;

/// <summary>dqlite by Seguro's own client of its protocol, and nothing above that: one prepared statement a commit, which compares a term.</summary>
internal sealed class BareDqlite : BareAppend
{
    /// <summary>The one whose statement is that of the Go client, which compares nothing: between the two is what the client costs, between it and the other what the fence does.</summary>
    public const string Unfenced = "bare, no fence";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Func<CancellationToken, Task<DqliteConnection>> _connect;
    private readonly Dictionary<int, DqliteStatement> _statements = [];
    private DqliteConnection _connection = null!;
    private readonly bool _isFenced;
    private long _last;

    private BareDqlite(Func<CancellationToken, Task<DqliteConnection>> connect, bool isFenced)
    {
        _connect = connect;
        _isFenced = isFenced;
    }

    public override string Name => _isFenced ? Measurement.Bare : Unfenced;

    /// <summary>A Raft entry must reach the others well within an election timeout.</summary>
    public override int LargestEvent => 8 << 20;

    /// <summary>Of 255 parameters, two a row.</summary>
    public override int LargestGroup => 100;

    public override long LargestGroupBytes => DqliteStore.LargestFragment;

    /// <summary>Makes an empty table.</summary>
    /// <param name="connect">Connects with the leader; the connection is owned.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <param name="isFenced">Whether the statement compares a term.</param>
    public static async Task<BareDqlite> OpenAsync(Func<CancellationToken, Task<DqliteConnection>> connect, CancellationToken cancel, bool isFenced = true)
    {
        BareDqlite bare = new(connect, isFenced);
        await bare.ConnectAsync(cancel);
        foreach (string sql in (string[])["DROP TABLE IF EXISTS fence", "DROP TABLE IF EXISTS event", "CREATE TABLE fence (term INTEGER)", "INSERT INTO fence VALUES (1)",
            "CREATE TABLE event (n INTEGER PRIMARY KEY, payload BLOB)"])
            await bare._connection.ExecAsync(sql, [], cancel);
        return bare;
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        DqliteValue[] values = new DqliteValue[payloads.Length * 2];
        for (int place = 0; place < payloads.Length; place++)
        {
            values[place * 2] = _last + 1 + place;
            values[(place * 2) + 1] = payloads[place];
        }
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if ((await _connection.ExecAsync(await StatementAsync(payloads.Length, cancel), values, cancel)).Rows != payloads.Length)
                    throw new InvalidOperationException("The fence moved.");
                break;
            }
            catch (DqliteException) when (Stopwatch.GetElapsedTime(start) < Patience)
            {
                // The leader changed; the statement may have been committed before.
                if (await FindAsync(cancel) == _last + payloads.Length)
                    break;
            }
        }
        _last += payloads.Length;
    }

    public override ValueTask DisposeAsync() => _connection.DisposeAsync();

    protected override async ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        using DqliteRows rows = await _connection.QueryAsync("SELECT count(*), coalesce(sum(length(payload)), 0) FROM event", [], cancel);
        return rows.Read() ? (rows.Integer(0), rows.Integer(1)) : default;
    }

    private async ValueTask<DqliteStatement> StatementAsync(int events, CancellationToken cancel)
    {
        if (!_statements.TryGetValue(events, out DqliteStatement statement))
        {
            string rows = string.Join(',', Enumerable.Repeat("(?,?)", events));
            statement = await _connection.PrepareAsync(
                _isFenced ? $"INSERT INTO event SELECT column1, column2 FROM (VALUES {rows}) WHERE (SELECT term FROM fence) = 1" : $"INSERT INTO event (n, payload) VALUES {rows}", cancel);
            _statements.Add(events, statement);
        }
        return statement;
    }

    /// <summary>Connects again; the last row that is there, or -1 where nobody leads yet.</summary>
    private async Task<long> FindAsync(CancellationToken cancel)
    {
        await Task.Delay(Pause, cancel);
        await _connection.DisposeAsync();
        try
        {
            await ConnectAsync(cancel);
            using DqliteRows rows = await _connection.QueryAsync("SELECT coalesce(max(n), 0) FROM event", [], cancel);
            return rows.Read() ? rows.Integer(0) : 0;
        }
        catch (DqliteException)
        {
            return -1;
        }
    }

    private async Task ConnectAsync(CancellationToken cancel)
    {
        _statements.Clear();
        _connection = await _connect(cancel);
        await _connection.OpenDatabaseAsync(_isFenced ? "bare" : "unfenced", cancel);
        // Else a transaction above 2 MB ends with code 522; and what is dropped would be overwritten, and all of that replicated.
        await _connection.ExecAsync("PRAGMA cache_spill = 0", [], cancel);
        (await _connection.QueryAsync("PRAGMA secure_delete = 0", [], cancel)).Dispose();
    }
}

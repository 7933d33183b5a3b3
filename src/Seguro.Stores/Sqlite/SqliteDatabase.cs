using System.Collections.Concurrent;
using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>The opened file: one session that writes, first come, first served, and a few that read.</summary>
/// <remarks>
/// Durability: in WAL mode with <c>synchronous=FULL</c> SQLite fsyncs the write-ahead log before a COMMIT returns and before any other session sees
/// the transaction (https://sqlite.org/pragma.html#pragma_synchronous). What a killed process left there without an fsync becomes visible to
/// the next one that opens the file; so it is fsync'd once before anything is read.
/// </remarks>
sealed class SqliteDatabase : IAsyncDisposable
{
    private const int Readers = 4;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    private readonly string _path;
    private readonly StoreOptions _options;
    private readonly SqliteSession _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(Readers, Readers);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly ConcurrentDictionary<long, AppendSignal> _signals = new();
    private bool _isClosed;

    private SqliteDatabase(string path, StoreOptions options)
    {
        _path = path;
        _options = options;
        _writer = OpenSession(options.Create);
    }

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>The clock for waiting.</summary>
    public TimeProvider Time => _options.Time;

    /// <summary>Opens the file, and makes it where it is missing and that is allowed.</summary>
    public static async ValueTask<SqliteDatabase> OpenAsync(string path, StoreOptions options, CancellationToken cancel)
    {
        if (!File.Exists(path) && !options.Create)
            throw NotThere(path);
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(path)))
            throw new SeguroException(ErrorCode.NotFound, $"the folder of {path} does not exist", "Make the folder, or give another path.");
        SqliteDatabase? database = null;
        bool isReady = false;
        try
        {
            database = await Task.Run(() => new SqliteDatabase(path, options), cancel);
            if (!await Task.Run(() => SqliteSchema.Check(database._writer, path), cancel))
            {
                if (!options.Create)
                    throw NotThere(path);
                await database.MakeAsync(cancel);
            }
            await Task.Run(database.Configure, cancel);
            isReady = true;
            return database;
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
        }
        finally
        {
            if (!isReady && database is not null)
                await database.DisposeAsync();
        }
    }

    /// <summary>Where those who wait for a log's events are woken.</summary>
    public AppendSignal Signal(long log) => _signals.GetOrAdd(log, static _ => new AppendSignal());

    /// <summary>Reads in a session that no other thread uses meanwhile. <paramref name="read"/> must reset what it runs.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancel)
    {
        await EnterAsync(_reading, cancel);
        try
        {
            return await Task.Run(() => ReadIdle(read), CancellationToken.None);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Runs one transaction, alone on this file over all processes, and commits what <paramref name="write"/> did where it says so.</summary>
    /// <remarks>On the caller's thread, which waits for the fsync: handing it to another of the pool would block that one, and cost two switches.</remarks>
    /// <param name="write">Reads, decides and writes; says whether there is something to commit. It may run only once for a commit.</param>
    /// <param name="unknown">Makes the outcome where the commit may or may not have happened, from its cause.</param>
    /// <param name="cancel">Ends the wait for the turn; a transaction that has begun is finished.</param>
    /// <exception cref="SeguroException">Nothing was written.</exception>
    public async ValueTask<T> WriteAsync<T>(Func<SqliteSession, (T Outcome, bool Commit)> write, Func<string, T> unknown, CancellationToken cancel)
    {
        await EnterAsync(_writing, cancel);
        try
        {
            await BeginAsync(cancel);
            return Finish(write, unknown);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync(CancellationToken.None);
        for (int i = 0; i < Readers; i++)
            await _reading.WaitAsync(CancellationToken.None);
        try
        {
            if (_isClosed)
                return;
            _isClosed = true;
            foreach (SqliteSession session in _idle)
                session.Dispose();
            await Task.Run(_writer.Dispose, CancellationToken.None); // the last of all moves the write-ahead log into the file
        }
        finally
        {
            _reading.Release(Readers);
            _writing.Release();
        }
    }

    private static SeguroException NotThere(string path) => new(
        ErrorCode.NotFound, $"there is no database at {path}", "Check the path; commands that write make the database where there is none.");

    private SqliteSession OpenSession(bool create)
    {
        SqliteSession session = new(_path, create, _options.Patience);
        try
        {
            session.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1024;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private async ValueTask MakeAsync(CancellationToken cancel)
    {
        // Pages of 16 KiB: rows of a few KB stay whole instead of filling pages of their own (measured: 3 KB rows take 1.09 x their
        // payload, not 1.56 x, and groups of them are written in 0.7 of the time).
        await Task.Run(() => _writer.Execute("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"), cancel);
        await WriteAsync(
            session =>
            {
                bool isMade = SqliteSchema.Check(session, _path);
                if (!isMade)
                    SqliteSchema.Make(session);
                return (isMade, !isMade);
            },
            cause => throw new SeguroException(ErrorCode.OutcomeUnknown, $"making the tables in {_path} failed half-way: {cause}", "Try again."),
            cancel);
    }

    private void Configure()
    {
        _writer.Execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;");
        if (_writer.ReadNumber("PRAGMA synchronous") != 2)
            throw new SeguroException(ErrorCode.UnsafeSettings, $"SQLite refuses synchronous=FULL for {_path}", "Please report this.");
        _writer.ReadNumber("SELECT count(*) FROM log"); // replays the write-ahead log of a killed process
        string log = _path + "-wal";
        if (!File.Exists(log))
            throw new SeguroException(ErrorCode.Unsupported, $"the file system of {_path} can't hold a write-ahead log", "Put the database on a local file system.");
        using (FileStream file = new(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
            file.Flush(flushToDisk: true);
        _writer.Execute("PRAGMA busy_timeout = 0"); // the wait for the turn is in BeginAsync, where it can be cancelled
    }

    private async ValueTask EnterAsync(SemaphoreSlim turn, CancellationToken cancel)
    {
        if (!await turn.WaitAsync(_options.Patience, cancel))
        {
            throw new SeguroException(ErrorCode.StoreUnavailable, $"{_path} was busy for {_options.Patience.TotalSeconds:0.#} s",
                "Nothing was written. Try again; where it stays so, the disk is too slow for the load.");
        }
        if (_isClosed)
        {
            turn.Release();
            throw new ObjectDisposedException(nameof(SqliteStore));
        }
    }

    private async ValueTask BeginAsync(CancellationToken cancel)
    {
        long started = Time.GetTimestamp();
        TimeSpan pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            try
            {
                _writer.Prepare("BEGIN IMMEDIATE").Run();
                return;
            }
            catch (SqliteError error) when (error.IsBusy && Time.GetElapsedTime(started) < _options.Patience)
            {
                await Task.Delay(pause, Time, cancel);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (SqliteError error)
            {
                throw error.Explanation;
            }
        }
    }

    private T Finish<T>(Func<SqliteSession, (T Outcome, bool Commit)> write, Func<string, T> unknown)
    {
        bool commits = false;
        try
        {
            (T outcome, bool commit) = write(_writer);
            if (commit)
            {
                commits = true;
                _writer.Prepare("COMMIT").Run();
            }
            return outcome;
        }
        catch (SqliteError error) when (commits && error.LeavesCommitUnknown)
        {
            return unknown(error.Message);
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
        }
        finally
        {
            _writer.Rollback();
        }
    }

    private T ReadIdle<T>(Func<SqliteSession, T> read)
    {
        SqliteSession? session = null;
        try
        {
            session = _idle.TryTake(out SqliteSession? idle) ? idle : OpenSession(create: false);
            return read(session);
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
        }
        finally
        {
            if (session is not null)
                _idle.Add(session);
        }
    }
}

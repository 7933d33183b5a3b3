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
    private readonly SqliteAccess _access;
    private readonly SqliteSession _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(Readers, Readers);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly ConcurrentDictionary<long, AppendSignal> _signals = new();
    private bool _isClosed;

    private SqliteDatabase(string path, StoreOptions options, SqliteAccess access)
    {
        _path = path;
        _options = options;
        _access = access == SqliteAccess.Create ? SqliteAccess.Write : access;
        _writer = OpenSession(access);
    }

    /// <summary>The file.</summary>
    public string FilePath => _path;

    /// <summary>The clock for waiting.</summary>
    public TimeProvider Time => _options.Time;

    /// <summary>Opens the file, and makes it where it is missing and that is allowed.</summary>
    public static async ValueTask<SqliteDatabase> OpenAsync(string path, StoreOptions options, CancellationToken cancel)
    {
        bool creates = options.Create && !options.ReadOnly;
        if (!File.Exists(path) && !creates)
            throw NotThere(path);
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new SeguroException(ErrorCode.NotFound, $"the folder of {path} does not exist", "Make the folder, or give another path.");
        try
        {
            if (creates)
                MakeFile(path);
            return await OpenAsync(path, options, options.ReadOnly ? SqliteAccess.Read : creates ? SqliteAccess.Create : SqliteAccess.Write, cancel);
        }
        catch (SqliteError error) when (options.ReadOnly && error.IsReadOnly && File.Exists(path))
        {
            return await OpenImmutableAsync(path, options, cancel);
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
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
        if (_options.ReadOnly)
            throw ReadOnlyStore.Refuse(_path);
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

    private static async ValueTask<SqliteDatabase> OpenAsync(string path, StoreOptions options, SqliteAccess access, CancellationToken cancel)
    {
        SqliteDatabase? database = null;
        bool isReady = false;
        try
        {
            database = await Task.Run(() => new SqliteDatabase(path, options, access), cancel);
            if (!await Task.Run(() => SqliteSchema.Check(database._writer, path), cancel))
            {
                if (access != SqliteAccess.Create)
                    throw NotThere(path);
                await database.MakeAsync(cancel);
            }
            if (!options.ReadOnly)
                await Task.Run(database.Configure, cancel);
            isReady = true;
            return database;
        }
        finally
        {
            if (!isReady && database is not null)
                await database.DisposeAsync();
        }
    }

    /// <summary>Opens a file that can't be changed. What a writer left in its write-ahead log would be missing, so that must not be there.</summary>
    private static async ValueTask<SqliteDatabase> OpenImmutableAsync(string path, StoreOptions options, CancellationToken cancel)
    {
        string log = path + "-wal";
        if (File.Exists(log) && new FileInfo(log).Length > 0)
        {
            throw new SeguroException(
                ErrorCode.FileAccess, $"{path} can't be read where it is: {log} beside it holds events that a writer did not move into it, and SQLite needs a writable folder to read them",
                "Copy both files into a writable folder, and read the copy there.");
        }
        try
        {
            return await OpenAsync(path, options, SqliteAccess.ReadImmutable, cancel);
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
        }
    }

    /// <summary>Makes the file before SQLite does, readable to its owner only; SQLite gives the files beside it the same mode.</summary>
    private static void MakeFile(string path)
    {
        if (Path.Exists(path))
            return;
        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be made: {error.Message}", "Its folder must be writable for this user, and have room.", error);
        }
    }

    private static SeguroException NotThere(string path) => new(
        ErrorCode.NotFound, $"there is no database at {path}", "Check the path; commands that write make the database where there is none.");

    private SqliteSession OpenSession(SqliteAccess access)
    {
        SqliteSession session = new(_path, access, _options.Patience);
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
        // SQLite does not wait for another who makes the same change: both hold a reader's lock then.
        await RetryAsync(static writer => writer.Execute("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"), cancel);
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
        try
        {
            await RetryAsync(static writer => writer.Prepare("BEGIN IMMEDIATE").Run(), cancel);
        }
        catch (SqliteError error)
        {
            throw error.Explanation;
        }
    }

    /// <summary>Runs a statement on the caller's thread, again and again while another process holds the file, as long as <see cref="StoreOptions.Patience"/>.</summary>
    private async ValueTask RetryAsync(Action<SqliteSession> run, CancellationToken cancel)
    {
        long started = Time.GetTimestamp();
        TimeSpan pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            try
            {
                run(_writer);
                return;
            }
            catch (SqliteError error) when (error.IsBusy && Time.GetElapsedTime(started) < _options.Patience)
            {
                await Task.Delay(pause, Time, cancel);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
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
            session = _idle.TryTake(out SqliteSession? idle) ? idle : OpenSession(_access);
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

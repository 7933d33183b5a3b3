using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Files;
using SQLitePCL;

namespace Seguro.Stores.Sqlite;

/// <summary>One connection to the database file, with its prepared statements.</summary>
/// <remarks>For one thread at a time.</remarks>
sealed partial class SqliteSession : IDisposable
{

    private readonly Dictionary<string, SqliteStatement> _prepared = [];
    private readonly string _path;

    static SqliteSession() => Batteries_V2.Init();

    /// <summary>Opens the file.</summary>
    /// <param name="path">The absolute path of the file.</param>
    /// <param name="access">How.</param>
    /// <param name="busy">How long SQLite itself may wait for another process's lock.</param>
    public SqliteSession(string path, SqliteAccess access, TimeSpan busy)
    {
        _path = path;
        int flags = raw.SQLITE_OPEN_NOMUTEX | access switch
        {
            SqliteAccess.Create => raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE,
            SqliteAccess.ReadImmutable => raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI,
            _ => raw.SQLITE_OPEN_READWRITE,
        };
        // https://sqlite.org/uri.html: %-escapes as in any URI.
        string name = access == SqliteAccess.ReadImmutable ? $"file:{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}?immutable=1" : path;
        int code = raw.sqlite3_open_v2(name, out sqlite3 handle, flags, null);
        Handle = handle;
        _ = raw.sqlite3_extended_result_codes(handle, 1);
        _ = raw.sqlite3_busy_timeout(handle, (int)Math.Min(busy.TotalMilliseconds, int.MaxValue));
        try
        {
            Check(code);
            if (access is SqliteAccess.Read or SqliteAccess.ReadImmutable)
                Execute("PRAGMA query_only = ON");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>SQLite's connection.</summary>
    public sqlite3 Handle { get; }

    /// <summary>A transaction was begun and not ended.</summary>
    public bool IsInTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>The statement of this text, prepared the first time and ready to be bound.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_prepared.TryGetValue(sql, out SqliteStatement? known))
            return known;
        Check(raw.sqlite3_prepare_v3(Handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt statement));
        SqliteStatement prepared = new(this, statement);
        _prepared.Add(sql, prepared);
        return prepared;
    }

    /// <summary>Runs statements that are needed once.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(Handle, sql));

    /// <summary>The number that a statement yields, 0 where it yields none.</summary>
    public long ReadNumber(string sql)
    {
        SqliteStatement statement = Prepare(sql);
        try
        {
            return statement.Step() ? statement.Number(0) : 0;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Ends a transaction without a trace. Where SQLite already did so by itself, nothing is left to do.</summary>
    public void Rollback()
    {
        if (IsInTransaction)
            Prepare("ROLLBACK").TryRun();
    }

    /// <summary>Makes an error of any code but OK.</summary>
    public void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw Error(code);
    }

    /// <summary>What a code of SQLite's means for the user (https://sqlite.org/rescode.html).</summary>
    public SqliteError Error(int code) => new(code, Explain(code));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SqliteStatement statement in _prepared.Values)
            statement.Dispose();
        _prepared.Clear();
        Handle.Dispose();
    }

    private SeguroException Explain(int code)
    {
        string text = raw.sqlite3_errmsg(Handle).utf8_to_string();
        int primary = code & 0xff;
        int system = primary is raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN ? sqlite3_system_errno(Handle) : 0;
        if (primary == raw.SQLITE_FULL || FullDisk.IsErrno(system))
        {
            return new SeguroException(ErrorCode.DiskFull, $"the disk that holds {_path} is full",
                "Nothing was written. Make room (or give the store a larger disk) and try again.");
        }
        if (primary == raw.SQLITE_CANTOPEN && FileFault.IsKnown(system))
            return FileFault.Opening(_path, system);
        return primary switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new SeguroException(ErrorCode.StoreUnavailable, $"{_path} stays locked by another process",
                "Nothing was written. Find the process that holds it (fuser) and end it, or try again later."),
            raw.SQLITE_CORRUPT => new SeguroException(ErrorCode.Corrupt, $"{_path} is damaged ({text})",
                "Stop using it. Restore the log from another copy or from a backup; `sqlite3 FILE .recover` may save what is left."),
            raw.SQLITE_NOTADB => new SeguroException(ErrorCode.ForeignDatabase, $"{_path} is not an SQLite database, or its first page is damaged",
                "Give the path of a database that Seguro made. Where it was one, restore it from another copy or from a backup."),
            raw.SQLITE_IOERR => new SeguroException(ErrorCode.FileAccess, $"reading or writing {_path} failed ({text}, SQLite's code {code}, errno {system})",
                "Look at the kernel's log (dmesg): the disk may be failing."),
            raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_READONLY or raw.SQLITE_AUTH => new SeguroException(ErrorCode.FileAccess,
                $"{_path} can't be opened or written ({text}{(system == 0 ? "" : $", errno {system}")})",
                "It must be a file, and it and its folder must be writable for this user."),
            raw.SQLITE_TOOBIG => new SeguroException(ErrorCode.TooLarge, $"a value is larger than SQLite takes ({text})", "Nothing was written."),
            _ => new SeguroException(ErrorCode.Unexpected, $"SQLite failed on {_path}: {text} (code {code})", "Please report this."),
        };
    }

    [LibraryImport("e_sqlite3")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sqlite3_system_errno(SafeHandle connection);
}

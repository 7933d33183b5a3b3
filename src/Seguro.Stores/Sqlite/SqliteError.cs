using Seguro.Core;
using SQLitePCL;

namespace Seguro.Stores.Sqlite;

/// <summary>An error that SQLite reported, inside this folder; <see cref="SqliteDatabase"/> lets only its explanation out.</summary>
/// <param name="resultCode">SQLite's extended result code.</param>
/// <param name="explanation">What it means for the user.</param>
sealed class SqliteError(int resultCode, SeguroException explanation) : Exception(explanation.Message)
{
    /// <summary>What it means for the user.</summary>
    public SeguroException Explanation { get; } = explanation;

    /// <summary>
    /// As the outcome of a COMMIT: may the transaction come back after a crash? SQLite rolls back in memory, but where not the writing of the
    /// last frame failed (a full disk) but its fsync, the frames stand in the write-ahead log until they are overwritten.
    /// </summary>
    public bool LeavesCommitUnknown =>
        resultCode is raw.SQLITE_IOERR_FSYNC or raw.SQLITE_IOERR_DIR_FSYNC
        || ((resultCode & 0xff) == raw.SQLITE_IOERR && Explanation.Code != ErrorCode.DiskFull);

    /// <summary>Another connection holds the lock.</summary>
    public bool IsBusy => (resultCode & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

    /// <summary>The file, or its folder, may not be written.</summary>
    public bool IsReadOnly => (resultCode & 0xff) is raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM;

    /// <summary>The file is not what SQLite wrote.</summary>
    public bool IsCorrupt => (resultCode & 0xff) == raw.SQLITE_CORRUPT;
}

using Seguro.Core;
using SQLitePCL;

namespace Seguro.Stores.Sqlite;

/// <summary>An error that SQLite reported.</summary>
/// <param name="resultCode">SQLite's extended result code.</param>
/// <param name="code">What it means for the user.</param>
/// <param name="what">What happened.</param>
/// <param name="nextStep">What to do.</param>
sealed class SqliteError(int resultCode, ErrorCode code, string what, string nextStep) : SeguroException(code, what, nextStep)
{
    /// <summary>
    /// As the outcome of a COMMIT: may the transaction come back after a crash? SQLite rolls back in memory, but where not the writing of the
    /// last frame failed (a full disk) but its fsync, the frames stand in the write-ahead log until they are overwritten.
    /// </summary>
    public bool LeavesCommitUnknown =>
        resultCode is raw.SQLITE_IOERR_FSYNC or raw.SQLITE_IOERR_DIR_FSYNC
        || ((resultCode & 0xff) == raw.SQLITE_IOERR && Code != ErrorCode.DiskFull);

    /// <summary>Another connection holds the lock.</summary>
    public bool IsBusy => (resultCode & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
}

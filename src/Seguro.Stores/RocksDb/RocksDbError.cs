using RocksDbSharp;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.RocksDb;

/// <summary>What RocksDB's errors mean for the user. It has no codes for them but the words that its texts begin with (util/status.cc).</summary>
static class RocksDbError
{
    /// <summary>Makes a clear error of RocksDB's.</summary>
    public static SeguroException Explain(RocksDbException error, string path)
    {
        string text = error.Message;
        if (IsFull(error))
        {
            return new SeguroException(ErrorCode.DiskFull, $"the disk that holds {path} is full",
                "Nothing was written. Make room (or give the store a larger disk) and try again.", error);
        }
        if (IsLocked(error))
        {
            return new SeguroException(ErrorCode.StoreUnavailable, $"another process has {path} open (it holds {path}/LOCK)",
                "RocksDB lets one process in at a time: end the other one (fuser shows which), or use its commands.", error);
        }
        if (text.Contains("Too many open files", StringComparison.Ordinal))
            return FileFault.Opening(path, FileFault.TooManyOpen);
        if (text.StartsWith("Corruption", StringComparison.Ordinal))
        {
            return new SeguroException(ErrorCode.Corrupt, $"the database {path} is damaged ({text})",
                "Stop using it. Restore the log from another copy or from a backup.", error);
        }
        if (text.StartsWith("IO error", StringComparison.Ordinal))
        {
            return new SeguroException(ErrorCode.FileAccess, $"reading or writing {path} failed ({text})",
                "The folder and its files must be readable and writable for this user; where they are, look at the kernel's log (dmesg).", error);
        }
        return new SeguroException(ErrorCode.Unexpected, $"RocksDB failed on {path}: {text}", "Please report this.", error);
    }

    /// <summary>The disk is full.</summary>
    public static bool IsFull(RocksDbException error) =>
        error.Message.Contains("No space left on device", StringComparison.Ordinal) || error.Message.Contains("Disk quota exceeded", StringComparison.Ordinal);

    /// <summary>Another process has the database open.</summary>
    public static bool IsLocked(RocksDbException error) =>
        error.Message.Contains("lock file", StringComparison.Ordinal) || error.Message.Contains("lock hold by current process", StringComparison.Ordinal);

    /// <summary>
    /// After a failed write: may it come back when the database is opened again? Not where its record could not be written as a whole (a full
    /// disk), but where its fsync failed.
    /// </summary>
    public static bool LeavesWriteUnknown(RocksDbException error) =>
        !IsFull(error) || error.Message.Contains("sync", StringComparison.OrdinalIgnoreCase);
}

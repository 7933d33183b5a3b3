namespace Seguro.Stores.Sqlite;

/// <summary>How a file is opened.</summary>
enum SqliteAccess
{
    /// <summary>To read and write; made where it is missing.</summary>
    Create,

    /// <summary>To read and write what is there.</summary>
    Write,

    /// <summary>To read, beside others who may write. SQLite keeps its lock and its shared memory beside the file, so the folder must be writable.</summary>
    Read,

    /// <summary>To read what nobody can change: on read-only media. A write-ahead log beside the file would not be looked at.</summary>
    ReadImmutable,
}

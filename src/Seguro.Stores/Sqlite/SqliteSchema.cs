using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>The tables in the file, and the marker that says whose they are.</summary>
/// <remarks>
/// <c>application_id</c> and <c>user_version</c> are fields of an SQLite file's header (https://sqlite.org/fileformat2.html#database_header).
/// Numbers without a sign are kept as the signed number of the same bits; events end at 2⁶³ − 1, so that their order is the numbers'.
/// <c>seal</c> is a checksum over the row (<see cref="SqliteRow"/>), as SQLite has none over its pages; events and fragments need none, the chain covers them.
/// </remarks>
static class SqliteSchema
{
    /// <summary>"Sgur" in ASCII.</summary>
    public const int ApplicationId = 0x53677572;

    /// <summary>The version of the tables that this program writes; it reads no other.</summary>
    public const int Version = 1;

    private const string Tables =
        """
        CREATE TABLE log (id INTEGER PRIMARY KEY, ship TEXT NOT NULL UNIQUE, base_number INTEGER NOT NULL, base_chain BLOB NOT NULL, head_term INTEGER NOT NULL, head_number INTEGER NOT NULL, head_chain BLOB NOT NULL, bytes INTEGER NOT NULL, total INTEGER NOT NULL, lease_term INTEGER NOT NULL, lease_holder TEXT NOT NULL, lease_renewals INTEGER NOT NULL, lease_ticks INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT;
        CREATE TABLE metadata (log INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, seal INTEGER NOT NULL, PRIMARY KEY (log, key)) STRICT, WITHOUT ROWID;
        CREATE TABLE event (log INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, total INTEGER NOT NULL, chain BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (log, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE fragment (log INTEGER NOT NULL, number INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (log, number, part)) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Is the file Seguro's?</summary>
    /// <returns><see langword="false"/> where it is empty, and may be made Seguro's.</returns>
    /// <exception cref="SeguroException">It is another program's, or a newer Seguro's, or its tables are not what they should be.</exception>
    public static bool Check(SqliteSession session, string path)
    {
        // One view of the file: another process may make the tables between two questions, and would look like another program.
        if (session.IsInTransaction)
            return CheckView(session, path);
        session.Execute("BEGIN");
        try
        {
            return CheckView(session, path);
        }
        finally
        {
            session.Rollback();
        }
    }

    /// <summary>Makes the tables and the marker, inside the caller's transaction.</summary>
    public static void Make(SqliteSession session) =>
        session.Execute($"{Tables} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};");

    private static bool CheckView(SqliteSession session, string path)
    {
        long application = session.ReadNumber("PRAGMA application_id");
        long version = session.ReadNumber("PRAGMA user_version");
        if (application == ApplicationId && version == Version)
        {
            if (!ReadTables(session).SetEquals(Split(Tables)))
                throw new SeguroException(ErrorCode.Corrupt, $"the tables in {path} are not those that Seguro made", "Restore the log from another copy or from a backup.");
            return true;
        }
        if (application == ApplicationId && version > Version)
        {
            throw new SeguroException(ErrorCode.NewerSchema, $"{path} was made by a newer Seguro (tables of version {version}, this one knows {Version})",
                "Use that Seguro, or a newer one.");
        }
        if (application != 0 || version != 0 || ReadTables(session).Count > 0)
        {
            throw new SeguroException(ErrorCode.ForeignDatabase, $"{path} is the SQLite database of another program",
                "Nothing was changed. Give a path of its own for Seguro.");
        }
        return false;
    }

    private static HashSet<string> ReadTables(SqliteSession session)
    {
        HashSet<string> tables = [];
        SqliteStatement statement = session.Prepare("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
        try
        {
            while (statement.Step())
                tables.Add(statement.Text(0));
        }
        finally
        {
            statement.Reset();
        }
        return tables;
    }

    private static string[] Split(string tables) =>
        tables.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

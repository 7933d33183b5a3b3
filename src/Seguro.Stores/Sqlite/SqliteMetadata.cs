using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>The metadata of a log, by the log's id; under id 0, which no log has, that of the store itself.</summary>
static class SqliteMetadata
{
    /// <summary>The id for what belongs to the store itself. It is sealed with the default <see cref="Ship"/>.</summary>
    public const long OfStore = 0;

    /// <summary>All of a log's values.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: one is not what was written.</exception>
    public static Dictionary<string, ReadOnlyMemory<byte>> Read(SqliteSession session, long log, Ship ship)
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = [];
        SqliteStatement select = session.Prepare("SELECT key, value, seal FROM metadata WHERE log = ?1").Bind(log);
        try
        {
            while (select.Step())
            {
                string key = select.Text(0);
                byte[] value = select.Blob(1).ToArray();
                if (SqliteRow.Seal(ship, key, value) != select.Number(2))
                    throw SqliteRow.Damaged(ship, $"the metadata '{key}'");
                metadata.Add(key, value);
            }
            return metadata;
        }
        finally
        {
            select.Reset();
        }
    }

    /// <summary>Writes a value, over the one that is there.</summary>
    public static void Write(SqliteSession session, long log, Ship ship, string key, ReadOnlySpan<byte> value) =>
        session.Prepare("INSERT OR REPLACE INTO metadata (log, key, value, seal) VALUES (?1, ?2, ?3, ?4)")
            .Bind(1, log).Bind(2, key).Bind(3, value).Bind(4, SqliteRow.Seal(ship, key, value)).Run();
}

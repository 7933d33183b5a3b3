using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Whose database it is, and its making.</summary>
static class DqliteStoreSchema
{
    /// <summary>Checks the tables, or makes them; returns the cap.</summary>
    public static async ValueTask<long> OpenAsync(DqliteSession session, StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        List<string> tables = await TablesAsync(session, cancel);
        if (tables.Count == 0)
        {
            if (!options.Create)
            {
                throw new SeguroException(
                    ErrorCode.NotFound,
                    $"the dqlite cluster {url} holds no logs yet",
                    "See that the URL is right; `seguro pier import` makes what is missing.");
            }
            await session.TransactAsync(
                DqliteSql.CreateTables + $"INSERT OR IGNORE INTO seguro VALUES(1, {DqliteSql.SchemaVersion}, {options.Window}, 0)", cancel);
        }
        else if (!tables.Contains("seguro"))
        {
            throw Foreign(url, $"it has the tables {string.Join(", ", tables.Take(5))}");
        }
        return await CapAsync(session, url, cancel);
    }

    private static async ValueTask<List<string>> TablesAsync(DqliteSession session, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(DqliteSql.Tables, [], cancel);
        List<string> tables = [];
        while (rows.Read())
            tables.Add(rows.Text(0));
        return tables;
    }

    private static async ValueTask<long> CapAsync(DqliteSession session, StoreUrl url, CancellationToken cancel)
    {
        try
        {
            using DqliteRows rows = await session.QueryAsync(DqliteSql.Schema, [], cancel);
            if (!rows.Read())
                throw Foreign(url, "its table 'seguro' is empty");
            long version = rows.Integer(0);
            if (version > DqliteSql.SchemaVersion)
            {
                throw new SeguroException(
                    ErrorCode.NewerSchema,
                    $"the tables in the dqlite cluster {url} are of version {version}; this program knows those up to {DqliteSql.SchemaVersion}",
                    "Use a newer Seguro.");
            }
            return rows.Integer(1);
        }
        catch (DqliteException error) when (error.Failure == 1)
        {
            throw Foreign(url, "its table 'seguro' is another program's");
        }
    }

    private static SeguroException Foreign(StoreUrl url, string why) => new(
        ErrorCode.ForeignDatabase,
        $"the database '{DqliteSession.Database}' in the dqlite cluster {url} belongs to another program: {why}",
        "Use a cluster of Seguro's own.");
}

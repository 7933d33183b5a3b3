using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>A table of numbers in a cluster: the smallest thing that can be lost.</summary>
static class NodeNumbers
{
    private const string Table = "CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)";

    /// <summary>Writes a number; repeats until it is certain that it is written.</summary>
    public static async Task WriteAsync(DqliteCluster cluster, long number, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await using DqliteConnection connection = await OpenAsync(cluster, await cluster.LeaderAsync(cancel), cancel);
                await connection.ExecAsync(Table, [], cancel);
                await connection.ExecAsync("INSERT OR IGNORE INTO numbers VALUES (?)", [number], cancel);
                return;
            }
            catch (DqliteException)
            {
                // Another leader, or the same one again.
            }
        }
    }

    /// <summary>Reads all numbers from the leader, after a write of its own.</summary>
    public static async Task<IReadOnlyList<long>> ReadAsync(DqliteCluster cluster, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await using DqliteConnection connection = await OpenAsync(cluster, await cluster.LeaderAsync(cancel), cancel);
                await connection.ExecAsync("CREATE TABLE IF NOT EXISTS barrier (n INTEGER PRIMARY KEY)", [], cancel);
                await connection.ExecAsync("INSERT OR REPLACE INTO barrier VALUES (0)", [], cancel);
                using DqliteRows rows = await connection.QueryAsync("SELECT n FROM numbers ORDER BY n", [], cancel);
                List<long> numbers = [];
                while (rows.Read())
                    numbers.Add(rows.Integer(0));
                return numbers;
            }
            catch (DqliteException)
            {
                // Another leader, or the same one again.
            }
        }
    }

    /// <summary>A connection with a node, with its database open.</summary>
    public static async Task<DqliteConnection> OpenAsync(DqliteCluster cluster, DqliteClusterNode node, CancellationToken cancel)
    {
        DqliteConnection connection = await cluster.ConnectAsync(node, cancel);
        await connection.OpenDatabaseAsync("test", cancel);
        return connection;
    }
}

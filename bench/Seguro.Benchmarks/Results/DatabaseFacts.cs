using Npgsql;

namespace Seguro.Benchmarks;

/// <summary>Asks servers for the settings that decide what a commit costs and what it is worth.</summary>
internal static class DatabaseFacts
{
    private const string Settings =
        """
        SELECT string_agg(name || ' = ' || quote_literal(current_setting(name)), ', ' ORDER BY name) FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'shared_buffers', 'ssl', 'synchronous_commit', 'synchronous_standby_names', 'wal_sync_method')
        """;

    /// <summary>Puts a primary's settings and number of standbys among the facts of the run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="source">A connection of a superuser; disposed of.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task DescribePostgresAsync(BenchmarkRun run, NpgsqlDataSource source, CancellationToken cancel)
    {
        await using NpgsqlDataSource owned = source;
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        await using NpgsqlCommand settings = new(Settings, connection);
        string values = (string)(await settings.ExecuteScalarAsync(cancel))!;
        await using NpgsqlCommand standbys = new("SELECT count(*) FROM pg_stat_replication", connection);
        run.Describe("PostgreSQL settings", $"a primary and {await standbys.ExecuteScalarAsync(cancel)} standbys; {values}");
    }
}

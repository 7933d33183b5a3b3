using System.Net;
using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>What the primary's settings make of a commit.</summary>
static class ServerSettings
{
    /// <summary>PostgreSQL holds a gigabyte in a value; fragments are smaller, so that neither side needs much memory for one.</summary>
    private const int LargestFragment = 16 << 20;

    private const long LargestTransaction = 64L << 20;

    private const string Look = $"""
        SELECT {CommitSettings.Columns}, current_setting('synchronous_commit'),
            coalesce((SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'), 'on'),
            coalesce(current_setting('data_checksums', true), 'on') = 'on',
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'),
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IS NULL),
            (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), current_setting('fsync', true) IS DISTINCT FROM 'off'
        """;

    /// <summary>Reads the settings and says what a commit is worth.</summary>
    /// <param name="connection">A session on the primary.</param>
    /// <param name="isPooled">A pooler is between.</param>
    /// <param name="cancel">Ends it.</param>
    public static async ValueTask<StoreCapabilities> ReadAsync(NpgsqlConnection connection, bool isPooled, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new(Look, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        CommitSettings settings = CommitSettings.Read(reader, 0);
        string mode = reader.GetString(2);
        string usualMode = reader.GetString(3);
        bool checksums = reader.GetBoolean(4);
        long connected = reader.GetInt64(5);
        bool hidden = reader.GetInt64(6) > 0;
        bool encrypted = !reader.IsDBNull(7) && reader.GetBoolean(7);
        bool fsync = reader.GetBoolean(8);

        List<string> warnings = [];
        SynchronousStandbys standbys = settings.Standbys;
        if (SynchronousStandbys.Parse(settings.StandbyNames) is null)
            warnings.Add($"The setting synchronous_standby_names ('{settings.StandbyNames}') is not understood, so no standby is counted.");
        if (!fsync)
            warnings.Add("The server runs with fsync = off: a crash of its machine can destroy the log.");
        if (fsync && !settings.IsDurable)
            warnings.Add("The server runs with full_page_writes = off: a crash of its machine can damage the log.");
        if (standbys.Needed == 0)
            warnings.Add("There is no synchronous standby (synchronous_standby_names is empty): losing the primary loses the newest events.");
        else if (hidden)
            warnings.Add("The user may not see the standbys' state, so it was not checked: GRANT pg_monitor to it.");
        else if (connected < standbys.Needed)
            warnings.Add($"Only {connected} of the {standbys.Needed} synchronous standbys that a commit waits for are connected: commits wait for the others.");
        if (!checksums)
            warnings.Add("The server has no data checksums: damage to its disk is found only when Seguro reads the event (pg_checksums --enable).");
        if (usualMode is not ("on" or "remote_apply"))
            warnings.Add($"The server's synchronous_commit is '{usualMode}'; Seguro asks for 'on' in each of its own transactions.");
        if (!encrypted && !IsHere(connection))
            warnings.Add("The connection to the server is not encrypted: add sslmode=verify-full to the URL.");

        if (isPooled)
            warnings.Add("A pooler is between Seguro and the server: no statement is prepared there, so an append costs more.");

        string primary = settings.IsDurable ? "durable on the primary" : "written, not safely, on the primary";
        string applied = mode == "remote_apply" ? " (and applied there)" : "";
        return new StoreCapabilities
        {
            Engine = "postgres",
            LargestFragment = LargestFragment,
            LargestTransaction = LargestTransaction,
            LargestEvent = (long)LargestFragment * int.MaxValue,
            DurableCopies = settings.DurableCopies,
            CommitMeans = standbys.Needed == 0 ? $"{primary} only" : $"{primary} and {standbys}{applied}",
            Warnings = warnings,
        };
    }

    private static bool IsHere(NpgsqlConnection connection) =>
        connection.Host is not { } host || host.StartsWith('/') || host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}

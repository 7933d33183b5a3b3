using System.Collections.Concurrent;
using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>
/// Logs in PostgreSQL (or a database that speaks its protocol and keeps its promises): one primary, as a rule with synchronous
/// standbys. Tables are in the schema <c>seguro</c> of the database that the URL names.
/// </summary>
/// <remarks>
/// <para>Durability: a commit is what <see cref="StoreCapabilities.CommitMeans"/> says, read from the server when the store was opened; each renewal of a lease reads the settings again
/// (<see cref="LeaseOutcome.Done.Shortfall"/>). Every statement that writes asks for <c>synchronous_commit = on</c> itself, where the session's is
/// weaker. Every new session checks fsync and full_page_writes again.</para>
/// <para>Failover is the cluster's own work (Patroni, a cloud's); this client finds the server that takes writes among those of the URL,
/// for as long as <see cref="StoreOptions.Patience"/>.</para>
/// <para>Behind a pooler (PgBouncer with <c>pool_mode = transaction</c> or <c>session</c>) no session is changed and nothing is prepared, as others share them.</para>
/// </remarks>
public sealed class PostgresStore : IStore
{
    // Together with readers' sessions well below what a server takes by default (100).
    private const int MostAppendLanes = 16;
    private const int MostLeaseLanes = 8;

    private readonly PostgresSource _source;
    private readonly bool _create;
    private readonly WriteLane _lane;
    private readonly WriteLanes _appends;
    private readonly WriteLanes _leases;
    private readonly ConcurrentDictionary<int, AppendSignal> _signals = new();

    private PostgresStore(PostgresSource source, StoreCapabilities capabilities, bool create)
    {
        _source = source;
        _create = create;
        _lane = new WriteLane(source);
        _appends = new WriteLanes(source, MostAppendLanes);
        _leases = new WriteLanes(source, MostLeaseLanes);
        Capabilities = capabilities;
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>Opens the store that a URL names; makes its tables where they are missing and the options say so.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadStoreUrl"/>, <see cref="ErrorCode.StoreUnavailable"/>, <see cref="ErrorCode.AccessDenied"/>, <see cref="ErrorCode.NotFound"/> (no such
    /// database), <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.UnsafeSettings"/>.
    /// </exception>
    public static async ValueTask<PostgresStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        PostgresSource source = await PostgresSource.FindAsync(PostgresUrl.Parse(url), options, cancel);
        try
        {
            // A connection was made, so what comes now is retried like any other read.
            StoreCapabilities capabilities = await source.ReadAsync(
                async (connection, token) =>
                {
                    await PostgresSchema.PrepareAsync(connection, options.Create, source.Where, token);
                    return await ServerSettings.ReadAsync(connection, source.IsPooled, token);
                },
                cancel);
            return new PostgresStore(source, capabilities, options.Create);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        int? id = await OrWhereTablesAreMissing(
            _source.ReadAsync(
                async (connection, token) =>
                {
                    await using NpgsqlCommand command = new(Statements.FindLog, connection);
                    command.Add(ship.Name);
                    return await command.ExecuteScalarAsync(token) as int?;
                },
                cancel),
            null);
        return id is { } found ? LogOf(ship, found) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        long number = PostgresLog.ToBigint(origin.Number);
        string doubt = "";
        for (int attempt = 0; attempt < EventLog.Attempts; attempt++)
        {
            WriteLane.Answer<int?> made = await _lane.RunAsync(
                async (connection, seconds, token) =>
                {
                    await using NpgsqlCommand command = new(Statements.CreateLog, connection) { CommandTimeout = seconds };
                    command.Add(ship.Name);
                    command.Add(number);
                    command.Add(origin.Chain.ToArray());
                    command.Add(metadata.Keys.ToArray());
                    command.Add(metadata.Values.ToArray());
                    return await command.ExecuteScalarAsync(token) as int?;
                },
                0,
                cancel);
            if (made.Doubt is null && made.Value is { } id)
                return LogOf(ship, id);
            if (made.Doubt is null && await OpenLogAsync(ship, cancel) is { } existing)
            {
                await existing.ReadStateAsync(cancel); // A write: what another client made is as durable now as if we had made it.
                return existing;
            }
            doubt = made.Doubt ?? "the log came and went";
        }
        throw new SeguroException(
            ErrorCode.OutcomeUnknown, $"{_source.Where}: whether the log of {ship} was made is not known: {doubt}",
            "Repeat the command: it finds the log, or makes it.");
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => await OrWhereTablesAreMissing(
        _source.ReadAsync(
            async (connection, token) =>
            {
                List<Ship> ships = [];
                await using NpgsqlCommand command = new(Statements.ListLogs, connection);
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                while (await reader.ReadAsync(token))
                {
                    string name = reader.GetString(0);
                    if (!Ship.TryParse(name, out Ship ship))
                    {
                        throw new SeguroException(
                            ErrorCode.Corrupt, $"{_source.Where} has a log of '{name}', which is no ship's name",
                            "Somebody changed the table seguro.log by hand; correct it there.");
                    }
                    ships.Add(ship);
                }
                return ships;
            },
            cancel),
        []);

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        byte[] candidate = NewIdentity.Make().ToArray();
        string doubt = "";
        for (int attempt = 0; attempt < EventLog.Attempts; attempt++)
        {
            WriteLane.Answer<byte[]?> kept = await _lane.RunAsync(
                async (connection, seconds, token) =>
                {
                    await using NpgsqlCommand command = new(Statements.Identity, connection) { CommandTimeout = seconds };
                    command.Add(NewIdentity.Key);
                    command.Add(candidate);
                    return await command.ExecuteScalarAsync(token) as byte[];
                },
                0,
                cancel);
            if (kept.Doubt is null)
                return StoreIdentity.Read(kept.Value, _source.Where);
            doubt = kept.Doubt;
        }
        throw new SeguroException(
            ErrorCode.OutcomeUnknown, $"{_source.Where} did not confirm the identity of the store: {doubt}",
            "Check that the server and enough synchronous standbys run (pg_stat_replication).");
    }

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => new((long?)null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lane.DisposeAsync();
        await _source.DisposeAsync();
    }

    private PostgresLog LogOf(Ship ship, int id) =>
        new(_source, _signals.GetOrAdd(id, static _ => new AppendSignal()), (_appends, _leases), ship, id, Capabilities.DurableCopies);

    /// <summary>A database in which nothing was made yet is an empty store, not an error.</summary>
    private async ValueTask<T> OrWhereTablesAreMissing<T>(ValueTask<T> read, T empty)
    {
        try
        {
            return await read;
        }
        catch (SeguroException exception) when (!_create && exception.InnerException is { } cause && PostgresFailure.IsMissingTable(cause))
        {
            return empty;
        }
    }
}

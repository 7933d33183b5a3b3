using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>Logs in one SQLite file, on this machine: <c>sqlite:PATH</c>.</summary>
/// <remarks>
/// <para>Threading: as <see cref="IStore"/>. Writes of one client take their turns in the order in which they came; several clients, in one
/// process or in several on one machine, may have the file open at a time. The file must not be on a network file system.</para>
/// <para>Durability: an fsync of the write-ahead log for each commit (<see cref="SqliteDatabase"/>).</para>
/// <para>A clean close leaves one file; while it is open, or after a crash, <c>PATH-wal</c> and <c>PATH-shm</c> belong to it.</para>
/// </remarks>
public sealed class SqliteStore : IStore
{
    private readonly SqliteDatabase _database;

    private SqliteStore(SqliteDatabase database) => _database = database;

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new()
    {
        Engine = "sqlite",
        LargestFragment = SqliteLog.LargestFragment,
        LargestTransaction = 64 << 20,
        LargestEvent = int.MaxValue,
        DurableCopies = 1,
        CommitMeans = "fsync'd on this machine (SQLite in WAL mode, synchronous=FULL)",
    };

    /// <summary>Opens the file of a <c>sqlite:PATH</c>.</summary>
    /// <remarks>Where it is missing, or empty, it is made if <see cref="StoreOptions.Create"/> allows; its folder is never made.</remarks>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>,
    /// <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>,
    /// <see cref="ErrorCode.StoreUnavailable"/>: another process holds it.
    /// </exception>
    public static async ValueTask<SqliteStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        return new SqliteStore(await SqliteDatabase.OpenAsync(Path.GetFullPath(url.Rest), options, cancel));
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        long? id = await _database.ReadAsync(session => FindLog(session, ship), cancel);
        return id is { } found ? new SqliteLog(_database, found, ship) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        SqliteLog.CheckNumber(origin.Number);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        long id = await _database.WriteAsync(
            session =>
            {
                if (FindLog(session, ship) is { } found)
                    return (found, Commit: false);
                LogState state = new(origin, new Head(Term.None, origin.Number, origin.Chain), Lease.None, 0);
                long made = new SqliteRow(state, 0).Insert(session, ship);
                foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
                    SqliteMetadata.Write(session, made, ship, key, value.Span);
                return (made, Commit: true);
            },
            cause => throw new SeguroException(ErrorCode.OutcomeUnknown, $"making the log of {ship} may have failed: {cause}", "Try again: repeating it is safe."),
            cancel);
        return new SqliteLog(_database, id, ship);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => _database.ReadAsync<IReadOnlyList<Ship>>(
        static session =>
        {
            List<Ship> ships = [];
            SqliteStatement select = session.Prepare("SELECT ship FROM log ORDER BY ship");
            try
            {
                while (select.Step())
                    ships.Add(Ship.Parse(select.Text(0)));
            }
            finally
            {
                select.Reset();
            }
            return ships;
        },
        cancel);

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel) => await _database.ReadAsync(FindIdentity, cancel) ?? await _database.WriteAsync(
        session =>
        {
            if (FindIdentity(session) is { } known)
                return (known, Commit: false); // another gave it meanwhile
            StoreIdentity made = NewIdentity.Make();
            SqliteMetadata.Write(session, SqliteMetadata.OfStore, default, NewIdentity.Key, made.ToArray());
            return (made, Commit: true);
        },
        cause => throw new SeguroException(ErrorCode.OutcomeUnknown, $"giving the store its identity may have failed: {cause}", "Try again: repeating it is safe."),
        cancel);

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => ValueTask.FromResult<long?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static long? FindLog(SqliteSession session, Ship ship)
    {
        SqliteStatement select = session.Prepare("SELECT id FROM log WHERE ship = ?1").Bind(1, ship.Name);
        try
        {
            return select.Step() ? select.Number(0) : null;
        }
        finally
        {
            select.Reset();
        }
    }

    private StoreIdentity? FindIdentity(SqliteSession session) =>
        SqliteMetadata.Read(session, SqliteMetadata.OfStore, default).TryGetValue(NewIdentity.Key, out ReadOnlyMemory<byte> known) ? StoreIdentity.Read(known.Span, _database.FilePath) : null;
}

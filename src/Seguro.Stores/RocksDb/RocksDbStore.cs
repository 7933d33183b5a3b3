using System.Text;
using RocksDbSharp;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

/// <summary>Logs in one RocksDB database, on this machine: <c>rocksdb:PATH</c>, a folder.</summary>
/// <remarks>
/// <para>Threading: as <see cref="IStore"/>. Several clients in one process may have the folder open; RocksDB keeps other processes out.</para>
/// <para>Durability: each commit is an fsync of RocksDB's write-ahead log (<c>WriteOptions.sync</c>).</para>
/// </remarks>
public sealed class RocksDbStore : IStore
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly RocksDbDatabase _database;
    private readonly StoreOptions _options;
    private int _isClosed;

    private RocksDbStore(RocksDbDatabase database, StoreOptions options)
    {
        _database = database;
        _options = options;
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new()
    {
        Engine = "rocksdb",
        LargestFragment = RocksDbLog.LargestFragment,
        LargestTransaction = 8 << 20,
        LargestEvent = int.MaxValue,
        DurableCopies = 1,
        CommitMeans = "fsync'd on this machine (RocksDB's write-ahead log)",
    };

    /// <summary>Opens the folder of a <c>rocksdb:PATH</c>.</summary>
    /// <remarks>
    /// Where it is missing, or empty, it is made if <see cref="StoreOptions.Create"/> allows; its parent is never made. Where another process
    /// has it open, the call waits for <see cref="StoreOptions.Patience"/>.
    /// </remarks>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>,
    /// <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>,
    /// <see cref="ErrorCode.StoreUnavailable"/>: another process has it open.
    /// </exception>
    public static async ValueTask<RocksDbStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(url.Rest));
        long started = options.Time.GetTimestamp();
        while (true)
        {
            try
            {
                return new RocksDbStore(await Task.Run(() => RocksDbDatabase.Enter(path, options.Create), cancel), options);
            }
            catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable && options.Time.GetElapsedTime(started) < options.Patience)
            {
                await Task.Delay(Pause, options.Time, cancel);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_isClosed != 0, this);
        uint? id = await Task.Run(() => _database.Read(files => FindLog(files, ship)), cancel);
        return id is { } found ? new RocksDbLog(_database, _options, found, ship) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ObjectDisposedException.ThrowIf(_isClosed != 0, this);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        SemaphoreSlim turn = _database.Turn(0);
        await turn.WaitAsync(cancel);
        try
        {
            uint id = await Task.Run(() => MakeLog(ship, origin, metadata), CancellationToken.None);
            return new RocksDbLog(_database, _options, id, ship);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_isClosed != 0, this);
        return await Task.Run(() => _database.Read(ListLogs), cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_isClosed != 0, this);
        SemaphoreSlim turn = _database.Turn(0);
        await turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(FindOrGiveIdentity, CancellationToken.None);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => ValueTask.FromResult<long?>(null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
            await Task.Run(_database.Dispose);
    }

    private static uint? FindLog(RocksDbFiles files, Ship ship) =>
        files.Get(RocksDbKey.Ship(ship)) is { } id ? BitConverter.ToUInt32(id) : null;

    private static List<Ship> ListLogs(RocksDbFiles files)
    {
        List<Ship> ships = [];
        using Iterator iterator = files.Database.NewIterator(files.State);
        for (iterator.Seek([RocksDbKey.ShipKind]); iterator.Valid() && iterator.GetKeySpan()[0] == RocksDbKey.ShipKind; iterator.Next())
            ships.Add(Ship.Parse(Encoding.ASCII.GetString(iterator.GetKeySpan()[1..])));
        RocksDbFiles.Check(iterator);
        return ships;
    }

    private StoreIdentity FindOrGiveIdentity()
    {
        StoreIdentity made = NewIdentity.Make();
        using WriteBatch batch = new();
        byte[]? known = _database.Read(files =>
        {
            if (files.Get(RocksDbKey.Identity) is { } bytes)
                return bytes;
            batch.Put(RocksDbKey.Identity, made.ToArray(), files.State);
            return null;
        });
        if (known is not null)
            return StoreIdentity.Read(known, _database.Path);
        return _database.Write(batch) is { } cause
            ? throw new SeguroException(ErrorCode.OutcomeUnknown, $"giving the store its identity may have failed: {cause}", "Try again: repeating it is safe.")
            : made;
    }

    private uint MakeLog(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        uint id = 0;
        using WriteBatch batch = new();
        uint? found = _database.Read(files =>
        {
            id = (uint)ListLogs(files).Count + 1; // logs are never removed
            if (FindLog(files, ship) is { } known)
                return known;
            LogState state = new(origin, new Head(Term.None, origin.Number, origin.Chain), Lease.None, 0);
            batch.Put(RocksDbKey.Ship(ship), BitConverter.GetBytes(id), files.State);
            batch.Put(RocksDbKey.State(id), new RocksDbState(state, 0).Encode(), files.State);
            foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
                batch.Put(RocksDbKey.Metadata(id, key), value.Span, files.State);
            return (uint?)null;
        });
        if (found is { } existing)
            return existing;
        if (_database.Write(batch) is { } cause)
            throw new SeguroException(ErrorCode.OutcomeUnknown, $"making the log of {ship} may have failed: {cause}", "Try again: repeating it is safe.");
        return id;
    }
}

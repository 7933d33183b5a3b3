using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Testing;

/// <summary>A client of a <see cref="ModelDatabase"/>.</summary>
/// <remarks>Threading: everything may be called from any thread; calls take effect one after the other.</remarks>
public sealed class ModelStore : IStore
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoMetadata = [];

    internal ModelStore(ModelDatabase database, bool isDeposed)
    {
        Database = database;
        IsDeposed = isDeposed;
    }

    /// <summary>A client of a new database.</summary>
    public ModelStore(ModelOptions? options = null)
        : this(new ModelDatabase(options), isDeposed: false)
    {
    }

    /// <summary>The database.</summary>
    public ModelDatabase Database { get; }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities => Database.Options.Capabilities;

    /// <summary>The server that this client speaks with can't reach the others.</summary>
    internal bool IsDeposed { get; }

    /// <inheritdoc/>
    public ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            CheckReachable();
            if (Database.Options.Bug is ModelBug.OpenCreates)
                Database.FindOrAdd(ship, Position.Origin, NoMetadata);
            return new ValueTask<IStoredLog?>(Database.Find(ship) is { } log ? new ModelStoredLog(this, ship, log) : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            CheckReachable();
            if (Database.Find(ship) is null)
                CheckWritable();
            return new ValueTask<IStoredLog>(new ModelStoredLog(this, ship, Database.FindOrAdd(ship, origin, metadata)));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            CheckReachable();
            return new ValueTask<IReadOnlyList<Ship>>(Database.Ships);
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            CheckReachable();
            return new ValueTask<StoreIdentity>(Database.Options.Bug is ModelBug.IdentityNotKept ? NewIdentity.Make() : Database.Identity);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            CheckReachable();
            return new ValueTask<long?>(Capabilities.Window - Database.Bytes);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal void CheckReachable()
    {
        if (!Database.Faults.TakeCall())
            throw Unavailable("the model was told to be unavailable");
    }

    internal void CheckWritable()
    {
        if (IsDeposed)
            throw Unavailable("the server is not the leader and can't reach it");
        if (Database.Faults.IsDiskFull)
            throw new SeguroException(ErrorCode.DiskFull, "the model was told that its disk is full", "Make room.");
    }

    internal static SeguroException Unavailable(string why) => new(ErrorCode.StoreUnavailable, why, "Heal the model.");
}

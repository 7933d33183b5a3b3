namespace Seguro.Core;

/// <summary>A database that holds the logs of ships.</summary>
/// <remarks>
/// <para>Threading: all members may be called at the same time. Each log's object (<see cref="IStoredLog"/>) likewise.</para>
/// <para>Errors: every failure that a user can meet is a <see cref="SeguroException"/>. A write that fails with an exception wrote nothing,
/// except an <see cref="OperationCanceledException"/>: a write that was cancelled is of unknown outcome.</para>
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>What the store can do.</summary>
    StoreCapabilities Capabilities { get; }

    /// <summary>Opens a ship's log; <see langword="null"/> where the store has none. Changes nothing in the database.</summary>
    ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel);

    /// <summary>Opens a ship's log, or makes it: empty, at <paramref name="origin"/>, with this metadata. An existing log is returned as it is.</summary>
    /// <remarks>Durable when it returns. Repeating it is safe.</remarks>
    ValueTask<IStoredLog> CreateLogAsync(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel);

    /// <summary>The ships that have a log here, by name.</summary>
    ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel);

    /// <summary>Which store this is. The first who asks gives the store its identity; it is never changed again.</summary>
    /// <remarks>
    /// Linearizable and safe to repeat: of all who ask a new store at once, one gives the identity, durably, and all hear that one. It may be a write, so reading
    /// commands do not ask. Known limit: a copy of a store (a restored dump, a copied file) has its original's.
    /// </remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NoSuchLog"/>: nothing was made in the store yet. What a write throws.</exception>
    ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel);

    /// <summary>How many payload bytes may still be appended; <see langword="null"/> where only the disk limits it.</summary>
    ValueTask<long?> ReadRoomAsync(CancellationToken cancel);
}

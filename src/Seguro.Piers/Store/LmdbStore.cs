using System.Text;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers.Transfer;

namespace Seguro.Piers.Store;

/// <summary>The log of one ship in a pier of vere's own layout, on this machine: <c>lmdb:PATH</c>, PATH being the pier's folder.</summary>
/// <remarks>
/// <para>It is a pier: events are the very values that vere would write, and stock vere starts from it. Seguro's own records lie beside
/// them, where vere does not look (<see cref="LmdbRecords"/>).</para>
/// <para>Threading: as <see cref="IStore"/>; writes take their turns, each on its caller's thread. Clients of one process share one environment. Reading takes no lock
/// and works on read-only media and while a vere runs; the first write takes vere's own lock, <c>.vere.lock</c>, until the last client is disposed of.</para>
/// <para>Durability: an fsync of the file for each group, LMDB's default.</para>
/// <para>Memory: reading is bounded by pieces of 4 MiB. Writing an event above 32 MiB goes through the mapped file, piece by piece, and takes its disk space
/// first; the payload itself is the caller's.</para>
/// </remarks>
public sealed class LmdbStore : IStore
{
    private const string DefaultVere = "4.6";
    private readonly LmdbPier _pier;
    private readonly bool _create;
    private readonly bool _isReadOnly;
    private readonly TimeProvider _time;
    private int _isDisposed;

    private LmdbStore(LmdbPier pier, bool create, bool isReadOnly, TimeProvider time)
    {
        _pier = pier;
        _create = create && !isReadOnly;
        _isReadOnly = isReadOnly;
        _time = time;
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new()
    {
        Engine = "lmdb",
        LargestFragment = int.MaxValue - 65_535,
        LargestTransaction = int.MaxValue - 65_535,
        LargestEvent = int.MaxValue - 65_535,
        DurableCopies = 1,
        CommitMeans = "fsync'd on this machine",
    };

    /// <summary>Opens a pier for reading; writing takes its lock when it comes to it.</summary>
    /// <param name="path">The pier's folder.</param>
    /// <param name="create">Where there is none, may <see cref="CreateLogAsync"/> make it?</param>
    /// <param name="time">The clock for waiting; never for deciding.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.NotAPier"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.Corrupt"/>,
    /// <see cref="ErrorCode.Gap"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.ShortLog"/>; from writes, <see cref="ErrorCode.PierLocked"/>, <see cref="ErrorCode.DiskFull"/>
    /// and <see cref="ErrorCode.MissingLibrary"/> too.
    /// </exception>
    public static ValueTask<LmdbStore> OpenAsync(string path, bool create, TimeProvider time, CancellationToken cancel) =>
        OpenAsync(path, create, readOnly: false, EvidenceKinds.None, time, cancel);

    /// <inheritdoc cref="OpenAsync(string, bool, TimeProvider, CancellationToken)"/>
    /// <param name="path">The pier's folder.</param>
    /// <param name="create">Where there is none, may <see cref="CreateLogAsync"/> make it?</param>
    /// <param name="readOnly">Refuse every write; nothing is made, and read-only media will do.</param>
    /// <param name="despite">The evidence against its log in spite of which it is opened.</param>
    /// <param name="time">The clock for waiting; never for deciding.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async ValueTask<LmdbStore> OpenAsync(string path, bool create, bool readOnly, EvidenceKinds despite, TimeProvider time, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(time);
        LmdbPier pier = LmdbPier.Enter(path, despite);
        try
        {
            bool isFree = Presence.IsFolder(pier.Path) ? !Directory.EnumerateFileSystemEntries(pier.Path).Any() : !Presence.IsFile(pier.Path);
            if (!create || readOnly || !isFree)
                await Task.Run(() => pier.View(), cancel);
            return new LmdbStore(pier, create, readOnly, time);
        }
        catch
        {
            pier.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!_pier.Exists)
            return null;
        Ship owner = await Task.Run(() => _pier.View().Ship, cancel);
        return owner == ship ? new LmdbLog(_pier, ship, _isReadOnly, _time) : null;
    }

    /// <inheritdoc/>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ForeignShip"/>: it is the pier of another ship.</exception>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        if (!_pier.Exists)
        {
            if (!_create)
                throw new SeguroException(ErrorCode.NotFound, $"the pier {_pier.Path} is not there", "Check the path.");
            await _pier.MakeAsync(() => Make(ship, origin, metadata), cancel);
        }
        Ship owner = await Task.Run(() => _pier.View().Ship, cancel);
        return owner == ship
            ? new LmdbLog(_pier, ship, _isReadOnly, _time)
            : throw new SeguroException(ErrorCode.ForeignShip, $"{_pier.Path} is the pier of {owner}, not of {ship}", "A pier holds one ship: give each a path of its own.");
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return _pier.Exists ? [await Task.Run(() => _pier.View().Ship, cancel)] : [];
    }

    /// <summary>
    /// Removes the events above <paramref name="last"/> from a member's own log, all at once or not at all. No other store can do this: what is in a cluster's log stays there.
    /// </summary>
    /// <returns>
    /// <see cref="WriteOutcome.Committed"/>: the log ends there, durably, or did so already; <see cref="WriteOutcome.Conflict"/>: <paramref name="last"/> is not in it.
    /// An unknown outcome may be repeated.
    /// </returns>
    /// <exception cref="SeguroException">As a write; <see cref="ErrorCode.Unsupported"/>: a newer epoch of vere's begins above.</exception>
    public async ValueTask<WriteOutcome> CutBackAsync(Ship ship, Term term, Position last, CancellationToken cancel) =>
        await OpenLogAsync(ship, cancel) is LmdbLog log
            ? await log.CutBackAsync(term, last, cancel)
            : throw new SeguroException(ErrorCode.NoSuchLog, $"{_pier.Path} has no log of {ship}", "Check the path.");

    /// <summary>Lets a member's own log begin at an event, as a trim does, but removes nothing: the epochs before it are to be chopped by vere.</summary>
    /// <returns>As a trim's. An unknown outcome may be repeated.</returns>
    /// <exception cref="SeguroException">As a write.</exception>
    public async ValueTask<WriteOutcome> BeginAtAsync(Ship ship, Term term, EventNumber first, CancellationToken cancel) =>
        await OpenLogAsync(ship, cancel) is LmdbLog log
            ? await log.BeginAtAsync(term, first, cancel)
            : throw new SeguroException(ErrorCode.NoSuchLog, $"{_pier.Path} has no log of {ship}", "Check the path.");

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        if (!_pier.Exists)
            throw new SeguroException(ErrorCode.NoSuchLog, $"{_pier.Path} holds no log yet", "Put one in with `seguro pier import`.");
        return await Task.Run(() => _pier.View().ReadIdentity(), cancel) ?? (_isReadOnly
            ? throw ReadOnlyStore.Refuse(_pier.Path)
            : await _pier.WriteAsync(static writer => writer.FindOrGiveIdentity(), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => ValueTask.FromResult<long?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _pier.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The runtime that is to open the pier: the one that the metadata names, where it keeps epochs that are known; a flat log is what no vere of today begins.</summary>
    private static string VereOf(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) =>
        PierMetadata.ReadVere(metadata) is { } named && VereVersion.Parse(named) is { Major: 3 } ? named : DefaultVere;

    private bool Make(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (_pier.Exists)
            return false; // another client made it meanwhile
        if (metadata.TryGetValue(MetadataKey.Who, out ReadOnlyMemory<byte> who) && (PierMeta.Decode(who.Span) is not { } number || ShipName.ToShip(number) != ship))
            throw new SeguroException(ErrorCode.ForeignShip, $"the metadata 'who' is not the number of {ship}", "Give the metadata of the ship whose log this is to be.");
        if (Directory.Exists(_pier.Path))
            Directory.Delete(_pier.Path); // empty, or this fails
        LogState state = new(origin, new Head(Term.None, origin.Number, origin.Chain), Lease.None, 0);
        List<KeyValuePair<string, byte[]>> veres = [];
        List<KeyValuePair<string, byte[]>> own =
        [
            new(LmdbRecords.Ship, Encoding.UTF8.GetBytes(ship.Name)),
            .. LmdbRecords.Write(state),
        ];
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
        {
            if (key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life)
                veres.Add(new(key, value.ToArray()));
            else
                own.Add(new(LmdbRecords.Metadata + key, value.ToArray()));
        }
        using PierWriter writer = PierWriter.Create(
            _pier.Path, veres, own, new(LmdbTail.Name, LmdbTail.Of(state).Span.ToArray()), origin.Number, VereOf(metadata));
        writer.Complete();
        return true;
    }
}

using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Vere.Mirror;

/// <summary>The log's side of a mirror: the lease and its term, the custody in the metadata, the appends.</summary>
/// <remarks>Not for two threads at a time.</remarks>
internal sealed class MirrorTarget(MirrorOptions options, IStore store, EventLog log) : IAsyncDisposable
{
    /// <summary>What the lease's holder is called, before machine and process.</summary>
    public const string Purpose = "mirror";

    private readonly string _place = $"{Environment.MachineName}:{Path.GetFullPath(options.Pier)}";
    private WriterLease? _lease;
    private ReadOnlyMemory<byte>? _custody;
    private long _markedAt;

    /// <summary>The log.</summary>
    public EventLog Log => log;

    /// <summary>The term that it writes in.</summary>
    public Term Term => _lease?.Term ?? Term.None;

    /// <summary>It is not the writer, or does not know any more that it is.</summary>
    public bool IsLost => _lease is null || _lease.Lost.IsCancellationRequested;

    /// <summary>Cancelled when it is not the writer any more, or may not be.</summary>
    public CancellationToken Lost => _lease?.Lost ?? new CancellationToken(canceled: true);

    /// <summary>The mark in the log's metadata is old.</summary>
    public bool IsMarkDue => options.Time.GetElapsedTime(_markedAt) >= options.MarkEvery;

    /// <summary>The custody of a log that a mirror of this pier makes.</summary>
    public static Custody CustodyOf(MirrorOptions options, EventNumber seen, bool isRunning) => new(CustodyKind.Mirrored)
    {
        Seen = seen,
        At = options.Time.GetUtcNow(),
        IsRunning = isRunning,
        Place = $"{Environment.MachineName}:{Path.GetFullPath(options.Pier)}",
    };

    /// <summary>Refuses a log that is not this mirror's to write, by its metadata alone.</summary>
    /// <returns>Whether the log is to be imported first: it is new, or was never mirrored, or a mirror's import did not end.</returns>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ForeignShip"/>, <see cref="ErrorCode.Diverged"/>, <see cref="ErrorCode.OtherCustody"/>,
    /// <see cref="ErrorCode.HalfImported"/>; what the store throws.
    /// </exception>
    public async ValueTask<bool> CheckAsync(PierInfo pier, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(cancel);
        PierMetadata.Compare(pier, log.Ship, metadata);
        Custody? custody = Custody.Read(metadata);
        if (custody is { Kind: CustodyKind.Gated })
            throw MirrorFault.Gated(log);
        bool isOwn = custody is { Kind: CustodyKind.Mirrored };
        bool isHalf = ImportMark.Read(metadata) is { IsComplete: false };
        if (isHalf && !isOwn)
            throw MirrorFault.HalfImported(log, ImportMark.Read(metadata)!.Value);
        _custody = LogMetadata.Find(metadata, MetadataKey.Custody);
        return isHalf || !isOwn;
    }

    /// <summary>Becomes the writer, where it is not.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LeaseHeld"/>: another writer is alive; what the store throws.</exception>
    public async ValueTask AcquireAsync(CancellationToken cancel)
    {
        if (!IsLost)
            return;
        if (_lease is { } old)
        {
            _lease = null;
            await old.DisposeAsync();
        }
        _lease = await WriterLease.AcquireForImportAsync(log, Purpose, options.Lease, options.Time, cancel);
    }

    /// <summary>Imports the pier: all that both have is compared, the rest is copied; the log says that it is not whole until it is.</summary>
    /// <exception cref="SeguroException">What <see cref="PierImport.RunAsync"/> throws.</exception>
    public Task<PierImportResult> ImportAsync(Pier pier, IProgress<TransferProgress>? progress, CancellationToken cancel) =>
        PierImport.RunAsync(pier, store, log, Term, progress, options.Time, cancel);

    /// <summary>Copies events.</summary>
    /// <exception cref="SeguroException">What <see cref="PierCopy.RunAsync(Pier, EventLog, Term, Position, EventNumber, Action{Position}, CancellationToken)"/> throws.</exception>
    public ValueTask<Position> CopyAsync(Pier pier, Position head, EventNumber to, Action<Position> reached, CancellationToken cancel) =>
        PierCopy.RunAsync(pier, log, Term, head, to, reached, cancel);

    /// <summary>Writes what the pier says about itself now, such as its runtime's version, and that the log is mirrored.</summary>
    /// <exception cref="SeguroException">What the store throws; <see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>, <see cref="ErrorCode.OutcomeUnknown"/>.</exception>
    public async ValueTask DescribeAsync(PierInfo pier, EventNumber seen, bool isRunning, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(cancel);
        _custody = LogMetadata.Find(metadata, MetadataKey.Custody);
        await MarkAsync(seen, isRunning, cancel);
        foreach ((string key, ReadOnlyMemory<byte> value) in PierMetadata.Write(pier))
            await LogMetadata.SetAsync(log, Term, key, LogMetadata.Find(metadata, key), value, cancel);
    }

    /// <summary>Writes how far the pier was seen, and when.</summary>
    /// <exception cref="SeguroException">As <see cref="DescribeAsync"/>.</exception>
    public async ValueTask MarkAsync(EventNumber seen, bool isRunning, CancellationToken cancel)
    {
        byte[] mark = (CustodyOf(options, seen, isRunning) with { Place = _place }).ToBytes();
        await LogMetadata.SetAsync(log, Term, MetadataKey.Custody, _custody, mark, cancel);
        _custody = mark;
        _markedAt = options.Time.GetTimestamp();
    }

    /// <summary>Frees the lease, as far as that works within two seconds, and closes the log and the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_lease is not null)
            await _lease.DisposeAsync();
        await log.DisposeAsync();
        await store.DisposeAsync();
    }
}

using System.Runtime.CompilerServices;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Sdk;

/// <summary>A ship's log in a store: read it, follow it, wait for its events to be safe, and become its writer.</summary>
/// <remarks>
/// <para>Threading: all members may be called at the same time, from any thread. No call keeps the caller's buffers when it has returned, or its task has ended.</para>
/// <para>Errors: whatever a user can meet is a <see cref="SeguroException"/> with a stable code (<c>SG1001</c> …) and a next step.</para>
/// <para>Every read is verified by the log's hash chain; bytes that are not what was appended are an error (<see cref="ErrorCode.Corrupt"/>), never an answer.</para>
/// </remarks>
public sealed class SeguroLog : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(100);

    private readonly IStore _store;
    private readonly EventLog _log;
    private readonly SeguroLogOptions _options;
    private readonly Lock _lock = new();
    private readonly List<SeguroWriter> _writers = [];
    private volatile Sighting _seen;
    private bool _isDisposed;

    private SeguroLog(IStore store, EventLog log, LogState seen, SeguroLogOptions options)
    {
        _store = store;
        _log = log;
        _seen = new Sighting(seen.Head.Number.Value, seen.Lease.Term);
        _options = options;
        StoreCapabilities can = log.Capabilities;
        Store = new StoreFacts(can.Engine, can.CommitMeans, can.DurableCopies, can.LargestEvent, can.Warnings);
    }

    /// <summary>The ship's name, such as <c>~sampel-palnet</c>.</summary>
    public string Ship => _log.Ship.Name;

    /// <summary>What the store can do, and what its commit is worth.</summary>
    public StoreFacts Store { get; }

    /// <summary>Opens a ship's log.</summary>
    /// <param name="url">
    /// Where it is kept: <c>dqlite://HOST:PORT,…</c>, <c>postgresql://…</c>, <c>etcd://HOST:PORT,…</c>, <c>lmdb:PATH</c>, <c>sqlite:PATH</c>, <c>rocksdb:PATH</c>; or
    /// <c>@FILE</c>, a file whose first line is the URL, for one with a password.
    /// </param>
    /// <param name="ship">The ship, such as <c>~zod</c>: the log's name in the store.</param>
    /// <param name="options">What else there is to say; may be left out.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NoSuchLog"/> where there is none and none was to be made; <see cref="ErrorCode.BadStoreUrl"/>; <see cref="ErrorCode.BadShipName"/>; what the store says.
    /// </exception>
    public static async Task<SeguroLog> OpenAsync(string url, string ship, SeguroLogOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(ship);
        options ??= new SeguroLogOptions();
        LogRecords.CheckName(options.Name);
        Ship key = ShipName.ReadKey(ship);
        StoreUrl where = StoreUrl.Parse(url);
        return await OpenAsync(await StoreConnection.OpenAsync(where, StoreOptionsOf(options), cancel), where.ToString(), key, options, cancel);
    }

    /// <summary>Opens a ship's log in a store that is open, and is the log's from here on.</summary>
    internal static async Task<SeguroLog> OpenAsync(IStore store, string where, Ship key, SeguroLogOptions options, CancellationToken cancel)
    {
        IStoredLog? stored = null;
        try
        {
            stored = await store.OpenLogAsync(key, cancel);
            if (stored is null && options.Create && !options.ReadOnly)
                stored = await store.CreateLogAsync(key, Position.Origin, PierMetadata.Write(new PierIdentity(ShipName.Parse(key.Name), !options.IsReal, options.Life)), cancel);
            if (stored is null)
                throw new SeguroException(ErrorCode.NoSuchLog, $"{where} has no log of {key}", "Check the ship's name, or open it with Create to make the log.");
            EventLog log = new(stored, store.Capabilities);
            return new SeguroLog(store, log, await log.ReadStateAsync(cancel), options);
        }
        catch
        {
            if (stored is not null)
                await stored.DisposeAsync();
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the log holds, by a linearizable read: everything committed before the call began is in it. Costs about a commit.</summary>
    /// <exception cref="SeguroException">What the store says.</exception>
    public async Task<LogHead> ReadHeadAsync(CancellationToken cancel = default)
    {
        LogState state = await ReadStateAsync(cancel);
        return new LogHead(state.First.Value, state.Head.Number.Value, state.Head.Chain, state.Lease.Term.Value, state.Lease.Holder ?? "", state.Bytes);
    }

    /// <summary>Becomes the log's writer, under a new term. Whoever wrote before is fenced from here on: its appends are refused by the store.</summary>
    /// <param name="wait">
    /// Wait as long as somebody else is the writer and alive, and take over when it is silent for its lease's duration or gives it up; otherwise that is <see cref="ErrorCode.LeaseHeld"/>,
    /// after that duration at the most.
    /// </param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.LeaseHeld"/>; <see cref="ErrorCode.HalfImported"/>; <see cref="ErrorCode.OtherCustody"/>: a cluster of Seguro, a mirror
    /// or a plain vere computes this ship; what the store says.
    /// </exception>
    public async Task<SeguroWriter> CampaignAsync(bool wait = false, CancellationToken cancel = default)
    {
        while (true)
        {
            RequireFree(await ReadMetadataAsync(cancel));
            WriterLease lease;
            try
            {
                lease = await WriterLease.AcquireAsync(_log, _options.Name, _options.LeaseDuration, BootClock.Instance, cancel);
            }
            catch (SeguroException error) when (wait && error.Code is ErrorCode.LeaseHeld)
            {
                continue; // it has watched the holder already, so this does not spin
            }
            try
            {
                SeguroWriter writer = new(_log, lease, (await ReadStateAsync(cancel)).Head.Position, _options);
                lock (_lock)
                {
                    ObjectDisposedException.ThrowIf(_isDisposed, this);
                    _writers.RemoveAll(static old => old.IsDisposed);
                    _writers.Add(writer);
                }
                return writer;
            }
            catch
            {
                await lease.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/>, whole and verified. For events that may be large, use <see cref="StreamAsync"/>.</summary>
    /// <param name="from">The first; 0 is the first that the log holds.</param>
    /// <param name="to">The last; 0 is the last that is committed when the read begins.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Trimmed"/>, <see cref="ErrorCode.BeyondHead"/>, <see cref="ErrorCode.Corrupt"/>; what the store says.</exception>
    public async IAsyncEnumerable<LogEvent> ReadAsync(ulong from = 0, ulong to = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        LogState state = await ReadStateAsync(cancel);
        (EventNumber first, EventNumber last) = Range(state, from, to);
        await foreach (Event read in _log.ReadAsync(state, first, last, cancel))
            yield return new LogEvent(read.Number.Value, read.Payload, read.Chain);
    }

    /// <summary>The same events in pieces, in memory that does not grow with their sizes.</summary>
    /// <param name="from">The first; 0 is the first that the log holds.</param>
    /// <param name="to">The last; 0 is the last that is committed when the read begins.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">As <see cref="ReadAsync"/>.</exception>
    public async IAsyncEnumerable<LogPiece> StreamAsync(ulong from = 0, ulong to = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        LogState state = await ReadStateAsync(cancel);
        (EventNumber first, EventNumber last) = Range(state, from, to);
        await foreach (EventFragment piece in _log.StreamAsync(state, first, last, cancel))
            yield return new LogPiece(piece.Number.Value, piece.Offset, piece.Size, piece.Bytes, piece.Chain);
    }

    /// <summary>The events from <paramref name="from"/> on, those to come too, until cancelled. Only what is committed is handed out.</summary>
    /// <param name="from">The first, which may be still to come; 0 is the first that the log holds.</param>
    /// <param name="cancel">Ends it, by an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="SeguroException">As <see cref="ReadAsync"/>.</exception>
    public async IAsyncEnumerable<LogEvent> TailAsync(ulong from = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        EventNumber first = from > 0 ? new EventNumber(from) : (await ReadStateAsync(cancel)).First;
        await foreach (Event read in _log.TailAsync(first, cancel))
            yield return new LogEvent(read.Number.Value, read.Payload, read.Chain);
    }

    /// <summary>Waits until an event is as safe as that. Where it already is, that costs one read.</summary>
    /// <remarks>
    /// Committed is waited for by the store's own notice where it has one. The other levels are looked at every 2 to 100 ms, since they are records in the store that no store gives notice of.
    /// </remarks>
    /// <param name="number">The event's number; it may be still to come.</param>
    /// <param name="level">How safe.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="SeguroException">What the store says.</exception>
    public async Task WaitAsync(ulong number, SafetyLevel level, CancellationToken cancel = default)
    {
        while (!await IsCommittedAsync(number, cancel))
            await _log.Stored.WaitPastAsync(new EventNumber(number).Previous, cancel);
        TimeSpan pause = ShortestPoll;
        while (!await IsReachedAsync(number, level, cancel))
        {
            await Task.Delay(pause, cancel);
            pause = pause * 2 < LongestPoll ? pause * 2 : LongestPoll;
        }
    }

    /// <summary>Says that this machine (<see cref="SeguroLogOptions.Name"/>) has applied all events up to this one, came to the same state as the writer, and will know it after a power cut.</summary>
    /// <remarks>A write of its own, durable when it returns; it never goes back, so one for many events is enough. It is what <see cref="SafetyLevel.Processed"/> counts.</remarks>
    /// <param name="number">The event's number; it must be committed.</param>
    /// <param name="cancel">Ends it; it may then be recorded or not.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BeyondHead"/>: there is no such event; <see cref="ErrorCode.OutcomeUnknown"/>; what the store says.</exception>
    public async Task AcknowledgeAsync(ulong number, CancellationToken cancel = default)
    {
        if (!await IsCommittedAsync(number, cancel))
            throw new SeguroException(ErrorCode.BeyondHead, $"the log of {Ship} ends at event {_seen.Number}, so nobody can have processed {number}", "Acknowledge what was read from the log.");
        string key = LogRecords.KeyOf(_options.Name);
        Term term = _seen.Term;
        string cause = "the lease changed hands again and again";
        for (int attempt = 0; attempt < EventLog.Attempts; attempt++)
        {
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await ReadMetadataAsync(cancel);
            if (LogRecords.Read(metadata, key) >= number)
                return;
            ReadOnlyMemory<byte>? expected = metadata.TryGetValue(key, out ReadOnlyMemory<byte> old) ? old : (ReadOnlyMemory<byte>?)null;
            switch (await _log.Stored.SetMetadataAsync(term, key, expected, LogRecords.Write(number), cancel))
            {
                case WriteOutcome.Committed:
                    return;
                case WriteOutcome.Fenced fenced: // a replica has no term of its own: it writes in whatever term is in force
                    term = fenced.Current.Term;
                    break;
                case WriteOutcome.Refused refused:
                    throw new SeguroException(ErrorCode.DiskFull, $"the store does not take the record that {number} was processed: {refused.Cause}", "Make room, then acknowledge again.");
                case WriteOutcome.Unknown unknown:
                    cause = unknown.Cause;
                    break;
            }
        }
        throw new SeguroException(ErrorCode.OutcomeUnknown, $"nobody knows whether it is recorded that event {number} was processed: {cause}", "Acknowledge again: that is safe.");
    }

    /// <summary>All metadata of the log, by a plain read, which may be a little old. The values are the caller's to read, not to change.</summary>
    /// <exception cref="SeguroException">What the store says.</exception>
    public async Task<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel = default) =>
        await _log.Stored.ReadMetadataAsync(cancel);

    /// <summary>Ends its writers, as their own disposal does, and closes the log and its store. No other call may be under way.</summary>
    public async ValueTask DisposeAsync()
    {
        SeguroWriter[] writers;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            writers = [.. _writers];
        }
        foreach (SeguroWriter writer in writers)
            await writer.DisposeAsync();
        await _log.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>Whether an event is as safe as that now.</summary>
    internal async Task<bool> IsReachedAsync(ulong number, SafetyLevel level, CancellationToken cancel)
    {
        if (!await IsCommittedAsync(number, cancel))
            return false;
        return level.Kind switch
        {
            SafetyKind.Released => LogRecords.Read(await ReadMetadataAsync(cancel), MetadataKey.Released) >= number,
            SafetyKind.Processed => LogRecords.CountProcessed(await ReadMetadataAsync(cancel), number, _options.Name) >= level.Machines,
            _ => true,
        };
    }

    /// <summary>As <see cref="TailAsync"/>, in pieces.</summary>
    internal async IAsyncEnumerable<LogPiece> StreamTailAsync(ulong from, [EnumeratorCancellation] CancellationToken cancel)
    {
        ulong next = from > 0 ? from : (await ReadStateAsync(cancel)).First.Value;
        while (true)
        {
            LogState state = await ReadStateAsync(cancel);
            await foreach (EventFragment piece in _log.StreamAsync(state, new EventNumber(next), state.Head.Number, cancel))
            {
                yield return new LogPiece(piece.Number.Value, piece.Offset, piece.Size, piece.Bytes, piece.Chain);
                if (piece.IsLast)
                    next = piece.Number.Next.Value;
            }
            await _log.Stored.WaitPastAsync(new EventNumber(next).Previous, cancel);
        }
    }

    private static StoreOptions StoreOptionsOf(SeguroLogOptions options) => new()
    {
        Create = options.Create && !options.ReadOnly,
        ReadOnly = options.ReadOnly,
        Certificates = options.Certificates,
        Patience = options.Patience,
        AllowUnsafeSettings = options.AllowUnsafeSettings,
        Despite = options.Despite,
    };

    private static (EventNumber First, EventNumber Last) Range(LogState state, ulong from, ulong to) =>
        (from > 0 ? new EventNumber(from) : state.First, to > 0 ? new EventNumber(to) : state.Head.Number);

    private async ValueTask<bool> IsCommittedAsync(ulong number, CancellationToken cancel) =>
        _seen.Number >= number || (await ReadStateAsync(cancel)).Head.Number.Value >= number;

    private async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        LogState state = await _log.ReadStateAsync(cancel);
        lock (_lock)
        {
            if (state.Head.Number.Value >= _seen.Number)
                _seen = new Sighting(state.Head.Number.Value, state.Lease.Term);
        }
        return state;
    }

    /// <summary>Refuses a log whose ship others compute: what is appended beside them would fork it.</summary>
    private void RequireFree(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (Custody.Read(metadata) is not { } custody)
            return;
        string whose = custody.Kind switch
        {
            CustodyKind.Gated => "written by a cluster of Seguro",
            CustodyKind.Mirrored => "a mirror's",
            _ => "of a ship that was given back to a plain pier",
        };
        throw new SeguroException(
            ErrorCode.OtherCustody, $"the log of {Ship} is {whose} (custody {custody})",
            "Read it, or write a log of your own: two that compute one ship would fork it.");
    }

    /// <summary>What is known of the log without asking: its head only grows.</summary>
    private sealed record Sighting(ulong Number, Term Term);
}

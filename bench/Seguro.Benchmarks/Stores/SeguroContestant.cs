using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>Seguro itself: a ship's new log in the store, written as the holder of its lease.</summary>
internal sealed class SeguroContestant : Contestant
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(10);

    private readonly IStore _store;
    private readonly EventLog _log;
    private readonly WriterLease _lease;
    private Position _head;

    private SeguroContestant(IStore store, EventLog log, WriterLease lease)
    {
        _store = store;
        _log = log;
        _lease = lease;
    }

    public override string Name => Measurement.Seguro;

    public override int LargestGroup => _log.Capabilities.LargestGroup;

    public override long LargestGroupBytes => Math.Min(_log.Capabilities.LargestTransaction, base.LargestGroupBytes);

    public override int LargestEvent => (int)Math.Min(_log.Capabilities.LargestEvent, int.MaxValue);

    public static async Task<SeguroContestant> OpenAsync(RunningDatabase database, CancellationToken cancel)
    {
        IStore store = await database.OpenNewAsync(cancel);
        EventLog log = new(await store.CreateLogAsync(ShipNames.Next(), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
        return new SeguroContestant(store, log, await WriterLease.AcquireAsync(log, "bench", LeaseDuration, TimeProvider.System, cancel));
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        AppendResult result = await _log.AppendAsync(_lease.Term, _head, payloads, cancel);
        _head = result.IsCommitted ? result.Reached : throw new InvalidOperationException($"An append was not committed: {result.Outcome}");
    }

    /// <summary>Appends events as an import does: in groups that are filled while the one before is on its way.</summary>
    public async Task ImportAsync(IReadOnlyList<byte[]> payloads, CancellationToken cancel)
    {
        long bytes = payloads.Sum(static payload => (long)payload.Length);
        TransferMeter meter = new(null, TransferStep.Copying, (ulong)payloads.Count, bytes);
        await using (GroupAppender appender = new(_log, _lease.Term, _head, meter))
        {
            foreach (byte[] payload in payloads)
            {
                if (payload.Length <= appender.LargestInGroup)
                    await appender.AddAsync(payload, cancel);
                else
                    await appender.AddAsync(payload.Length, Pieces(payload), cancel);
            }
            await appender.FlushAsync(cancel);
            _head = appender.Reached;
        }
        Count(payloads.Count, bytes);
    }

    public override async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync();
        await _log.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>Reads all events, each verified against its chain.</summary>
    protected override async ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        LogState state = await _log.ReadStateAsync(cancel);
        if (state.Head.Position != _head)
            throw new InvalidOperationException($"The log ends at {state.Head.Position}, and not at {_head}.");
        (long events, long bytes) = (0, 0);
        await foreach (EventFragment piece in _log.StreamAsync(state, state.First, state.Head.Number, cancel))
        {
            bytes += piece.Bytes.Length;
            events += piece.IsLast ? 1 : 0;
        }
        return (events, bytes);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] payload)
    {
        await Task.CompletedTask;
        yield return payload;
    }
}

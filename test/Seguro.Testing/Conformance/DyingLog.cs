using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A log of a <see cref="DyingStore"/>.</summary>
internal sealed class DyingLog(DyingStore store, IStoredLog inner) : IStoredLog
{
    public Ship Ship => inner.Ship;

    public ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => inner.ReadStateAsync(cancel);

    public ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => inner.ObserveLeaseAsync(cancel);

    public IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, CancellationToken cancel) => inner.ReadAsync(from, to, cancel);

    public ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => inner.ReadChainAsync(number, cancel);

    public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel) => store.WriteAsync(() => inner.AppendAsync(append, cancel));

    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel) => store.WriteAsync(() => inner.StageAsync(stage, cancel));

    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) =>
        store.WriteAsync(() => inner.CampaignAsync(expected, candidate, duration, cancel));

    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => store.WriteAsync(() => inner.RenewAsync(held, cancel));

    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => store.WriteAsync(() => inner.ResignAsync(held, cancel));

    public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => inner.ReadMetadataAsync(cancel);

    public ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel) =>
        store.WriteAsync(() => inner.SetMetadataAsync(term, key, expected, value, cancel));

    public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) => store.WriteAsync(() => inner.TrimAsync(term, first, cancel));

    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => inner.WaitPastAsync(number, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>A member's own log as far as the cluster has committed it, for whoever must never see what the cluster may yet drop. It can't be written.</summary>
/// <param name="own">The member's own log, opened for reading; disposed of with this.</param>
/// <param name="committed">What is committed, as the member knows it now.</param>
/// <param name="time">The clock of waits.</param>
internal sealed class CommittedLog(IStoredLog own, Func<Position> committed, TimeProvider time) : ReadOnlyLog("a member's own log")
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override Ship Ship => own.Ship;

    /// <inheritdoc/>
    public override async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        Position end = committed(); // before the log is looked at, which only grows
        LogState state = await own.ReadStateAsync(cancel);
        return end.Number > state.Head.Number || end.Number < state.Base.Number
            ? throw new SeguroException(
                ErrorCode.StoreUnavailable, $"the cluster has committed event {end.Number} of {Ship}, and this member's own log has the events {state.First} to {state.Head.Number}", "Wait until the member has caught up.")
            : state with { Head = new Head(Term.None, end.Number, end.Chain) };
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, CancellationToken cancel) => own.ReadAsync(from, to, cancel);

    /// <inheritdoc/>
    public override ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => own.ReadChainAsync(number, cancel);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => own.ReadMetadataAsync(cancel);

    /// <inheritdoc/>
    public override async ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel)
    {
        while (committed().Number <= number)
            await Task.Delay(Look, time, cancel);
    }

    /// <inheritdoc/>
    public override ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => own.ObserveLeaseAsync(cancel);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => own.DisposeAsync();
}

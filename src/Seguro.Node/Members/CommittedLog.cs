using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>
/// A member's own log as far as the cluster has committed it, for whoever must never see what the cluster may yet drop; where it was chopped, what is
/// before that is the store's, as far as that has it.
/// It can't be written.
/// </summary>
/// <param name="own">The member's own log, opened for reading; disposed of with this.</param>
/// <param name="committed">What is committed, as the member knows it now.</param>
/// <param name="time">The clock of waits.</param>
/// <param name="store">The cluster's store; asked only where the own log begins above 1, and not disposed of.</param>
internal sealed class CommittedLog(IStoredLog own, Func<Position> committed, TimeProvider time, IStoredLog? store = null) : ReadOnlyLog("a member's own log")
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override Ship Ship => own.Ship;

    /// <inheritdoc/>
    public override async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        Position end = committed(); // before the log is looked at, which only grows
        LogState state = await own.ReadStateAsync(cancel);
        if (end.Number > state.Head.Number || end.Number < state.Base.Number)
        {
            throw new SeguroException(
                ErrorCode.StoreUnavailable, $"the cluster has committed event {end.Number} of {Ship}, and this member's own log has the events {state.First} to {state.Head.Number}", "Wait until the member has caught up.");
        }
        return state with { Base = await FindBaseAsync(state.Base, cancel), Head = new Head(Term.None, end.Number, end.Chain) };
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        EventNumber chopped = store is null ? EventNumber.None : (await own.ReadStateAsync(cancel)).Base.Number;
        if (from <= chopped)
        {
            await foreach (StoredFragment fragment in store!.ReadAsync(from, to < chopped ? to : chopped, cancel))
                yield return fragment;
            from = chopped.Next;
        }
        if (from > to)
            yield break;
        await foreach (StoredFragment fragment in own.ReadAsync(from, to, cancel))
            yield return fragment;
    }

    /// <inheritdoc/>
    public override async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) =>
        await own.ReadChainAsync(number, cancel) ?? (store is null ? null : await store.ReadChainAsync(number, cancel));

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

    /// <summary>Where the two together begin.</summary>
    /// <exception cref="SeguroException">What the store throws: that it is away is no reason to say that it has nothing.</exception>
    private async ValueTask<Position> FindBaseAsync(Position chopped, CancellationToken cancel)
    {
        if (store is null || chopped.Number == EventNumber.None)
            return chopped;
        LogState shared = await store.ReadStateAsync(cancel);
        return shared.Base.Number < chopped.Number && shared.Head.Number >= chopped.Number && await store.ReadChainAsync(chopped.Number, cancel) == chopped.Chain ? shared.Base : chopped;
    }
}

using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Piers.LocalLogs;

/// <summary>A pier's log that another process writes: its records end where that process began, and the chains of what it wrote since are here.</summary>
/// <param name="stored">The log, read-only.</param>
/// <param name="begin">What the records say.</param>
sealed class FollowedLog(IStoredLog stored, LogState begin) : IStoredLog
{
    private readonly Lock _gate = new();
    private readonly List<Chain> _chains = [];
    private readonly LogState _begin = begin;
    private LogState _state = begin;

    /// <inheritdoc/>
    public Ship Ship => stored.Ship;

    /// <summary>Chains that are kept here.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _chains.Count;
        }
    }

    /// <summary>These were written.</summary>
    public void Add(LogState state, IReadOnlyList<Event> events)
    {
        lock (_gate)
        {
            foreach (Event added in events)
                _chains.Add(added.Chain);
            _state = state;
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        lock (_gate)
            return ValueTask.FromResult(_state);
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) =>
        number > _begin.Head.Number ? ChainOf(number) : number == _begin.Head.Number ? _begin.Head.Chain : await stored.ReadChainAsync(number, cancel);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (StoredFragment read in stored.ReadAsync(from, to, cancel))
            yield return read.Number > _begin.Head.Number ? read with { Chain = ChainOf(read.Number) } : read;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => stored.ReadMetadataAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => stored.ObserveLeaseAsync(cancel);

    /// <inheritdoc/>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => stored.WaitPastAsync(number, cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel) => stored.AppendAsync(append, cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel) => stored.StageAsync(stage, cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) => stored.CampaignAsync(expected, candidate, duration, cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => stored.RenewAsync(held, cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => stored.ResignAsync(held, cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> SetMetadataAsync(Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel) =>
        stored.SetMetadataAsync(term, key, expected, value, cancel);

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) => stored.TrimAsync(term, first, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stored.DisposeAsync();

    private Chain? ChainOf(EventNumber number)
    {
        lock (_gate)
        {
            ulong at = number - _begin.Head.Number - 1;
            return at < (ulong)_chains.Count ? _chains[(int)at] : null;
        }
    }
}

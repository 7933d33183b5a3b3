namespace Seguro.Core;

/// <summary>A stored log that is read only: a view of another log, or a backup. Each write is refused before anything is done.</summary>
/// <remarks>Threading, waiting and what reads throw: as <see cref="IStoredLog"/> says, or as the class below says.</remarks>
/// <param name="name">What it is, for the refusal's message.</param>
public abstract class ReadOnlyLog(string name) : IStoredLog
{
    /// <inheritdoc/>
    public abstract Ship Ship { get; }

    /// <inheritdoc/>
    public abstract ValueTask<LogState> ReadStateAsync(CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel);

    /// <inheritdoc/>
    public abstract IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Refused.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Unsupported"/>: nothing was written.</exception>
    public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<WriteOutcome> SetMetadataAsync(Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel) => throw Refused();

    /// <inheritdoc cref="AppendAsync"/>
    public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) => throw Refused();

    /// <summary>What each write is answered with.</summary>
    protected SeguroException Refused() => ReadOnlyStore.Refuse(name);
}

using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>The log of the one ship whose pier it is.</summary>
sealed class LmdbLog(LmdbPier pier, Ship ship, bool isReadOnly, TimeProvider time) : IStoredLog
{
    private const int LargestPiece = 4 << 20;

    /// <inheritdoc/>
    public Ship Ship => ship;

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return await Task.Run(pier.ReadState, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => (await ReadStateAsync(cancel)).Lease;

    /// <inheritdoc/>
    /// <remarks>An event is one fragment; a large one is handed out in pieces, so that memory stays bounded.</remarks>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        LogState state = await ReadStateAsync(cancel);
        LmdbView view = pier.View();
        LmdbRows rows = view.NewRows();
        EventNumber first = from < state.First ? state.First : from;
        EventNumber last = to > state.Head.Number ? state.Head.Number : to;
        if (last < first)
            yield break;
        int index = 0;
        Chain? chain = null;
        foreach (PierPiece piece in view.ReadPieces(first, last, LargestPiece))
        {
            cancel.ThrowIfCancellationRequested();
            if (piece.Offset == 0)
            {
                index = 0;
                chain = rows.ChainOf(piece.Number);
            }
            yield return new StoredFragment(piece.Number, index++, piece.Size, chain, piece.Bytes);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel)
    {
        LogState state = await ReadStateAsync(cancel);
        if (number == state.Base.Number)
            return state.Base.Chain;
        if (number == state.Head.Number)
            return state.Head.Chain;
        return number > state.Base.Number && number < state.Head.Number ? pier.View().ReadChain(number) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        WriteOutcome outcome;
        if (isReadOnly)
            throw ReadOnlyStore.Refuse(pier.Path);
        LmdbWriter writer = await pier.EnterAsync(cancel);
        try
        {
            outcome = LogRules.Decide(writer.State, append) switch
            {
                null => Commit(writer, append),
                WriteOutcome.Committed => Repeat(writer),
                WriteOutcome refused => refused,
            };
        }
        finally
        {
            pier.Leave();
        }
        if (outcome is WriteOutcome.Committed)
            pier.Signal.Announce();
        return outcome;
    }

    /// <inheritdoc/>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Unsupported"/>, always: every event that this store may hold is one fragment.</exception>
    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel) => throw new SeguroException(
        ErrorCode.Unsupported, "an event of a pier is one value: lmdb stages no fragments", "Append the event whole.");

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        LeaseRules.CheckCandidate(candidate, duration);
        return ChangeLeaseAsync(current => LeaseRules.Campaign(current, expected, candidate, duration), cancel);
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(current => LeaseRules.Renew(current, held), cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(current => LeaseRules.Resign(current, held), cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return await Task.Run(() => pier.View().ReadMetadata(), cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        if (key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life && value.Length > PierMeta.LargestValue)
            throw new ArgumentException($"The metadata '{key}' has {value.Length} bytes; vere's has at most {PierMeta.LargestValue}.", nameof(value));
        return await WriteAsync(
            writer =>
            {
                ReadOnlyMemory<byte>? current = writer.View.ReadMetadata().TryGetValue(key, out ReadOnlyMemory<byte> now) ? now : (ReadOnlyMemory<byte>?)null;
                return LogRules.DecideMetadata(writer.State, term, current, expected, value) switch
                {
                    null => Commit(writer, () => writer.SetMetadata(key, value), static _ => true),
                    WriteOutcome.Committed => Repeat(writer),
                    WriteOutcome refused => refused,
                };
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) => ForgetAsync(term, first, static (writer, first) => writer.Trim(first), cancel);

    /// <summary>Lets the log begin at an event: see <see cref="LmdbStore.BeginAtAsync"/>.</summary>
    public ValueTask<WriteOutcome> BeginAtAsync(Term term, EventNumber first, CancellationToken cancel) => ForgetAsync(term, first, static (writer, first) => writer.BeginAt(first), cancel);

    private async ValueTask<WriteOutcome> ForgetAsync(Term term, EventNumber first, Action<LmdbWriter, EventNumber> forget, CancellationToken cancel) => await WriteAsync(
        writer => LogRules.DecideTrim(writer.State, term, first) switch
        {
            null => Commit(writer, () => forget(writer, first), state => state.First >= first),
            WriteOutcome.Committed => Repeat(writer),
            WriteOutcome refused => refused,
        },
        cancel);

    /// <summary>Removes the events above <paramref name="last"/>: see <see cref="LmdbStore.CutBackAsync"/>.</summary>
    public async ValueTask<WriteOutcome> CutBackAsync(Term term, Position last, CancellationToken cancel) => await WriteAsync(
        writer =>
        {
            LogState state = writer.State;
            if (LogRules.Fence(state, term) is { } fenced)
                return fenced;
            if (state.Head.Position == last)
                return Repeat(writer);
            Chain? here = last.Number == state.Base.Number ? state.Base.Chain
                : last.Number > state.Base.Number && last.Number < state.Head.Number ? writer.View.ReadChain(last.Number) : null;
            return here == last.Chain ? Commit(writer, () => writer.CutBack(last), after => after.Head.Position == last) : new WriteOutcome.Conflict(state);
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => pier.Signal.WaitAsync(
        async token => (await ReadStateAsync(token)).Head.Number > number, pause => Task.Delay(AppendSignal.Interval, time, pause), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The answer to a write that was found done: by a write of its own, as the contract wants it.</summary>
    private static WriteOutcome Repeat(LmdbWriter writer) => Commit(writer, writer.Confirm, static _ => true);

    private static WriteOutcome Commit(LmdbWriter writer, Append append)
    {
        try
        {
            writer.Append(append);
            return WriteOutcome.Committed.Instance;
        }
        catch (SeguroException failed) when (writer.IsBroken && writer.View.ReadState().Head.Position == append.Last)
        {
            return new WriteOutcome.Unknown(failed.Message);
        }
    }

    /// <summary>Writes; where the commit itself failed, asks the files whether it may have happened.</summary>
    private static WriteOutcome Commit(LmdbWriter writer, Action write, Func<LogState, bool> isDone)
    {
        try
        {
            write();
            return WriteOutcome.Committed.Instance;
        }
        catch (SeguroException failed) when (writer.IsBroken && isDone(writer.View.ReadState()))
        {
            return new WriteOutcome.Unknown(failed.Message);
        }
    }

    private ValueTask<T> WriteAsync<T>(Func<LmdbWriter, T> write, CancellationToken cancel) =>
        isReadOnly ? throw ReadOnlyStore.Refuse(pier.Path) : pier.WriteAsync(write, cancel);

    private async ValueTask<LeaseOutcome> ChangeLeaseAsync(Func<Lease, (Lease Lease, bool IsDone)> change, CancellationToken cancel) => await WriteAsync<LeaseOutcome>(
        writer =>
        {
            (Lease lease, bool isDone) = change(writer.State.Lease);
            if (!isDone)
                return new LeaseOutcome.Lost(lease);
            try
            {
                writer.SetLease(lease); // also where it is there already: see Repeat
                return new LeaseOutcome.Done(lease);
            }
            catch (SeguroException failed) when (writer.IsBroken && writer.View.ReadState().Lease == lease)
            {
                return new LeaseOutcome.Unknown(failed.Message);
            }
        },
        cancel);
}

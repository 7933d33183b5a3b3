using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A ship's log in a <see cref="ModelDatabase"/>.</summary>
internal sealed class ModelStoredLog(ModelStore store, Ship ship, ModelLogData log) : IStoredLog
{
    public Ship Ship => ship;

    private ModelDatabase Database => store.Database;

    private ModelBug Bug => store.Database.Options.Bug;

    public ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => Read(
        () =>
        {
            if (Bug is ModelBug.StateStale)
                return log.Before;
            return store.IsDeposed && Bug is not ModelBug.DeposedReads ? throw ModelStore.Unavailable("a deposed leader can't tell the state") : log.State;
        },
        cancel);

    public ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => Read(() => log.State.Lease, cancel);

    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        byte[] buffer = [];
        (ulong Number, int Index) last = (from.Value, -1);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            StoredFragment fragment;
            lock (Database.Lock)
            {
                store.CheckReachable();
                if (FindAfter(last, to.Value) is not { } found)
                    yield break;
                if (!Database.Faults.TakeFragment())
                    throw ModelStore.Unavailable("the model was told to cut reads short");
                fragment = found;
                last = (found.Number.Value, found.Index);
            }
            if (Database.Options.SpoilsBuffers)
            {
                buffer.AsSpan().Fill(0xdb);
                buffer = fragment.Bytes.ToArray();
                fragment = fragment with { Bytes = buffer };
            }
            yield return fragment;
        }
    }

    public ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => Read(
        () =>
        {
            if (number == log.State.Base.Number)
                return log.State.Base.Chain;
            bool exists = number <= log.State.Head.Number && log.Events.ContainsKey(number.Value);
            return exists ? log.Events[number.Value].Chain : (Chain?)null;
        },
        cancel);

    public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(append);
        StoreCapabilities limits = store.Capabilities;
        if (append.Events.Count > limits.LargestGroup)
            throw new ArgumentException("More events than a group may have.", nameof(append));
        Check(append.Events.Select(static added => added.Bytes));
        return Write(() => LogModel.Append(Database, log, append), cancel);
    }

    public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentOutOfRangeException.ThrowIfLessThan(stage.FirstIndex, 1, nameof(stage));
        Check(stage.Fragments);
        return Write(() => LogModel.Stage(Database, log, stage), cancel);
    }

    public ValueTask<WriteOutcome> SetMetadataAsync(
        Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        MetadataKey.Check(key, value);
        return Write(() => LogModel.SetMetadata(Database, log, term, key, expected, value), cancel);
    }

    public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) =>
        Write(() => LogModel.Trim(Database, log, term, first), cancel, takesRoom: false);

    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        LeaseRules.CheckCandidate(candidate, duration);
        return WriteLease(() => LogModel.Campaign(Database, log, expected, candidate, duration), cancel);
    }

    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) =>
        WriteLease(() => LogModel.Move(log, LeaseRules.Renew(log.State.Lease, held)), cancel);

    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) =>
        WriteLease(() => LogModel.Resign(Database, log, held), cancel);

    public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) =>
        Read<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(
            () => log.Metadata.ToDictionary(static pair => pair.Key, static pair => new ReadOnlyMemory<byte>([.. pair.Value])), cancel);

    public async ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (Database.Lock)
            {
                store.CheckReachable();
                if (log.State.Head.Number > number)
                    return;
                changed = Database.Changed;
            }
            await changed.WaitAsync(cancel);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private StoredFragment? FindAfter((ulong Number, int Index) last, ulong to)
    {
        ulong end = Bug is ModelBug.StagedVisible ? to : Math.Min(to, log.State.Head.Number.Value);
        for (ulong number = Math.Max(last.Number, log.State.First.Value); number <= end; number++)
        {
            int least = number == last.Number ? last.Index + 1 : 0;
            if (!log.Fragments.TryGetValue(number, out SortedDictionary<int, byte[]>? fragments))
                continue;
            foreach ((int index, byte[] bytes) in fragments)
            {
                if (index < least)
                    continue;
                (long size, Chain chain) = log.Events.GetValueOrDefault(number, (bytes.Length, default));
                return new StoredFragment(new EventNumber(number), index, size, chain, bytes);
            }
        }
        return null;
    }

    private void Check(IEnumerable<ReadOnlyMemory<byte>> fragments)
    {
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> fragment in fragments)
        {
            bytes += fragment.Length;
            if (fragment.Length > store.Capabilities.LargestFragment || bytes > store.Capabilities.LargestTransaction)
                throw new ArgumentException("The write does not keep within the store's capabilities.", nameof(fragments));
        }
    }

    private ValueTask<T> Read<T>(Func<T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            store.CheckReachable();
            return new ValueTask<T>(read());
        }
    }

    private ValueTask<WriteOutcome> Write(Func<WriteOutcome> write, CancellationToken cancel, bool takesRoom = true) =>
        Write(write, static cause => new WriteOutcome.Unknown(cause), takesRoom, cancel);

    private ValueTask<LeaseOutcome> WriteLease(Func<LeaseOutcome> write, CancellationToken cancel) =>
        Write(write, static cause => new LeaseOutcome.Unknown(cause), takesRoom: false, cancel);

    private ValueTask<T> Write<T>(Func<T> write, Func<string, T> unknown, bool takesRoom, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Database.Lock)
        {
            store.CheckReachable();
            if ((takesRoom || store.IsDeposed) && !(store.IsDeposed && Bug is ModelBug.DeposedDecides))
                store.CheckWritable();
            switch (Database.Faults.TakeFate())
            {
                case WriteFate.UnknownLost:
                    return new ValueTask<T>(unknown("the model was told to lose this write"));
                case WriteFate.Refused:
                    if (Bug is ModelBug.RefusedButWritten)
                        write();
                    throw ModelStore.Unavailable("the model was told to refuse this write");
                case WriteFate.UnknownApplied:
                    write();
                    Database.Signal();
                    return new ValueTask<T>(unknown("the model was told to lose the answer to this write"));
                default:
                    T outcome = write();
                    Database.Signal();
                    return new ValueTask<T>(outcome);
            }
        }
    }
}

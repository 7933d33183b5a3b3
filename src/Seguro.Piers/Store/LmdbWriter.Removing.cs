using Seguro.Core;

namespace Seguro.Piers.Store;

// Both ends of the log: what is trimmed, and what is cut back. liblmdb trusts the leaves that it changes, so they are checked before.
sealed partial class LmdbWriter
{
    /// <summary>Removes the events below <paramref name="first"/>.</summary>
    public void Trim(EventNumber first)
    {
        EventNumber number = first.Previous;
        LogState after = Beginning(number);
        List<PierEpoch> older = [.. _view.Files.Epochs.Where(epoch => epoch != _view.Files.Newest && !epoch.Info.IsEmpty)];
        EventNumber from = State.First;
        Write(after, (transaction, meta) =>
        {
            foreach ((string key, byte[] value) in LmdbRecords.Write(after))
                transaction.Put(meta, key, value);
            if (older.Count == 0)
                Remove(transaction, from, number);
        });
        if (older.Count == 0)
            return;
        try
        {
            // Oldest first, each at once, so that the numbers have no hole whenever it ends. What stays lies below the base, unseen.
            foreach (PierEpoch epoch in older)
                TrimOlder(epoch, number);
            Write(after, (transaction, _) => Remove(transaction, from, number));
        }
        catch (SeguroException) when (!IsBroken)
        {
            // The base has moved, which is what was asked for; the next trim removes the rest.
        }
    }

    /// <summary>Lets the log begin at an event, and removes nothing: what lies before it, in epochs of its own, is vere's to chop, and unseen from now on.</summary>
    public void BeginAt(EventNumber first)
    {
        LogState after = Beginning(first.Previous);
        Write(after, (transaction, meta) =>
        {
            foreach ((string key, byte[] value) in LmdbRecords.Write(after))
                transaction.Put(meta, key, value);
        });
    }

    private LogState Beginning(EventNumber before)
    {
        Chain chain = before == State.Head.Number ? State.Head.Chain : _view.ReadChain(before)
            ?? throw new SeguroException(ErrorCode.Corrupt, $"the chain of event {before} is missing in {_view.Files.Path}", "Restore the pier from a backup or from another member.");
        return State with { Base = new Position(before, chain), Bytes = State.Bytes - _view.SumSizes(State.First, before) };
    }

    /// <summary>Removes the events above <paramref name="last"/>, which is in the log, in one transaction.</summary>
    public void CutBack(Position last)
    {
        EventNumber start = new(_view.Files.Newest.Start);
        if (_view.Files.Epochs.Count > 1 && last.Number < start)
        {
            throw new SeguroException(
                ErrorCode.Unsupported,
                $"the pier {_view.Files.Path} can't be cut back to event {last.Number}: its newest epoch begins after event {start}",
                "Move the pier away; the member makes a new one from the cluster.");
        }
        LogState before = State;
        long removed = _view.SumSizes(last.Number.Next, before.Head.Number);
        Write((transaction, _) =>
        {
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            uint rows = transaction.Table(LmdbRecords.Table, integerKeys: true);
            CheckBeforeRemoval(_view.Files.Newest, last.Number.Value + 1, ulong.MaxValue);
            Term term = _tail.RowOf(last.Number)?.Term
                ?? (transaction.Get(rows, last.Number.Value) is { Length: LmdbRecords.RowSize } row ? LmdbRecords.ReadRow(row).Term : Term.None);
            transaction.DeleteFrom(events, last.Number.Value + 1);
            transaction.DeleteFrom(rows, last.Number.Value + 1);
            LogState after = before with { Head = new Head(term, last.Number, last.Chain), Bytes = before.Bytes - removed };
            return after;
        });
    }

    /// <summary>Removes events of the newest environment, with what an interrupted trim left there, and their rows.</summary>
    private void Remove(LmdbTransaction transaction, EventNumber from, EventNumber last)
    {
        uint events = transaction.Table(PierMeta.Events, integerKeys: true);
        uint rows = transaction.Table(LmdbRecords.Table, integerKeys: true);
        ulong first = _view.Files.Newest.NewReader().FindEnds() is { } ends ? Math.Min(ends.First, from.Value) : from.Value;
        CheckBeforeRemoval(_view.Files.Newest, first, last.Value);
        for (ulong gone = first; gone <= last.Value; gone++)
        {
            transaction.Delete(events, gone);
            transaction.Delete(rows, gone);
        }
    }

    private static void TrimOlder(PierEpoch epoch, EventNumber last)
    {
        CheckBeforeRemoval(epoch, epoch.Info.First.Value, last.Value);
        using LmdbEnvironment environment = LmdbEnvironment.Open(epoch.Folder, isAside: false);
        using LmdbTransaction transaction = environment.Begin();
        uint events = transaction.Table(PierMeta.Events, integerKeys: true);
        bool removed = false;
        for (ulong gone = epoch.Info.First.Value; gone <= Math.Min(last.Value, epoch.Info.Last.Value); gone++)
            removed |= transaction.Delete(events, gone);
        if (removed)
            transaction.Commit();
    }

    private static void CheckBeforeRemoval(PierEpoch epoch, ulong first, ulong last)
    {
        epoch.NewReader().CheckLeaves(first, last);
        epoch.NewReader(LmdbRecords.Table).CheckLeaves(first, last);
    }
}

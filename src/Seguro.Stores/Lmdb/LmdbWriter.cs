using Seguro.Core;
using Seguro.Urbit.Piers;

namespace Seguro.Stores.Lmdb;

/// <summary>A pier that this process holds for writing: its lock, its newest environment, and the state of its log. For one thread at a time.</summary>
sealed class LmdbWriter : IDisposable
{
    private const int RowsTogether = 10_000;
    private const int PieceSize = 8 << 20;
    private readonly PierLock _lock;
    private readonly LmdbView _view;
    private readonly string _folder;
    private LmdbEnvironment _environment;
    private LmdbTail _tail = LmdbTail.Of(default);
    private LmdbTail _nextTail = LmdbTail.Of(default);
    private volatile Committed _committed = new(default);

    private LmdbWriter(PierLock held, LmdbView view, LmdbEnvironment environment, string folder)
    {
        _lock = held;
        _view = view;
        _environment = environment;
        _folder = folder;
    }

    /// <summary>The committed state; from any thread.</summary>
    public LogState State => _committed.State;

    /// <summary>The files, for reading.</summary>
    public LmdbView View => _view;

    /// <summary>A commit failed half-way: this writer must be closed, and the files asked what happened.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes the pier's lock, checks its structure, and completes the records of Seguro over what vere wrote by itself.</summary>
    /// <param name="path">The pier's folder.</param>
    /// <param name="keep">Takes the files over: readers may use them for longer than this writer does.</param>
    public static LmdbWriter Open(string path, Func<LmdbView, LmdbView> keep)
    {
        PierLock held = PierLock.Take(path);
        LmdbEnvironment? environment = null;
        try
        {
            LmdbView view = keep(LmdbView.Open(path, isLive: false));
            string folder = view.Files.Newest.Folder;
            environment = LmdbEnvironment.Open(folder, isAside: false);
            LmdbWriter writer = new(held, view, environment, folder);
            writer.Adopt();
            return writer;
        }
        catch
        {
            environment?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Appends events that were decided to be written.</summary>
    public void Append(Append append)
    {
        bool isLarge = false;
        foreach (NewEvent added in append.Events)
            isLarge |= added.Size > LmdbEnvironment.LargestInMemory;
        if (isLarge)
            Reopen(append.Size);
        try
        {
            AppendInOne(append);
        }
        finally
        {
            if (isLarge && !IsBroken)
                Reopen(0);
        }
    }

    /// <summary>Records a lease.</summary>
    public void SetLease(Lease lease) =>
        Write(State with { Lease = lease }, (transaction, meta) => transaction.Put(meta, LmdbRecords.Lease, LmdbRecords.WriteLease(lease)));

    /// <summary>Sets a value of metadata; vere's own at both places where vere keeps it.</summary>
    public void SetMetadata(string key, ReadOnlyMemory<byte> value)
    {
        bool isVeres = key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life;
        Write(State, (transaction, meta) => transaction.Put(meta, isVeres ? key : LmdbRecords.Metadata + key, value.Span));
        if (isVeres)
            CopyIdentityUp();
    }

    /// <summary>Removes the events below <paramref name="first"/>.</summary>
    public void Trim(EventNumber first)
    {
        EventNumber number = first.Previous;
        Chain chain = number == State.Head.Number ? State.Head.Chain : _view.ReadChain(number)
            ?? throw new SeguroException(ErrorCode.Corrupt, $"the chain of event {number} is missing in {_view.Files.Path}", "Restore the pier from a backup or from another member.");
        LogState after = State with { Base = new Position(number, chain), Bytes = State.Bytes - _view.SumSizes(State.First, number) };
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

    public void Dispose()
    {
        _environment.Dispose();
        _lock.Dispose();
    }

    private void AppendInOne(Append append)
    {
        LogState after = LogRules.After(State, append);
        using LmdbTransaction transaction = _environment.Begin();
        uint events = transaction.Table(PierMeta.Events, integerKeys: true);
        foreach (NewEvent added in append.Events)
            AppendOne(transaction, events, added);
        _nextTail.Append(_tail, append, after, transaction);
        transaction.Put(transaction.MainTable(), LmdbTail.Name, _nextTail.Span);
        Commit(transaction, after);
    }

    private static unsafe void AppendOne(LmdbTransaction transaction, uint events, in NewEvent added)
    {
        if (added.Bytes.Length != added.Size)
            throw new ArgumentException($"Event {added.Number} has {added.Bytes.Length} of its {added.Size} bytes: this store takes events whole.", nameof(added));
        if (added.Size <= LmdbEnvironment.LargestInMemory)
        {
            transaction.Append(events, added.Number.Value, added.Bytes.Span);
            return;
        }
        byte* place = transaction.Reserve(events, added.Number.Value, added.Size);
        for (int offset = 0; offset < added.Bytes.Length; offset += PieceSize)
        {
            ReadOnlyMemory<byte> piece = added.Bytes.Slice(offset, Math.Min(PieceSize, added.Bytes.Length - offset));
            piece.Span.CopyTo(new Span<byte>(place + offset, piece.Length));
            LibC.Forget((nint)(place + offset), piece.Length);
        }
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

    /// <summary>A state that can be read while another takes its place.</summary>
    private sealed record Committed(LogState State);

    /// <summary>Writes in one transaction; the state is <paramref name="after"/> when it is committed.</summary>
    private void Write(LogState after, Action<LmdbTransaction, uint> write) => Write((transaction, meta) =>
    {
        write(transaction, meta);
        return after;
    });

    /// <summary>Writes in one transaction; the state is what <paramref name="write"/> returned when it is committed. Its head is not above that of before.</summary>
    private void Write(Func<LmdbTransaction, uint, LogState> write)
    {
        using LmdbTransaction transaction = _environment.Begin();
        LogState after = write(transaction, transaction.Table(PierMeta.Table, integerKeys: false));
        _nextTail.CutBack(_tail, after);
        if (!_nextTail.Span.SequenceEqual(_tail.Span))
            transaction.Put(transaction.MainTable(), LmdbTail.Name, _nextTail.Span);
        Commit(transaction, after);
    }

    /// <summary>Commits what was written, <see cref="_nextTail"/> with it. Where that fails, nobody knows what is on the disk.</summary>
    private void Commit(LmdbTransaction transaction, LogState after)
    {
        try
        {
            transaction.Commit();
        }
        catch
        {
            IsBroken = true;
            throw;
        }
        (_tail, _nextTail) = (_nextTail, _tail);
        _committed = new Committed(after);
    }

    /// <summary>Makes the records of a pier that only vere has written so far, or brings them up to what it wrote since, or to the newest version of them.</summary>
    private void Adopt()
    {
        List<(EventNumber Number, Chain Chain, Term Term)> rows = [];
        LogState state = _view.ReadState((number, chain, term) =>
        {
            rows.Add((number, chain, term));
            if (rows.Count == RowsTogether)
                WriteRows(rows);
        });
        WriteRows(rows);
        LmdbTail? recorded = _view.ReadTail();
        if (recorded is not null && recorded.Head == state.Head && recorded.Bytes == state.Bytes)
        {
            _tail = recorded;
            _committed = new Committed(state);
        }
        else
        {
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = _view.ReadMetadata();
            _tail = LmdbTail.Of(state);
            Write(state, (transaction, meta) => WriteAll(transaction, meta, state, metadata, recorded));
        }
        _view.CheckHead(State);
        CopyIdentityUp();
    }

    /// <summary>Writes all records anew, but for the rows, which go where they belong from the tail that was.</summary>
    private void WriteAll(
        LmdbTransaction transaction, uint meta, LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, LmdbTail? before)
    {
        transaction.Put(meta, LmdbRecords.Ship, System.Text.Encoding.UTF8.GetBytes(_view.Ship.Name));
        foreach ((string key, byte[] value) in LmdbRecords.Write(state))
            transaction.Put(meta, key, value);
        transaction.Delete(meta, LmdbRecords.OldHead);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
        {
            if (key is not (MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life))
                transaction.Put(meta, LmdbRecords.Metadata + key, value.Span);
        }
        uint table = transaction.Table(LmdbRecords.Table, integerKeys: true);
        _view.Files.Newest.NewReader(LmdbRecords.Table).CheckLeaves(Math.Min(before?.First ?? ulong.MaxValue, state.Head.Number.Value + 1), ulong.MaxValue);
        before?.MoveRows(transaction, table);
        transaction.DeleteFrom(table, state.Head.Number.Value + 1);
        transaction.Put(transaction.MainTable(), LmdbTail.Name, _tail.Span);
    }

    private void WriteRows(List<(EventNumber Number, Chain Chain, Term Term)> rows)
    {
        if (rows.Count == 0)
            return;
        Write(State, (transaction, _) =>
        {
            uint table = transaction.Table(LmdbRecords.Table, integerKeys: true);
            _view.Files.Newest.NewReader(LmdbRecords.Table).CheckLeaves(rows[0].Number.Value, ulong.MaxValue);
            Span<byte> row = stackalloc byte[LmdbRecords.RowSize];
            foreach ((EventNumber number, Chain chain, Term term) in rows)
            {
                LmdbRecords.WriteRow(row, chain, term);
                transaction.Put(table, number.Value, row);
            }
        });
        rows.Clear();
    }

    /// <summary>vere keeps its own values at the top too; a crash between the two, or a change, is made good here.</summary>
    private void CopyIdentityUp()
    {
        string log = PierFiles.LogOf(_view.Files.Path);
        if (_view.Files.MetaVersion == 1)
            return;
        List<(string Key, byte[] Value)> missing = [];
        string file = LmdbEnvironment.FileOf(log);
        using (PierEpoch? top = File.Exists(file) ? PierEpoch.OpenFlat(log) : null)
        {
            if (top is null)
                return; // vere 3 makes it anew
            foreach (string key in new[] { PierMeta.Who, PierMeta.Fake, PierMeta.Life })
            {
                byte[]? here = _view.Files.Newest.ReadMeta(key);
                if (here is not null && !(top.ReadMeta(key) is { } above && above.AsSpan().SequenceEqual(here)))
                    missing.Add((key, here));
            }
            if (missing.Count == 0)
                return;
            LmdbAudit.Check(top.File, top.File.ReadSnapshot(), new EventSurvey(file, 0));
        }
        using LmdbEnvironment environment = LmdbEnvironment.Open(log, isAside: false);
        using LmdbTransaction transaction = environment.Begin();
        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
        foreach ((string key, byte[] value) in missing)
            transaction.Put(meta, key, value);
        transaction.Commit();
    }

    /// <summary>Opens the environment anew: through the map for events of this size, or as usual for 0.</summary>
    private void Reopen(long size)
    {
        _environment.Dispose();
        LmdbEnvironment.Trim(_folder);
        try
        {
            _environment = size > 0 ? LmdbEnvironment.OpenMapped(_folder, size, isAside: false) : LmdbEnvironment.Open(_folder, isAside: false);
        }
        catch
        {
            IsBroken = true; // without an environment; the next write opens everything anew
            throw;
        }
    }
}

using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>A pier that this process holds for writing: its lock, its newest environment, and the state of its log. For one thread at a time.</summary>
sealed partial class LmdbWriter : IDisposable
{
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

    /// <summary>The pier's identity as a store; it is given one where it has none.</summary>
    public StoreIdentity FindOrGiveIdentity()
    {
        if (_view.ReadIdentity() is { } known)
            return known;
        StoreIdentity made = new(RandomNumberGenerator.GetBytes(StoreIdentity.Size));
        Write(State, (transaction, meta) => transaction.Put(meta, LmdbRecords.Identity, made.ToArray()));
        return made;
    }

    /// <summary>Sets a value of metadata; vere's own at both places where vere keeps it.</summary>
    public void SetMetadata(string key, ReadOnlyMemory<byte> value)
    {
        bool isVeres = key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life;
        Write(State, (transaction, meta) => transaction.Put(meta, isVeres ? key : LmdbRecords.Metadata + key, value.Span));
        if (isVeres)
            CopyIdentityUp();
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

using System.Collections.Concurrent;
using RocksDbSharp;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

/// <summary>An opened database, shared by all clients of this process that named its folder: RocksDB lets a folder be opened once.</summary>
/// <remarks>
/// <para>Readers overlap; what opens and closes waits for them. A log's writers take turns (<see cref="Turn"/>); RocksDB itself joins the fsyncs of
/// logs that are written at the same time.</para>
/// <para>After a failed write RocksDB takes none until it is opened again, which the next write does.</para>
/// </remarks>
sealed class RocksDbDatabase : IDisposable
{
    private static readonly Dictionary<string, RocksDbDatabase> Open = [];
    private static readonly Lock Opening = new();
    private static readonly WriteOptions Synced = new WriteOptions().SetSync(true);

    private readonly ReaderWriterLockSlim _use = new();
    private readonly ConcurrentDictionary<uint, SemaphoreSlim> _turns = new();
    private readonly ConcurrentDictionary<uint, AppendSignal> _signals = new();
    private RocksDbFiles? _files;
    private volatile bool _mustReopen;
    private int _clients;

    private readonly string _key;
    private readonly bool _readOnly;

    private RocksDbDatabase(string key, string path, bool readOnly)
    {
        _key = key;
        Path = path;
        _readOnly = readOnly;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Opens the folder, or joins those who have it open; makes it where it is missing and that is allowed.</summary>
    /// <remarks>For reading only, it is a picture of the moment, taken beside whoever has the folder open.</remarks>
    public static RocksDbDatabase Enter(string path, bool create, bool readOnly)
    {
        lock (Opening)
        {
            string key = readOnly ? path + "/." : path; // no path ends so
            if (!Open.TryGetValue(key, out RocksDbDatabase? database))
            {
                database = new RocksDbDatabase(key, path, readOnly) { _files = RocksDbFiles.Open(path, create && !readOnly, readOnly) };
                Open.Add(key, database);
            }
            database._clients++;
            return database;
        }
    }

    /// <summary>A client leaves; the last one closes the database. Each client calls it once.</summary>
    public void Dispose()
    {
        lock (Opening)
        {
            if (--_clients > 0)
                return;
            Open.Remove(_key);
            _use.EnterWriteLock();
            try
            {
                _files?.Dispose();
                _files = null;
            }
            finally
            {
                _use.ExitWriteLock();
                _use.Dispose();
            }
        }
    }

    /// <summary>Whose turn it is to write to a log; 0 stands for the list of logs.</summary>
    public SemaphoreSlim Turn(uint log) => _turns.GetOrAdd(log, static _ => new SemaphoreSlim(1, 1));

    /// <summary>Where those who wait for a log's events are woken.</summary>
    public AppendSignal Signal(uint log) => _signals.GetOrAdd(log, static _ => new AppendSignal());

    /// <summary>Reads. The files may not be used after <paramref name="read"/> returns.</summary>
    public T Read<T>(Func<RocksDbFiles, T> read)
    {
        _use.EnterReadLock();
        try
        {
            if (_files is { } files)
                return read(files);
        }
        catch (RocksDbException error)
        {
            throw RocksDbError.Explain(error, Path);
        }
        finally
        {
            _use.ExitReadLock();
        }
        Reopen();
        return Read(read);
    }

    /// <summary>Writes a batch and fsyncs it. <see langword="null"/>: done; else the cause why nobody knows whether it is.</summary>
    /// <exception cref="SeguroException">Nothing was written.</exception>
    public string? Write(WriteBatch batch)
    {
        if (_readOnly)
            throw ReadOnlyStore.Refuse(Path);
        if (_mustReopen)
            Reopen();
        _use.EnterReadLock();
        try
        {
            ObjectDisposedException.ThrowIf(_files is null, typeof(RocksDbStore));
            _files.Database.Write(batch, Synced);
            return null;
        }
        catch (RocksDbException error)
        {
            _mustReopen = true;
            return RocksDbError.LeavesWriteUnknown(error) ? error.Message : throw RocksDbError.Explain(error, Path);
        }
        finally
        {
            _use.ExitReadLock();
        }
    }

    private void Reopen()
    {
        _use.EnterWriteLock();
        try
        {
            if (_files is not null && !_mustReopen)
                return;
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _clients) == 0, typeof(RocksDbStore));
            _files?.Dispose();
            _files = null;
            _files = RocksDbFiles.Open(Path, create: false, _readOnly);
            _mustReopen = false;
        }
        finally
        {
            _use.ExitWriteLock();
        }
    }
}

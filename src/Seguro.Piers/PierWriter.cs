using System.Text;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>
/// Makes a new pier of vere 4's layout (vere-facts.md §6.4) aside, in <c>PATH.seguro-partial</c>, and renames it in when it is complete:
/// there never is half a pier under its name.
/// </summary>
/// <remarks>Not for two threads at a time; memory does not grow with the log nor with its events. An unfinished pier is removed on dispose, or by the next writer.</remarks>
public sealed class PierWriter : IDisposable
{
    /// <summary>What LMDB, and vere's frames, can hold.</summary>
    private const long LargestEvent = uint.MaxValue - 65_536L;
    private const long BatchBytes = 8L << 20;
    private const int BatchEvents = 4096;

    /// <summary>So much is handed to the disk while the next is written: at the end, little is left to wait for.</summary>
    private const long SyncBytes = 64L << 20;
    private const int LongestVersion = 126;
    private const string MetaVersion = "version";
    private readonly string _path;
    private readonly string _aside;
    private readonly string _epoch;
    private EventNumber _next;
    private SafeFileHandle? _file;
    private long _unsynced;
    private LmdbEnvironment? _environment;
    private LmdbTransaction? _transaction;
    private uint _events;
    private long _batchBytes;
    private int _batchEvents;
    private unsafe byte* _place;
    private long _missing;
    private bool _isComplete;

    private PierWriter(string path, EventNumber baseNumber)
    {
        _path = path;
        _aside = path + ".seguro-partial";
        _epoch = Path.Combine(PierFiles.LogOf(_aside), $"0i{baseNumber}");
        _next = baseNumber.Next;
    }

    /// <summary>Begins a pier with one epoch, <c>0iBASE</c>.</summary>
    /// <param name="path">The pier's folder to be: must not exist.</param>
    /// <param name="identity">Whose it is.</param>
    /// <param name="baseNumber">The number before its first event.</param>
    /// <param name="vereVersion">What <c>vere.txt</c> shall say: the runtime that is to open it, such as <c>4.6</c>; below 127 bytes.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static PierWriter Create(string path, PierIdentity identity, EventNumber baseNumber, string vereVersion)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return Create(path, PierMeta.Encode(identity), [], null, baseNumber, vereVersion);
    }

    /// <summary>Adds the next event.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Gap"/>: it is not the next number; <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Append(EventNumber number, ReadOnlySpan<byte> payload)
    {
        Begin(number, payload.Length);
        Add(payload);
    }

    /// <summary>Begins the next event, whose payload of <paramref name="size"/> bytes (below 4 GiB) follows in pieces.</summary>
    /// <exception cref="SeguroException">As <see cref="Append"/>; <see cref="ErrorCode.TooLarge"/>.</exception>
    public unsafe void Begin(EventNumber number, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        CheckIsWhole();
        if (number != _next)
            throw PierFault.Gap(_path, _next, number);
        if (size > LargestEvent)
            throw new SeguroException(ErrorCode.TooLarge, $"event {number} has {size:N0} bytes; a pier's event has less than 4 GiB", "Such an event can't be a vere's.");
        bool isLarge = size > LmdbEnvironment.LargestInMemory;
        if (isLarge || _environment is { IsMapped: true } || _batchBytes + size > BatchBytes || _batchEvents == BatchEvents)
            Flush();
        if (isLarge || _environment!.IsMapped)
            Reopen(isLarge ? size : 0);
        if (_transaction is null)
        {
            _transaction = _environment!.Begin();
            _events = _transaction.Table(PierMeta.Events, integerKeys: true);
        }
        _place = _transaction.Reserve(_events, number.Value, size);
        _missing = size;
        _batchBytes += size;
        _batchEvents++;
        _next = number.Next;
    }

    /// <summary>Adds the next piece of the payload. The bytes are not kept.</summary>
    public unsafe void Add(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > _missing)
            throw new InvalidOperationException("More payload than was announced.");
        piece.CopyTo(new Span<byte>(_place, piece.Length));
        if (_environment!.IsMapped)
            LibC.Forget((nint)_place, piece.Length);
        _place += piece.Length;
        _missing -= piece.Length;
    }

    /// <summary>Makes all durable (files and folders) and renames the pier in.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>: somebody made the target meanwhile; <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Complete()
    {
        CheckIsWhole();
        Flush();
        Close();
        LmdbEnvironment.Trim(_epoch);
        Guarded(() =>
        {
            LibC.SyncFile(LmdbEnvironment.FileOf(_epoch));
            FolderSync.Flush(_epoch);
            FolderSync.Flush(PierFiles.LogOf(_aside));
            FolderSync.Flush(Path.Combine(_aside, ".urb"));
            FolderSync.Flush(_aside);
            // rename(2) takes the place of an empty folder, which is why it is looked for first.
            if (Path.Exists(_path) || LibC.Rename(_aside, _path) != 0)
                throw AlreadyExists(_path);
            _isComplete = true;
            FolderSync.Flush(Path.GetDirectoryName(_path)!);
        });
    }

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
        Close();
        if (!_isComplete && Directory.Exists(_aside))
            Directory.Delete(_aside, recursive: true);
    }

    /// <summary>
    /// As the public one, with the values of META as they are; more of them, and a record <paramref name="beside"/> the tables, which vere does not look at.
    /// </summary>
    internal static PierWriter Create(
        string path,
        IEnumerable<KeyValuePair<string, byte[]>> identity,
        IEnumerable<KeyValuePair<string, byte[]>> more,
        KeyValuePair<string, byte[]>? beside,
        EventNumber baseNumber,
        string vereVersion)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(vereVersion);
        if (Encoding.UTF8.GetByteCount(vereVersion) is 0 or > LongestVersion || !vereVersion.All(static c => c is > ' ' and <= '~'))
            throw new SeguroException(ErrorCode.BadValue, $"'{vereVersion}' is not the version of a vere", "Give it like 4.6: up to 126 characters.");
        LmdbLibrary.Require();
        PierWriter writer = new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), baseNumber);
        try
        {
            writer.Guarded(() => writer.Begin([.. identity], more, beside, vereVersion));
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private void Begin(
        List<KeyValuePair<string, byte[]>> identity, IEnumerable<KeyValuePair<string, byte[]>> more, KeyValuePair<string, byte[]>? beside, string vereVersion)
    {
        if (Path.Exists(_path))
            throw AlreadyExists(_path);
        if (Directory.Exists(_aside))
            Directory.Delete(_aside, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        foreach (string folder in new[] { _aside, Path.Combine(_aside, ".urb"), PierFiles.LogOf(_aside), _epoch })
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteText("epoc.txt", "2");
        WriteText("vere.txt", vereVersion);
        using (LmdbEnvironment top = LmdbEnvironment.Open(PierFiles.LogOf(_aside), isAside: true))
            WriteMeta(top, identity, null);
        LibC.SyncFile(LmdbEnvironment.FileOf(PierFiles.LogOf(_aside)));
        _environment = LmdbEnvironment.Open(_epoch, isAside: true);
        WriteMeta(_environment, identity.Concat(more), beside);
    }

    private void WriteText(string name, string text)
    {
        string path = Path.Combine(_epoch, name);
        File.WriteAllText(path, text);
        LibC.SyncFile(path);
    }

    private static void WriteMeta(LmdbEnvironment environment, IEnumerable<KeyValuePair<string, byte[]>> values, KeyValuePair<string, byte[]>? beside)
    {
        using LmdbTransaction transaction = environment.Begin();
        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
        transaction.Put(meta, MetaVersion, [3]);
        foreach ((string key, byte[] value) in values)
            transaction.Put(meta, key, value);
        _ = transaction.Table(PierMeta.Events, integerKeys: true);
        if (beside is { } record)
            transaction.Put(transaction.MainTable(), record.Key, record.Value);
        transaction.Commit();
    }

    private void CheckIsWhole()
    {
        if (_missing > 0)
            throw new InvalidOperationException($"{_missing} bytes of event {_next.Previous} are missing.");
        ObjectDisposedException.ThrowIf(_environment is null, this);
    }

    private void Flush()
    {
        LmdbTransaction? transaction = _transaction;
        _transaction = null;
        _unsynced += _batchBytes;
        _batchBytes = 0;
        _batchEvents = 0;
        transaction?.Commit();
        if (_unsynced < SyncBytes)
            return;
        _unsynced = 0;
        LibC.BeginSync(_file ??= File.OpenHandle(LmdbEnvironment.FileOf(_epoch), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
    }

    /// <summary>Opens the environment anew: through the map for an event of this size, or as usual for 0.</summary>
    private void Reopen(long size)
    {
        _environment!.Dispose();
        _environment = null;
        LmdbEnvironment.Trim(_epoch);
        _environment = size > 0 ? LmdbEnvironment.OpenMapped(_epoch, size, isAside: true) : LmdbEnvironment.Open(_epoch, isAside: true);
    }

    private void Close()
    {
        _transaction?.Dispose();
        _transaction = null;
        _environment?.Dispose();
        _environment = null;
        _file?.Dispose();
        _file = null;
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FullDisk.IsCauseOf(failed)
                ? LmdbFault.DiskFull(_path)
                : new SeguroException(ErrorCode.FileAccess, $"the pier {_path} can't be made: {failed.Message}", "Check the permissions of the folder that it is to be in.", failed);
        }
    }

    private static SeguroException AlreadyExists(string path) => new(
        ErrorCode.AlreadyExists, $"{path} exists already", "Choose another path, or move away what is there; nothing is ever overwritten.");
}

using System.Globalization;
using System.Text;
using RocksDbSharp;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.RocksDb;

/// <summary>RocksDB's handles on a folder that is Seguro's.</summary>
/// <remarks>
/// The column family <c>seguro.events</c> is the marker that can be seen before anything of another program's is touched; the schema's version is a key.
/// A new database is built aside and renamed in, so that there is never half a one.
/// </remarks>
sealed class RocksDbFiles : IDisposable
{
    private const int Version = 1;
    private const string EventsName = "seguro.events";

    private readonly DbOptions _options;

    private RocksDbFiles(RocksDbSharp.RocksDb database, DbOptions options)
    {
        Database = database;
        _options = options;
        State = database.GetDefaultColumnFamily();
        Events = database.GetColumnFamily(EventsName);
    }

    /// <summary>RocksDB.</summary>
    public RocksDbSharp.RocksDb Database { get; }

    /// <summary>Where states and metadata are.</summary>
    public ColumnFamilyHandle State { get; }

    /// <summary>Where events are.</summary>
    public ColumnFamilyHandle Events { get; }

    /// <summary>Opens the folder.</summary>
    /// <exception cref="SeguroException">It is missing, locked, damaged, another program's, or a newer Seguro's.</exception>
    public static RocksDbFiles Open(string path, bool create, bool readOnly)
    {
        if (File.Exists(path))
            throw Foreign(path, "it is a file");
        bool isEmpty = !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any();
        if (isEmpty && !create)
            throw new SeguroException(ErrorCode.NotFound, $"there is no database at {path}", "Check the path; commands that write make the database where there is none.");
        if (isEmpty && !Directory.Exists(Path.GetDirectoryName(path)))
            throw new SeguroException(ErrorCode.NotFound, $"the folder of {path} does not exist", "Make the folder, or give another path.");
        try
        {
            if (isEmpty)
                Make(path);
            return OpenExisting(path, readOnly);
        }
        catch (RocksDbException error)
        {
            throw RocksDbError.Explain(error, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Opening(path, error);
        }
    }

    /// <summary>A value of the state's column family; <see langword="null"/> where there is none.</summary>
    public byte[]? Get(byte[] key) => Database.Get(key, State);

    /// <summary>Frees the files that hold nothing but events from <paramref name="from"/> to <paramref name="to"/>; the rest of them goes by compaction.</summary>
    public void FreeRange(byte[] from, byte[] to) => Native.Instance.rocksdb_delete_file_in_range_cf(
        Database.Handle, Events.Handle, from, (nuint)from.Length, to, (nuint)to.Length);

    /// <summary>Throws what stopped an iterator, if it was not the end.</summary>
    public static void Check(Iterator iterator) => Native.Instance.rocksdb_iter_get_error(iterator.Handle);

    /// <inheritdoc/>
    public void Dispose()
    {
        Database.Dispose();
        GC.KeepAlive(_options);
    }

    private static RocksDbFiles OpenExisting(string path, bool readOnly)
    {
        if (!File.Exists(Path.Combine(path, "CURRENT")))
            throw Foreign(path, "it is not a RocksDB database");
        DbOptions options = Options();
        string[] names = [.. RocksDbSharp.RocksDb.ListColumnFamilies(options, path)];
        if (!names.Contains(EventsName, StringComparer.Ordinal))
        {
            RocksDbSharp.RocksDb.OpenReadOnly(options, path, false).Dispose(); // a damaged list of families may be a short one; opening finds that
            throw Foreign(path, "it is the RocksDB database of another program");
        }
        RocksDbSharp.RocksDb database = readOnly
            ? RocksDbSharp.RocksDb.OpenReadOnly(options, path, Families(names), errIfLogFileExists: false)
            : RocksDbSharp.RocksDb.Open(options, path, Families(names));
        RocksDbFiles files = new(database, options);
        try
        {
            string marker = files.Get(RocksDbKey.Marker) is { } bytes ? Encoding.ASCII.GetString(bytes) : "";
            if (!int.TryParse(marker, NumberStyles.None, CultureInfo.InvariantCulture, out int version))
                throw Foreign(path, "it lacks Seguro's marker");
            if (version > Version)
            {
                throw new SeguroException(ErrorCode.NewerSchema, $"{path} was made by a newer Seguro (schema {version}, this one knows {Version})",
                    "Use that Seguro, or a newer one.");
            }
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private static void Make(string path)
    {
        string aside = $"{path}.new-{Environment.ProcessId}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            DbOptions options = Options().SetCreateIfMissing(true).SetCreateMissingColumnFamilies(true);
            using (RocksDbFiles files = new(RocksDbSharp.RocksDb.Open(options, aside, Families([EventsName])), options))
            {
                files.Database.Put(RocksDbKey.Marker, Encoding.ASCII.GetBytes($"{Version}"), files.State, new WriteOptions().SetSync(true));
            }
            if (Directory.Exists(path))
                Directory.Delete(path);
            Directory.Move(aside, path);
            FolderSync.Flush(Path.GetDirectoryName(path)!);
        }
        catch (IOException) when (File.Exists(Path.Combine(path, "CURRENT")))
        {
            // Somebody else was faster; his is opened.
        }
        finally
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }
    }

    /// <summary>
    /// A torn end of the write-ahead log is what a crash leaves; damage before it is an error. RocksDB's default would silently drop
    /// all that follows the damage.
    /// </summary>
    private static DbOptions Options() => new DbOptions()
        .SetWalRecoveryMode(Recovery.TolerateCorruptedTailRecords)
        .SetParanoidChecks(true)
        .SetMaxTotalWalSize(128 << 20)
        .SetBytesPerSync(1 << 20)
        .SetMaxOpenFiles(256)
        .SetKeepLogFileNum(2)
        .SetMaxLogFileSize(1 << 20)
        .SetStatsDumpPeriodSec(0)
        .SetInfoLogLevel(InfoLogLevel.Warn);

    private static ColumnFamilies Families(IEnumerable<string> names)
    {
        ColumnFamilies families = new(FamilyOptions());
        foreach (string name in names.Where(static name => name != "default"))
            families.Add(name, FamilyOptions());
        return families;
    }

    private static ColumnFamilyOptions FamilyOptions() => new ColumnFamilyOptions()
        .SetCompression(Compression.No)
        .SetWriteBufferSize(16 << 20)
        .SetMaxWriteBufferNumber(3);

    private static SeguroException Foreign(string path, string why) => new(
        ErrorCode.ForeignDatabase, $"{path} can't hold a log: {why}", "Nothing was changed. Give a path of its own for Seguro.");
}

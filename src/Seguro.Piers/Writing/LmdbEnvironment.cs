using LightningDB;
using LightningDB.Native;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>An LMDB environment opened for writing by liblmdb, with vere's settings: two or more named tables, mode 0664.</summary>
/// <remarks>
/// liblmdb trusts its files: check one with <see cref="LmdbAudit"/> before opening it here. A process must not open an environment twice.
/// Transactions belong to the thread that began them.
/// </remarks>
internal sealed class LmdbEnvironment : IDisposable
{
    /// <summary>An event of more bytes is written through the map instead of through memory of its own.</summary>
    public const long LargestInMemory = 32L << 20;

    /// <summary>vere's: the address space that is set aside, not disk space.</summary>
    private const long WidestMap = 1L << 40;
    private const long NarrowestMap = 1L << 30;
    private const int OutOfMemory = 12;
    private const int Tables = 8;
    private const UnixAccessMode Mode = (UnixAccessMode)0b110_110_100;
    private nint _handle;

    private LmdbEnvironment(string folder, nint handle, bool isMapped)
    {
        File = FileOf(folder);
        _handle = handle;
        IsMapped = isMapped;
    }

    /// <summary>The data file.</summary>
    public string File { get; }

    /// <summary>Writes go straight into the mapped file.</summary>
    public bool IsMapped { get; }

    public static string FileOf(string folder) => Path.Combine(folder, "data.mdb");

    /// <summary>Opens, or makes, the environment of a folder. Writes go through memory of the transaction.</summary>
    /// <param name="folder">Where <c>data.mdb</c> is or shall be.</param>
    /// <param name="isAside">Nobody else can know the folder yet: no fsync but in <see cref="Sync"/>.</param>
    /// <remarks>
    /// Without LMDB's own locks: <c>.vere.lock</c> keeps other writers away, Seguro's reader needs none, and a lock file is shared memory that a
    /// vere (musl) and this process (glibc) lay out differently, and whose first use on a full disk ends the process.
    /// </remarks>
    public static LmdbEnvironment Open(string folder, bool isAside)
    {
        for (long map = WidestMap; ; map /= 4)
        {
            MDBResultCode result = TryOpen(folder, map, FlagsOf(isAside), out nint handle);
            if (result == MDBResultCode.Success)
                return new LmdbEnvironment(folder, handle, isMapped: false);
            if ((int)result != OutOfMemory || map <= NarrowestMap)
                throw LmdbFault.From(result, FileOf(folder));
        }
    }

    /// <summary>
    /// Opens an environment for a large event: writes go into the mapped file, which gets longer by what they need at the most
    /// (<see cref="Trim"/> takes back the rest) and takes its disk space first, so that a full disk is an error and not a fault of the process.
    /// </summary>
    /// <param name="folder">Where <c>data.mdb</c> is.</param>
    /// <param name="size">The bytes that will be written.</param>
    /// <param name="isAside">As in <see cref="Open"/>.</param>
    public static LmdbEnvironment OpenMapped(string folder, long size, bool isAside)
    {
        const long Slack = 16L << 20;
        string file = FileOf(folder);
        long length = new FileInfo(file).Length;
        long map = (length + size + Slack + (Slack - 1)) / Slack * Slack;
        int error = LibC.Allocate(file, length, map - length);
        if (error != 0)
        {
            using (FileStream shorter = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                shorter.SetLength(length);
            throw LmdbFault.From((MDBResultCode)error, file);
        }
        LmdbFault.Check(TryOpen(folder, map, FlagsOf(isAside) | EnvironmentOpenFlags.WriteMap, out nint handle), file);
        return new LmdbEnvironment(folder, handle, isMapped: true);
    }

    /// <summary>Cuts off what a closed environment's file has beyond its last page.</summary>
    public static void Trim(string folder)
    {
        string path = FileOf(folder);
        long needed;
        using (LmdbFile file = LmdbFile.Open(path))
            needed = ((long)file.ReadSnapshot().LastPage + 1) * file.PageSize;
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (stream.Length > needed)
            stream.SetLength(needed);
    }

    /// <summary>Begins a write transaction on this thread; waits while another one is open.</summary>
    public LmdbTransaction Begin() => new(_handle, File);

    /// <summary>Makes everything committed durable.</summary>
    public void Sync() => LmdbFault.Check(Lmdb.mdb_env_sync(_handle, true), File);

    public void Dispose()
    {
        if (_handle != 0)
            Lmdb.mdb_env_close(_handle);
        _handle = 0;
    }

    private static EnvironmentOpenFlags FlagsOf(bool isAside) =>
        isAside ? EnvironmentOpenFlags.NoLock | EnvironmentOpenFlags.NoSync : EnvironmentOpenFlags.NoLock;

    private static MDBResultCode TryOpen(string folder, long map, EnvironmentOpenFlags flags, out nint handle)
    {
        LmdbLibrary.Require();
        LmdbFault.Check(Lmdb.mdb_env_create(out handle), folder);
        Lmdb.mdb_env_set_mapsize(handle, map);
        Lmdb.mdb_env_set_maxdbs(handle, Tables);
        MDBResultCode result = Lmdb.mdb_env_open(handle, folder, flags, Mode);
        if (result == MDBResultCode.Success)
            return result;
        Lmdb.mdb_env_close(handle);
        handle = 0;
        return result;
    }
}

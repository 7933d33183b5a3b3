using LightningDB;
using LightningDB.Native;
using Seguro.Piers;

namespace Seguro.Testing.Vere;

/// <summary>An LMDB environment opened as vere opens it (vere-facts.md §2.1): with LMDB's own lock, durable at each commit, two tables.</summary>
sealed class VereEnvironment : IDisposable
{
    private const UnixAccessMode Mode = (UnixAccessMode)0b110_110_100;
    private readonly string _file;
    private nint _handle;

    /// <summary>Opens it, or makes it.</summary>
    /// <exception cref="Seguro.Core.SeguroException">liblmdb refuses.</exception>
    public VereEnvironment(string folder, long mapSize)
    {
        _file = LmdbEnvironment.FileOf(folder);
        LmdbLibrary.Require();
        LmdbFault.Check(Lmdb.mdb_env_create(out _handle), _file);
        Lmdb.mdb_env_set_mapsize(_handle, mapSize);
        Lmdb.mdb_env_set_maxdbs(_handle, 2);
        LmdbFault.Check(Lmdb.mdb_env_open(_handle, folder, EnvironmentOpenFlags.None, Mode), _file);
    }

    /// <summary>Begins a write transaction on this thread.</summary>
    public LmdbTransaction Begin() => new(_handle, _file);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle != 0)
            Lmdb.mdb_env_close(_handle);
        _handle = 0;
    }
}

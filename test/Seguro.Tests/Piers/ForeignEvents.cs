using LightningDB;
using LightningDB.Native;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Piers;

/// <summary>Events that another puts into a pier's log, as a vere does: only the events.</summary>
static class ForeignEvents
{
    /// <summary>Appends events to an epoch, with LMDB's own lock, without which two writers do not see each other.</summary>
    public static void Append(string epoch, IReadOnlyList<(ulong Number, ReadOnlyMemory<byte> Payload)> events)
    {
        LmdbLibrary.Require();
        LmdbFault.Check(Lmdb.mdb_env_create(out nint environment), epoch);
        try
        {
            Lmdb.mdb_env_set_maxdbs(environment, 2);
            Lmdb.mdb_env_set_mapsize(environment, 1 << 30);
            LmdbFault.Check(Lmdb.mdb_env_open(environment, epoch, EnvironmentOpenFlags.None, UnixAccessMode.OwnerRead | UnixAccessMode.OwnerWrite), epoch);
            using LmdbTransaction transaction = new(environment, epoch);
            uint table = transaction.Table(PierMeta.Events, integerKeys: true);
            foreach ((ulong number, ReadOnlyMemory<byte> payload) in events)
                transaction.Append(table, number, payload.Span);
            transaction.Commit();
        }
        finally
        {
            Lmdb.mdb_env_close(environment);
        }
    }
}

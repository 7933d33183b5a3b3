using System.Text;
using LightningDB;
using LightningDB.Native;

namespace Seguro.Piers;

/// <summary>A write transaction of liblmdb. Disposing of it without <see cref="Commit"/> undoes it.</summary>
internal sealed unsafe class LmdbTransaction : IDisposable
{
    private readonly string _file;
    private nint _handle;

    public LmdbTransaction(nint environment, string file)
    {
        _file = file;
        LmdbFault.Check(Lmdb.mdb_txn_begin(environment, 0, TransactionBeginFlags.None, out _handle), file);
    }

    /// <summary>Opens a table, or makes it.</summary>
    public uint Table(string name, bool integerKeys)
    {
        DatabaseOpenFlags flags = DatabaseOpenFlags.Create | (integerKeys ? DatabaseOpenFlags.IntegerKey : DatabaseOpenFlags.None);
        LmdbFault.Check(Lmdb.mdb_dbi_open(_handle, name, flags, out uint table), _file);
        return table;
    }

    /// <summary>The table that holds the records of the others.</summary>
    public uint MainTable()
    {
        LmdbFault.Check(Lmdb.mdb_dbi_open(_handle, null, DatabaseOpenFlags.None, out uint table), _file);
        return table;
    }

    public void Put(uint table, string key, ReadOnlySpan<byte> value) => Put(table, Encoding.UTF8.GetBytes(key), value, PutOptions.None);

    /// <summary>Adds a number above all that are in the table.</summary>
    public void Append(uint table, ulong number, ReadOnlySpan<byte> value) => Put(table, new ReadOnlySpan<byte>(&number, sizeof(ulong)), value, PutOptions.AppendData);

    public void Put(uint table, ulong number, ReadOnlySpan<byte> value) => Put(table, new ReadOnlySpan<byte>(&number, sizeof(ulong)), value, PutOptions.None);

    /// <summary>Adds a number above all that are in the table; its value is for the caller to fill in, before the next call of this transaction.</summary>
    /// <returns>Where the value is.</returns>
    public byte* Reserve(uint table, ulong number, long size)
    {
        MDBValue key = MakeValue((byte*)&number, sizeof(ulong));
        MDBValue value = MakeValue(null, size);
        LmdbFault.Check(Lmdb.mdb_put(_handle, table, ref key, ref value, PutOptions.AppendData | PutOptions.ReserveSpace), _file);
        return ((byte**)&value)[1];
    }

    /// <summary>A value as a copy; <see langword="null"/> where it is missing.</summary>
    public byte[]? Get(uint table, ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            MDBValue asked = MakeValue(start, key.Length);
            MDBResultCode result = Lmdb.mdb_get(_handle, table, ref asked, out MDBValue found);
            if (result == MDBResultCode.NotFound)
                return null;
            LmdbFault.Check(result, _file);
            return found.AsSpan().ToArray();
        }
    }

    public byte[]? Get(uint table, string key) => Get(table, Encoding.UTF8.GetBytes(key));

    public byte[]? Get(uint table, ulong number) => Get(table, new ReadOnlySpan<byte>(&number, sizeof(ulong)));

    /// <summary>Removes a number. False where it was not there.</summary>
    public bool Delete(uint table, ulong number) => Delete(table, new ReadOnlySpan<byte>(&number, sizeof(ulong)));

    /// <summary>Removes a name. False where it was not there.</summary>
    public bool Delete(uint table, string key) => Delete(table, Encoding.UTF8.GetBytes(key));

    /// <summary>Removes the numbers from <paramref name="first"/> on, as long as one follows the other.</summary>
    public void DeleteFrom(uint table, ulong first)
    {
        while (Delete(table, first))
            first++;
    }

    /// <summary>Makes it so; durable, where the environment was opened to be. The transaction is over, also after an error.</summary>
    public void Commit()
    {
        nint handle = _handle;
        _handle = 0;
        LmdbFault.Check(Lmdb.mdb_txn_commit(handle), _file);
    }

    public void Dispose()
    {
        if (_handle != 0)
            Lmdb.mdb_txn_abort(_handle);
        _handle = 0;
    }

    private bool Delete(uint table, ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            MDBResultCode result = Lmdb.mdb_del(_handle, table, MakeValue(start, key.Length));
            if (result == MDBResultCode.NotFound)
                return false;
            LmdbFault.Check(result, _file);
            return true;
        }
    }

    private void Put(uint table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, PutOptions options)
    {
        byte nothing;
        fixed (byte* keyStart = key, valueStart = value)
        {
            MDBValue asked = MakeValue(keyStart, key.Length);
            MDBValue given = MakeValue(value.IsEmpty ? &nothing : valueStart, value.Length);
            LmdbFault.Check(Lmdb.mdb_put(_handle, table, ref asked, ref given, options), _file);
        }
    }

    /// <summary><c>MDB_val</c>: a size and an address. <see cref="MDBValue"/> has their layout, but no way to make one of more than 2 GiB.</summary>
    private static MDBValue MakeValue(byte* data, long size)
    {
        MDBValue value = default;
        ((nint*)&value)[0] = (nint)size;
        ((byte**)&value)[1] = data;
        return value;
    }
}

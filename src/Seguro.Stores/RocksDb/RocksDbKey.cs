using System.Buffers.Binary;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

/// <summary>The keys in the database: numbers are big-endian, so that RocksDB's order of bytes is theirs.</summary>
/// <remarks>
/// In the column family <c>default</c>: <c>0</c> → the schema's version; <c>1, ship's name</c> → log id; <c>2, log id</c> → state;
/// <c>3, log id, name</c> → metadata; <c>4</c> → the store's identity. In <c>seguro.events</c>: <c>log id, event, fragment</c> → bytes, after a header in fragment 0.
/// A log id has 4 bytes, an event's number 8, a fragment's index 4. The state is apart from the events so that RocksDB's files of events do
/// not overlap, and move down its levels without being written again.
/// </remarks>
static class RocksDbKey
{
    /// <summary>The size of a fragment's key, in bytes.</summary>
    public const int FragmentSize = sizeof(uint) + sizeof(ulong) + sizeof(uint);

    /// <summary>The first byte of the keys from ship to log id.</summary>
    public const byte ShipKind = 1;

    /// <summary>The first byte of the keys of states.</summary>
    public const byte StateKind = 2;

    /// <summary>The schema's version.</summary>
    public static byte[] Marker => [0];

    /// <summary>The store's identity.</summary>
    public static byte[] Identity => [4];

    /// <summary>From a ship's name to its log id.</summary>
    public static byte[] Ship(Ship ship) => [ShipKind, .. Encoding.ASCII.GetBytes(ship.Name)];

    /// <summary>A log's state.</summary>
    public static byte[] State(uint log) => [StateKind, .. BigEndian(log)];

    /// <summary>A log's metadata, or what all its metadata begin with.</summary>
    public static byte[] Metadata(uint log, string name) => [3, .. BigEndian(log), .. Encoding.ASCII.GetBytes(name)];

    /// <summary>A fragment.</summary>
    public static byte[] Fragment(uint log, EventNumber number, int index)
    {
        byte[] key = new byte[FragmentSize];
        WriteFragment(key, log, number, index);
        return key;
    }

    /// <summary>Writes the key of a fragment.</summary>
    public static void WriteFragment(Span<byte> key, uint log, EventNumber number, int index)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, log);
        BinaryPrimitives.WriteUInt64BigEndian(key[sizeof(uint)..], number.Value);
        BinaryPrimitives.WriteUInt32BigEndian(key[(sizeof(uint) + sizeof(ulong))..], (uint)index);
    }

    /// <summary>The first key after all of a log's fragments.</summary>
    public static byte[] AfterLog(uint log) => BigEndian(checked(log + 1));

    /// <summary>Reads the key of a fragment; <see langword="false"/> where it is another log's.</summary>
    public static bool TryReadFragment(ReadOnlySpan<byte> key, uint log, out EventNumber number, out int index)
    {
        bool isOurs = key.Length == FragmentSize && BinaryPrimitives.ReadUInt32BigEndian(key) == log;
        number = isOurs ? new EventNumber(BinaryPrimitives.ReadUInt64BigEndian(key[sizeof(uint)..])) : default;
        index = isOurs ? (int)BinaryPrimitives.ReadUInt32BigEndian(key[(sizeof(uint) + sizeof(ulong))..]) : 0;
        return isOurs;
    }

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}

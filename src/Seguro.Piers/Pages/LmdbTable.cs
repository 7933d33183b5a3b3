using System.Buffers.Binary;

namespace Seguro.Piers;

/// <summary>A table's record in an LMDB file of data version 1 (<c>MDB_db</c> of liblmdb 0.9): 48 bytes, little-endian.</summary>
internal readonly record struct LmdbTable(int Flags, int Depth, ulong BranchPages, ulong LeafPages, ulong OverflowPages, ulong Entries, ulong Root)
{
    /// <summary>The record's size, in bytes.</summary>
    public const int Size = 48;

    /// <summary>The keys are native numbers (<c>MDB_INTEGERKEY</c>).</summary>
    public const int IntegerKey = 8;

    /// <summary>It has no page.</summary>
    public bool IsEmpty => Root == ulong.MaxValue;

    /// <summary>Reads a record. Its first four bytes (the page size, in the free list's) are not part of this.</summary>
    public static LmdbTable Parse(ReadOnlySpan<byte> record) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(record[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(record[6..]),
        BinaryPrimitives.ReadUInt64LittleEndian(record[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(record[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(record[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(record[32..]),
        BinaryPrimitives.ReadUInt64LittleEndian(record[40..]));
}

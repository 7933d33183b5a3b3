using System.Buffers.Binary;
using System.Text;
using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>
/// Seguro's own records in a pier: in META of the newest epoch under names that begin with <c>seguro.</c>, a table SEGURO with the chain and
/// the term of each event, and beside the tables' own records the newest of those rows (<see cref="LmdbTail"/>). vere opens META and EVENTS by name and asks
/// META for four names, so it sees none of them. Numbers are little-endian.
/// </summary>
/// <remarks>Version 1 had all rows in the table, and the head in META; it is read, and becomes version 2 when it is first written to.</remarks>
static class LmdbRecords
{
    /// <summary>The table with a row of <see cref="RowSize"/> bytes for each event: chain, term.</summary>
    public const string Table = "SEGURO";

    /// <summary>The size of a row, in bytes.</summary>
    public const int RowSize = Chain.Size + sizeof(ulong);

    /// <summary>The version of these records, as text.</summary>
    public const string Schema = "seguro.schema";

    /// <summary>The newest, which is written.</summary>
    public const string SchemaVersion = "2";

    /// <summary>The ship's name.</summary>
    public const string Ship = "seguro.ship";

    /// <summary>The store's identity; a pier to which no member has written may lack it.</summary>
    public const string Identity = "seguro.identity";

    /// <summary>The base: number, chain.</summary>
    public const string Base = "seguro.base";

    /// <summary>Of version 1: the head, as <see cref="LmdbTail"/> begins.</summary>
    public const string OldHead = "seguro.head";

    /// <summary>The lease: term, renewals, duration in units of 100 ns; then the holder.</summary>
    public const string Lease = "seguro.lease";

    /// <summary>What metadata's names begin with, but for vere's own.</summary>
    public const string Metadata = "seguro.meta.";

    private const string OldSchemaVersion = "1";
    private const int LeaseSize = 3 * sizeof(ulong);

    public static void WriteRow(Span<byte> row, Chain chain, Term term)
    {
        chain.CopyTo(row);
        BinaryPrimitives.WriteUInt64LittleEndian(row[Chain.Size..], term.Value);
    }

    public static (Chain Chain, Term Term) ReadRow(ReadOnlySpan<byte> row) =>
        (new Chain(row[..Chain.Size]), new Term(BinaryPrimitives.ReadUInt64LittleEndian(row[Chain.Size..])));

    /// <summary>The records of a state in META, by name.</summary>
    public static IEnumerable<KeyValuePair<string, byte[]>> Write(LogState state)
    {
        byte[] first = new byte[sizeof(ulong) + Chain.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(first, state.Base.Number.Value);
        state.Base.Chain.CopyTo(first.AsSpan(sizeof(ulong)));
        yield return new(Schema, Encoding.ASCII.GetBytes(SchemaVersion));
        yield return new(Base, first);
        yield return new(Lease, WriteLease(state.Lease));
    }

    public static byte[] WriteLease(Lease lease)
    {
        byte[] bytes = new byte[LeaseSize + Encoding.UTF8.GetByteCount(lease.Holder)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, lease.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), lease.Renewals);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), lease.Duration.Ticks);
        Encoding.UTF8.GetBytes(lease.Holder, bytes.AsSpan(LeaseSize));
        return bytes;
    }

    /// <summary>The state that records make; <see langword="null"/> where there are none, as in a pier that only vere has written.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="read">Gives a record of META.</param>
    /// <param name="readTail">Gives the bytes of the tail.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.Corrupt"/>.</exception>
    public static LogState? Read(string path, Func<string, byte[]?> read, Func<byte[]?> readTail)
    {
        if (read(Schema) is not { } schema)
            return null;
        string version = Encoding.ASCII.GetString(schema.AsSpan(0, Math.Min(schema.Length, 8)));
        if (version is not (SchemaVersion or OldSchemaVersion))
        {
            throw new SeguroException(
                ErrorCode.NewerSchema,
                $"the records of Seguro in {path} are of version {version}; this Seguro knows {SchemaVersion}",
                "Use the newer Seguro that made them.");
        }
        byte[] first = read(Base) ?? [];
        byte[] lease = read(Lease) ?? [];
        LmdbTail? tail = LmdbTail.Read(version == SchemaVersion ? readTail() : read(OldHead));
        if (tail is null || first.Length != sizeof(ulong) + Chain.Size || lease.Length < LeaseSize || lease.Length > LeaseSize + Core.Lease.LongestHolder)
            throw new SeguroException(ErrorCode.Corrupt, $"the records of Seguro in {path} are damaged", "Restore the pier from a backup or from another member.");
        return new LogState(
            new Position(new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(first)), new Chain(first.AsSpan(sizeof(ulong)))),
            tail.Head,
            new Lease(
                new Term(BinaryPrimitives.ReadUInt64LittleEndian(lease)),
                Encoding.UTF8.GetString(lease.AsSpan(LeaseSize)),
                BinaryPrimitives.ReadUInt64LittleEndian(lease.AsSpan(8)),
                new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(lease.AsSpan(16)))),
            tail.Bytes);
    }
}

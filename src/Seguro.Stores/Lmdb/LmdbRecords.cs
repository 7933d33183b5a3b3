using System.Buffers.Binary;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.Lmdb;

/// <summary>
/// Seguro's own records in a pier: in META of the newest epoch under names that begin with <c>seguro.</c>, and a table SEGURO with the chain and
/// the term of each event. vere opens META and EVENTS by name and asks META for four names, so it sees none of them. Numbers are little-endian.
/// </summary>
static class LmdbRecords
{
    /// <summary>The table with a row of <see cref="RowSize"/> bytes for each event: chain, term.</summary>
    public const string Table = "SEGURO";

    /// <summary>The size of a row, in bytes.</summary>
    public const int RowSize = Chain.Size + sizeof(ulong);

    /// <summary>The version of these records, as text.</summary>
    public const string Schema = "seguro.schema";

    /// <summary>The only one so far.</summary>
    public const string SchemaVersion = "1";

    /// <summary>The ship's name.</summary>
    public const string Ship = "seguro.ship";

    /// <summary>The base: number, chain.</summary>
    public const string Base = "seguro.base";

    /// <summary>The head: number, chain, term; then the sum of the payloads.</summary>
    public const string Head = "seguro.head";

    /// <summary>The lease: term, renewals, duration in units of 100 ns; then the holder.</summary>
    public const string Lease = "seguro.lease";

    /// <summary>What metadata's names begin with, but for vere's own.</summary>
    public const string Metadata = "seguro.meta.";

    private const int HeadSize = sizeof(ulong) + Chain.Size + sizeof(ulong) + sizeof(long);
    private const int LeaseSize = 3 * sizeof(ulong);

    public static byte[] Row(Chain chain, Term term)
    {
        byte[] row = new byte[RowSize];
        chain.CopyTo(row);
        BinaryPrimitives.WriteUInt64LittleEndian(row.AsSpan(Chain.Size), term.Value);
        return row;
    }

    public static (Chain Chain, Term Term) ReadRow(ReadOnlySpan<byte> row) =>
        (new Chain(row[..Chain.Size]), new Term(BinaryPrimitives.ReadUInt64LittleEndian(row[Chain.Size..])));

    /// <summary>The records of a state, by name.</summary>
    public static IEnumerable<KeyValuePair<string, byte[]>> Write(LogState state)
    {
        byte[] first = new byte[sizeof(ulong) + Chain.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(first, state.Base.Number.Value);
        state.Base.Chain.CopyTo(first.AsSpan(sizeof(ulong)));
        yield return new(Base, first);
        yield return new(Head, WriteHead(state));
        yield return new(Lease, WriteLease(state.Lease));
    }

    public static byte[] WriteHead(LogState state)
    {
        byte[] head = new byte[HeadSize];
        BinaryPrimitives.WriteUInt64LittleEndian(head, state.Head.Number.Value);
        state.Head.Chain.CopyTo(head.AsSpan(sizeof(ulong)));
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(sizeof(ulong) + Chain.Size), state.Head.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(HeadSize - sizeof(long)), state.Bytes);
        return head;
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
    /// <exception cref="SeguroException"><see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.Corrupt"/>.</exception>
    public static LogState? Read(string path, Func<string, byte[]?> read)
    {
        if (read(Schema) is not { } schema)
            return null;
        if (!schema.AsSpan().SequenceEqual("1"u8))
        {
            throw new SeguroException(
                ErrorCode.NewerSchema,
                $"the records of Seguro in {path} are of version {Encoding.ASCII.GetString(schema.AsSpan(0, Math.Min(schema.Length, 8)))}; this Seguro knows {SchemaVersion}",
                "Use the newer Seguro that made them.");
        }
        byte[] first = read(Base) ?? [];
        byte[] head = read(Head) ?? [];
        byte[] lease = read(Lease) ?? [];
        if (first.Length != sizeof(ulong) + Chain.Size || head.Length != HeadSize || lease.Length < LeaseSize || lease.Length > LeaseSize + Core.Lease.LongestHolder)
            throw new SeguroException(ErrorCode.Corrupt, $"the records of Seguro in {path} are damaged", "Restore the pier from a backup or from another member.");
        return new LogState(
            new Position(new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(first)), new Chain(first.AsSpan(sizeof(ulong)))),
            new Head(
                new Term(BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(sizeof(ulong) + Chain.Size))),
                new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(head)),
                new Chain(head.AsSpan(sizeof(ulong), Chain.Size))),
            new Lease(
                new Term(BinaryPrimitives.ReadUInt64LittleEndian(lease)),
                Encoding.UTF8.GetString(lease.AsSpan(LeaseSize)),
                BinaryPrimitives.ReadUInt64LittleEndian(lease.AsSpan(8)),
                new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(lease.AsSpan(16)))),
            BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(HeadSize - sizeof(long))));
    }
}

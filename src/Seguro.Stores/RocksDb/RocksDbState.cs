using System.Buffers.Binary;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

/// <summary>A log's state as it is kept: little-endian numbers and 32-byte chains one after the other, then the holder's name.</summary>
/// <param name="State">The state.</param>
/// <param name="Total">The bytes of all events that the log ever held up to its head, trimmed ones included.</param>
readonly record struct RocksDbState(LogState State, long Total)
{
    private const int FixedSize = (9 * sizeof(ulong)) + (2 * Chain.Size);

    /// <summary>The bytes to be kept.</summary>
    public byte[] Encode()
    {
        byte[] holder = Encoding.UTF8.GetBytes(State.Lease.Holder);
        byte[] bytes = new byte[FixedSize + holder.Length];
        Span<byte> rest = bytes;
        State.Base.Chain.CopyTo(rest);
        State.Head.Chain.CopyTo(rest[Chain.Size..]);
        rest = rest[(2 * Chain.Size)..];
        ReadOnlySpan<ulong> numbers =
        [
            State.Base.Number.Value, State.Head.Term.Value, State.Head.Number.Value, (ulong)State.Bytes, (ulong)Total,
            State.Lease.Term.Value, State.Lease.Renewals, (ulong)State.Lease.Duration.Ticks, (ulong)holder.Length,
        ];
        foreach (ulong number in numbers)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, number);
            rest = rest[sizeof(ulong)..];
        }
        holder.CopyTo(rest);
        return bytes;
    }

    /// <summary>Reads what was kept.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: it has another size.</exception>
    public static RocksDbState Decode(ReadOnlySpan<byte> bytes, Ship ship)
    {
        if (bytes.Length < FixedSize || (ulong)(bytes.Length - FixedSize) != Number(bytes, 8))
            throw new SeguroException(ErrorCode.Corrupt, $"the state of the log of {ship} is damaged", "Restore the log from another copy or from a backup.");
        Position start = new(new EventNumber(Number(bytes, 0)), new Chain(bytes[..Chain.Size]));
        Head head = new(new Term(Number(bytes, 1)), new EventNumber(Number(bytes, 2)), new Chain(bytes.Slice(Chain.Size, Chain.Size)));
        Lease lease = new(new Term(Number(bytes, 5)), Encoding.UTF8.GetString(bytes[FixedSize..]), Number(bytes, 6), new TimeSpan((long)Number(bytes, 7)));
        return new RocksDbState(new LogState(start, head, lease, (long)Number(bytes, 3)), (long)Number(bytes, 4));
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[((2 * Chain.Size) + (index * sizeof(ulong)))..]);
}

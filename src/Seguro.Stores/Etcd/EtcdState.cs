using System.Buffers.Binary;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.Etcd;

/// <summary>The value of a log's state key: all that decides a write.</summary>
/// <param name="Base">The position before the first event that is held.</param>
/// <param name="BaseTotal">The sum of all payloads up to the base, over the log's life, in bytes.</param>
/// <param name="Head">The end of the log.</param>
/// <param name="HeadTotal">The sum of all payloads up to the head.</param>
/// <param name="Lease">Who may write.</param>
/// <param name="Staged">The event above the head of which fragments are staged; <see cref="EventNumber.None"/>: none. Only one has any.</param>
/// <param name="Lengths">The lengths of its fragments from index 1 on, in bytes; 0 where one is missing.</param>
sealed record EtcdState(Position Base, long BaseTotal, Head Head, long HeadTotal, Lease Lease, EventNumber Staged, IReadOnlyList<int> Lengths)
{
    private const byte Version = 1;
    private const int FixedSize = 1 + (2 * (8 + Chain.Size + 8)) + 8 + 24 + 2 + 8 + 4;

    /// <summary>The state as the contract has it.</summary>
    public LogState Log => new(Base, Head, Lease, HeadTotal - BaseTotal);

    /// <summary>The first event that is held, or would be.</summary>
    public EventNumber First => Base.Number.Next;

    /// <summary>The payload bytes that are held or staged.</summary>
    public long Held => HeadTotal - BaseTotal + StagedBytes;

    /// <summary>How many events are held.</summary>
    public long Rows => (long)(Head.Number - Base.Number);

    private long StagedBytes
    {
        get
        {
            long sum = 0;
            foreach (int length in Lengths)
                sum += length;
            return sum;
        }
    }

    /// <summary>The state of a new log.</summary>
    public static EtcdState New(Position origin) =>
        new(origin, 0, new Head(Term.None, origin.Number, origin.Chain), 0, Lease.None, EventNumber.None, []);

    /// <summary>Nothing is staged any more.</summary>
    public EtcdState WithoutStaged() => this with { Staged = EventNumber.None, Lengths = [] };

    /// <summary>The state as bytes: numbers little-endian.</summary>
    public byte[] ToBytes()
    {
        byte[] holder = Encoding.UTF8.GetBytes(Lease.Holder ?? "");
        byte[] bytes = new byte[FixedSize + holder.Length + (4 * Lengths.Count)];
        bytes[0] = Version;
        Span<byte> rest = bytes.AsSpan(1);
        Position(ref rest, Base.Number, Base.Chain, BaseTotal);
        Position(ref rest, Head.Number, Head.Chain, HeadTotal);
        Word(ref rest, Head.Term.Value);
        Word(ref rest, Lease.Term.Value);
        Word(ref rest, Lease.Renewals);
        Word(ref rest, (ulong)Lease.Duration.Ticks);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)holder.Length);
        holder.CopyTo(rest[2..]);
        rest = rest[(2 + holder.Length)..];
        Word(ref rest, Staged.Value);
        BinaryPrimitives.WriteInt32LittleEndian(rest, Lengths.Count);
        for (int i = 0; i < Lengths.Count; i++)
            BinaryPrimitives.WriteInt32LittleEndian(rest[(4 + (4 * i))..], Lengths[i]);
        return bytes;
    }

    /// <summary>Reads a state.</summary>
    /// <exception cref="FormatException">The bytes are not a state.</exception>
    public static EtcdState Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedSize || bytes[0] != Version)
            throw new FormatException($"{bytes.Length} bytes are not the state of a log");
        ReadOnlySpan<byte> rest = bytes[1..];
        (Position start, long startTotal) = Position(ref rest);
        (Position end, long endTotal) = Position(ref rest);
        Term headTerm = new(Word(ref rest));
        Term term = new(Word(ref rest));
        ulong renewals = Word(ref rest);
        long ticks = (long)Word(ref rest);
        int holderLength = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (rest.Length < 2 + holderLength + 12 || ticks < 0 || startTotal > endTotal || start.Number > end.Number)
            throw new FormatException("the state of a log contradicts itself");
        string holder = Encoding.UTF8.GetString(rest.Slice(2, holderLength));
        rest = rest[(2 + holderLength)..];
        EventNumber staged = new(Word(ref rest));
        int count = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[4..];
        if (count < 0 || rest.Length != 4L * count)
            throw new FormatException("the state of a log ends too early or too late");
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++)
        {
            lengths[i] = BinaryPrimitives.ReadInt32LittleEndian(rest[(4 * i)..]);
            if (lengths[i] < 0)
                throw new FormatException("the state of a log has a fragment of negative length");
        }
        return new EtcdState(
            start, startTotal, new Head(headTerm, end.Number, end.Chain), endTotal, new Lease(term, holder, renewals, TimeSpan.FromTicks(ticks)), staged, lengths);
    }

    private static void Position(ref Span<byte> place, EventNumber number, Chain chain, long total)
    {
        Word(ref place, number.Value);
        chain.CopyTo(place);
        place = place[Chain.Size..];
        Word(ref place, (ulong)total);
    }

    private static (Position Position, long Total) Position(ref ReadOnlySpan<byte> bytes)
    {
        EventNumber number = new(Word(ref bytes));
        Chain chain = new(bytes[..Chain.Size]);
        bytes = bytes[Chain.Size..];
        return (new Position(number, chain), (long)Word(ref bytes));
    }

    private static void Word(ref Span<byte> place, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(place, value);
        place = place[8..];
    }

    private static ulong Word(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        bytes = bytes[8..];
        return value;
    }
}

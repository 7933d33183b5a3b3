using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>
/// The end of the log as it is recorded: the head (number, chain, term), the sum of the payloads, then the rows (chain, term) of the newest events, the
/// head's last. Rows that are not here are in the table <see cref="LmdbRecords.Table"/>.
/// </summary>
/// <remarks>
/// It lies in the main table, among the records of the other tables, whose page every commit writes anyway. So an append writes just the pages that
/// vere's own would; a row in a table of its own each time costs that table's pages, which go to the table a few dozen rows at a time instead.
/// </remarks>
sealed class LmdbTail
{
    /// <summary>Its name in the main table.</summary>
    public const string Name = "seguro.tail";

    /// <summary>The most bytes of it: it must fit into its page (of 4 KiB at the least), beside the tables' records.</summary>
    public const int LargestSize = HeadSize + (MostRows * LmdbRecords.RowSize);

    private const int HeadSize = sizeof(ulong) + Chain.Size + sizeof(ulong) + sizeof(long);
    private const int MostRows = 40;
    private readonly byte[] _bytes = new byte[LargestSize];
    private int _rows;

    private LmdbTail()
    {
    }

    /// <summary>The log's head.</summary>
    public Head Head => new(
        new Term(BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(sizeof(ulong) + Chain.Size))),
        new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(_bytes)),
        new Chain(_bytes.AsSpan(sizeof(ulong), Chain.Size)));

    /// <summary>The sum of the payloads.</summary>
    public long Bytes => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(HeadSize - sizeof(long)));

    /// <summary>The event of the first row, or the one after the head.</summary>
    public ulong First => Head.Number.Value - (ulong)_rows + 1;

    /// <summary>What is to be stored. Valid until this changes.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, HeadSize + (_rows * LmdbRecords.RowSize));

    /// <summary>One without rows.</summary>
    public static LmdbTail Of(LogState state)
    {
        LmdbTail tail = new();
        tail.SetHead(state);
        return tail;
    }

    /// <summary>What was stored; <see langword="null"/> where that can't be one.</summary>
    public static LmdbTail? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadSize || bytes.Length > LargestSize || (bytes.Length - HeadSize) % LmdbRecords.RowSize != 0)
            return null;
        LmdbTail tail = new() { _rows = (bytes.Length - HeadSize) / LmdbRecords.RowSize };
        bytes.CopyTo(tail._bytes);
        return (ulong)tail._rows <= tail.Head.Number.Value ? tail : null;
    }

    /// <summary>The row of an event, where it is here.</summary>
    public (Chain Chain, Term Term)? RowOf(EventNumber number) =>
        number.Value >= First && number <= Head.Number ? LmdbRecords.ReadRow(Row((int)(number.Value - First))) : null;

    /// <summary>Makes this what <paramref name="before"/> becomes by a state whose head is the same, or below.</summary>
    public void CutBack(LmdbTail before, LogState after)
    {
        before.Span.CopyTo(_bytes);
        _rows = after.Head.Number.Value < before.First ? 0 : (int)(after.Head.Number.Value - before.First) + 1;
        SetHead(after);
    }

    /// <summary>Makes this what <paramref name="before"/> becomes by an append; rows that have no place here go to the table.</summary>
    public void Append(LmdbTail before, Append append, LogState after, LmdbTransaction transaction)
    {
        before.Span.CopyTo(_bytes);
        _rows = before._rows;
        if (_rows + append.Events.Count <= MostRows)
        {
            foreach (NewEvent added in append.Events)
                LmdbRecords.WriteRow(Row(_rows++), added.Chain, append.Term);
        }
        else
        {
            uint table = transaction.Table(LmdbRecords.Table, integerKeys: true);
            MoveRows(transaction, table);
            Span<byte> row = stackalloc byte[LmdbRecords.RowSize];
            foreach (NewEvent added in append.Events)
            {
                LmdbRecords.WriteRow(row, added.Chain, append.Term);
                transaction.Append(table, added.Number.Value, row);
            }
        }
        SetHead(after);
    }

    /// <summary>Moves all rows to the table.</summary>
    public void MoveRows(LmdbTransaction transaction, uint table)
    {
        ulong first = First;
        for (int index = 0; index < _rows; index++)
            transaction.Put(table, first + (ulong)index, Row(index));
        _rows = 0;
    }

    private Span<byte> Row(int index) => _bytes.AsSpan(HeadSize + (index * LmdbRecords.RowSize), LmdbRecords.RowSize);

    private void SetHead(LogState state)
    {
        Span<byte> bytes = _bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, state.Head.Number.Value);
        state.Head.Chain.CopyTo(bytes[sizeof(ulong)..]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(sizeof(ulong) + Chain.Size)..], state.Head.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[(HeadSize - sizeof(long))..], state.Bytes);
    }
}

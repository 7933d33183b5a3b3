using System.Text;

namespace Seguro.Stores.Dqlite;

/// <summary>The rows of a query: all of them, in pooled memory, with a cursor.</summary>
/// <remarks>Not safe for two threads at a time. Blobs are slices of the pooled memory: valid until <see cref="Dispose"/>.</remarks>
public sealed class DqliteRows : IDisposable
{
    /// <summary>The marker of a last frame.</summary>
    internal const ulong Done = ulong.MaxValue;

    /// <summary>The marker of a frame that others follow.</summary>
    internal const ulong More = 0xEEEE_EEEE_EEEE_EEEE;

    private readonly List<ResponseFrame> _frames;
    private readonly string[] _names;
    private readonly Cell[] _cells;
    private int _frame;
    private bool _hasRow;

    internal DqliteRows(List<ResponseFrame> frames)
    {
        _frames = frames;
        try
        {
            _names = ReadNames(frames[0]);
        }
        catch
        {
            Dispose();
            throw;
        }
        _cells = new Cell[_names.Length];
    }

    /// <summary>The columns' names.</summary>
    public IReadOnlyList<string> Columns => _names;

    /// <summary>Goes to the next row.</summary>
    /// <returns><see langword="false"/> where there is none.</returns>
    /// <exception cref="DqliteException">The node sent what the protocol does not allow.</exception>
    public bool Read()
    {
        while (true)
        {
            if (_frame >= _frames.Count)
                return _hasRow = false;
            ResponseFrame frame = _frames[_frame];
            ulong next = frame.Peek();
            if (next is not (Done or More))
            {
                ReadRow(frame);
                return _hasRow = true;
            }
            if (frame.Rest != 8 || (next == Done) != (_frame == _frames.Count - 1))
                throw frame.Malformed("rows end at the wrong place");
            if (++_frame < _frames.Count && ReadNames(_frames[_frame]).Length != _names.Length)
                throw frame.Malformed("the parts of a result have different columns");
        }
    }

    /// <summary>The type of a column's value in this row.</summary>
    public DqliteType TypeOf(int column) => At(column).Type;

    /// <summary>The value is NULL.</summary>
    public bool IsNull(int column) => At(column).Type == DqliteType.Null;

    /// <summary>An integer.</summary>
    public long Integer(int column)
    {
        ref readonly Cell cell = ref At(column);
        return cell.Type is DqliteType.Integer or DqliteType.UnixTime or DqliteType.Boolean ? cell.Bits : throw Wrong(column, "an integer");
    }

    /// <summary>A number with a fraction.</summary>
    public double Real(int column)
    {
        ref readonly Cell cell = ref At(column);
        return cell.Type == DqliteType.Real ? BitConverter.Int64BitsToDouble(cell.Bits) : throw Wrong(column, "a real number");
    }

    /// <summary>A text.</summary>
    public string Text(int column)
    {
        ref readonly Cell cell = ref At(column);
        return cell.Type is DqliteType.Text or DqliteType.Iso8601 ? Encoding.UTF8.GetString(cell.Bytes.Span) : throw Wrong(column, "a text");
    }

    /// <summary>Bytes, without a copy.</summary>
    public ReadOnlyMemory<byte> Blob(int column)
    {
        ref readonly Cell cell = ref At(column);
        return cell.Type == DqliteType.Blob ? cell.Bytes : throw Wrong(column, "a blob");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ResponseFrame frame in _frames)
            frame.Dispose();
    }

    private static string[] ReadNames(ResponseFrame frame)
    {
        ulong count = frame.Word();
        if (count > (ulong)frame.Rest / 8)
            throw frame.Malformed($"{count} columns do not fit into their frame");
        string[] names = new string[count];
        for (int i = 0; i < names.Length; i++)
            names[i] = frame.Text();
        return names;
    }

    private void ReadRow(ResponseFrame frame)
    {
        if (_cells.Length == 0)
            throw frame.Malformed("a row has no columns");
        ReadOnlySpan<byte> types = frame.Bytes((_cells.Length + 1) / 2);
        for (int i = 0; i < _cells.Length; i++)
        {
            DqliteType type = (DqliteType)((types[i / 2] >> (i % 2 * 4)) & 0xf);
            _cells[i] = type switch
            {
                DqliteType.Integer or DqliteType.Real or DqliteType.Null or DqliteType.UnixTime or DqliteType.Boolean
                    => new Cell(type, (long)frame.Word(), default),
                DqliteType.Text or DqliteType.Iso8601 => new Cell(type, 0, frame.TextBytes()),
                DqliteType.Blob => new Cell(type, 0, frame.Blob()),
                _ => throw frame.Malformed($"there is no type {(int)type}"),
            };
        }
    }

    private ref readonly Cell At(int column)
    {
        if (!_hasRow)
            throw new InvalidOperationException("There is no current row.");
        return ref _cells[column];
    }

    private DqliteException Wrong(int column, string wanted) =>
        _frames[0].Malformed($"the column '{_names[column]}' holds {_cells[column].Type}, not {wanted}");

    private readonly record struct Cell(DqliteType Type, long Bits, ReadOnlyMemory<byte> Bytes);
}

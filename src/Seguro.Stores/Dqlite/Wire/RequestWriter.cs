using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// Encodes one request at a time into a pooled buffer: <c>u32 words | u8 type | u8 schema | u16 0</c>, then the body in words of 8 bytes, little-endian.
/// </summary>
sealed class RequestWriter : IDisposable
{
    /// <summary>A buffer that grew beyond this is given back after its request.</summary>
    private const int KeptBytes = 64 << 10;

    /// <summary>The largest request, in bytes; a bug of the caller where it is passed.</summary>
    private const int LargestRequest = 64 << 20;

    private const int MostParameters = 255;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;
    private RequestType _type;

    /// <summary>Starts a request.</summary>
    public void Begin(RequestType type)
    {
        if (_buffer.Length > KeptBytes)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(4096);
        }
        _type = type;
        _length = 8;
    }

    /// <summary>Adds a number of 64 bits.</summary>
    public void Word(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Adds two numbers of 32 bits.</summary>
    public void Pair(uint first, uint second)
    {
        Span<byte> word = Take(8);
        BinaryPrimitives.WriteUInt32LittleEndian(word, first);
        BinaryPrimitives.WriteUInt32LittleEndian(word[4..], second);
    }

    /// <summary>Adds a text: UTF-8, NUL, padding.</summary>
    public void Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A text of dqlite's protocol can't hold NUL.", nameof(text));
        int size = Encoding.UTF8.GetByteCount(text);
        Span<byte> place = Take(Padded(size + 1));
        Encoding.UTF8.GetBytes(text, place);
        place[size..].Clear();
    }

    /// <summary>Adds the parameters of a statement; nothing where there are none.</summary>
    public void Parameters(ReadOnlySpan<DqliteValue> values)
    {
        if (values.Length > MostParameters)
            throw new ArgumentException($"dqlite takes at most {MostParameters} parameters.", nameof(values));
        if (values.IsEmpty)
            return;
        Span<byte> types = Take(Padded(1 + values.Length));
        types.Clear();
        types[0] = (byte)values.Length;
        for (int i = 0; i < values.Length; i++)
            types[i + 1] = (byte)values[i].Type;
        foreach (ref readonly DqliteValue value in values)
            Value(value);
    }

    /// <summary>The finished frame: valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlyMemory<byte> End()
    {
        Span<byte> header = _buffer.AsSpan(0, 8);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)((_length - 8) / 8));
        header[4] = (byte)_type;
        header[5..].Clear();
        return _buffer.AsMemory(0, _length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private static int Padded(int size) => (size + 7) & ~7;

    private void Value(in DqliteValue value)
    {
        switch (value.Type)
        {
            case DqliteType.Text:
                Text(value.Text);
                break;
            case DqliteType.Blob when value.Parts is { } parts:
                long sum = 0;
                foreach (ReadOnlyMemory<byte> part in parts)
                    sum += part.Length;
                Span<byte> rest = Blob(sum);
                foreach (ReadOnlyMemory<byte> part in parts)
                {
                    part.Span.CopyTo(rest);
                    rest = rest[part.Length..];
                }
                break;
            case DqliteType.Blob:
                value.Bytes.Span.CopyTo(Blob(value.Bytes.Length));
                break;
            case DqliteType.None:
                throw new ArgumentException("A parameter has no value.", nameof(value));
            default:
                Word((ulong)value.Integer);
                break;
        }
    }

    private Span<byte> Blob(long size)
    {
        if (size > LargestRequest)
            throw new ArgumentException($"A blob of {size} bytes is too large for one request.", nameof(size));
        Word((ulong)size);
        Span<byte> place = Take(Padded((int)size));
        place[(int)size..].Clear();
        return place[..(int)size];
    }

    private Span<byte> Take(int size)
    {
        int needed = checked(_length + size);
        if (needed > LargestRequest)
            throw new ArgumentException($"A request of {needed} bytes is too large.", nameof(size));
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        Span<byte> place = _buffer.AsSpan(_length, size);
        _length = needed;
        return place;
    }
}

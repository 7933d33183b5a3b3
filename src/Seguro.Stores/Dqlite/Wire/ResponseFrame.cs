using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Seguro.Stores.Dqlite;

/// <summary>A response in a pooled buffer, and a cursor over its body that never reads beyond it.</summary>
sealed class ResponseFrame(string node, ResponseType type, byte[] buffer, int length) : IDisposable
{
    private byte[]? _buffer = buffer;
    private int _position;

    /// <summary>What kind of response it is.</summary>
    public ResponseType Type { get; } = type;

    /// <summary>The body's length, in bytes.</summary>
    public int Length { get; } = length;

    /// <summary>How many bytes were not read yet.</summary>
    public int Rest => Length - _position;

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(ResponseFrame));

    /// <summary>Reads a number of 64 bits.</summary>
    public ulong Word()
    {
        Need(8, "a number");
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(Buffer.AsSpan(_position));
        _position += 8;
        return value;
    }

    /// <summary>The number of 64 bits at the end of the body.</summary>
    public ulong LastWord()
    {
        if (Length < 8)
            throw Malformed("an answer is too short");
        return BinaryPrimitives.ReadUInt64LittleEndian(Buffer.AsSpan(Length - 8));
    }

    /// <summary>The next number of 64 bits, which stays unread.</summary>
    public ulong Peek()
    {
        Need(8, "a number");
        return BinaryPrimitives.ReadUInt64LittleEndian(Buffer.AsSpan(_position));
    }

    /// <summary>Reads two numbers of 32 bits.</summary>
    public (uint First, uint Second) Pair()
    {
        ulong word = Word();
        return ((uint)word, (uint)(word >> 32));
    }

    /// <summary>Reads a text.</summary>
    public string Text() => Encoding.UTF8.GetString(TextBytes().Span);

    /// <summary>Reads a text as its UTF-8 bytes.</summary>
    public ReadOnlyMemory<byte> TextBytes()
    {
        int end = Buffer.AsSpan(_position, Rest).IndexOf((byte)0);
        if (end < 0)
            throw Malformed("a text has no end");
        ReadOnlyMemory<byte> text = Buffer.AsMemory(_position, end);
        Skip(end + 1);
        return text;
    }

    /// <summary>Reads a blob without a copy.</summary>
    public ReadOnlyMemory<byte> Blob()
    {
        ulong size = Word();
        if (size > (ulong)Rest)
            throw Malformed($"a blob of {size} bytes does not fit into its frame");
        ReadOnlyMemory<byte> blob = Buffer.AsMemory(_position, (int)size);
        Skip((int)size);
        return blob;
    }

    /// <summary>Reads bytes without a copy; the count is padded to words.</summary>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        Need(count, "a header");
        ReadOnlySpan<byte> bytes = Buffer.AsSpan(_position, count);
        Skip(count);
        return bytes;
    }

    /// <summary>An error that names the node.</summary>
    public DqliteException Malformed(string what) => DqliteException.Malformed(node, what);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } owned)
            ArrayPool<byte>.Shared.Return(owned);
    }

    private void Skip(int size)
    {
        int padded = (size + 7) & ~7;
        if (padded > Rest)
            throw Malformed("a value's padding does not fit into its frame");
        _position += padded;
    }

    private void Need(int size, string what)
    {
        if (size > Rest)
            throw Malformed($"{what} does not fit into its frame");
    }
}

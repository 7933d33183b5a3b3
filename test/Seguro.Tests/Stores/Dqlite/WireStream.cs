using System.Buffers.Binary;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>A node that says the same whatever it is asked: what is written is kept, what is read was given.</summary>
sealed class WireStream(byte[] answer) : Stream
{
    private readonly MemoryStream _answer = new(answer);
    private readonly MemoryStream _written = new();

    public byte[] Written => _written.ToArray();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A frame of the protocol.</summary>
    public static byte[] Frame(byte type, params byte[] body)
    {
        byte[] frame = new byte[8 + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)body.Length / 8);
        frame[4] = type;
        body.CopyTo(frame, 8);
        return frame;
    }

    /// <summary>Numbers of 64 bits, little-endian.</summary>
    public static byte[] Words(params ulong[] words)
    {
        byte[] bytes = new byte[words.Length * 8];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), words[i]);
        return bytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => _answer.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => _written.Write(buffer, offset, count);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _answer.Dispose();
        base.Dispose(disposing);
    }
}

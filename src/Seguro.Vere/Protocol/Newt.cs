using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Vere.Protocol;

/// <summary>
/// How king and worker put a message on a pipe, and anybody on <c>conn.sock</c> (vere-facts.md §5.0, urbit 1.9 and later): a byte that is 0, the length as a
/// little-endian 32-bit number, and so many bytes of jam. A length of 0 is none.
/// </summary>
public static class Newt
{
    /// <summary>Bytes before the body.</summary>
    public const int HeaderBytes = 5;

    /// <summary>The frame of a message.</summary>
    public static byte[] Frame(Noun message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Frame(Jam.ToBytes(message));
    }

    /// <summary>The frame around a jam.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> jam)
    {
        ArgumentOutOfRangeException.ThrowIfZero(jam.Length);
        byte[] frame = new byte[HeaderBytes + jam.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(1), (uint)jam.Length);
        jam.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>The length of the body, by the header.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: this begins no frame.</exception>
    public static uint ReadLength(ReadOnlySpan<byte> header)
    {
        if (header[0] != 0)
            throw Malformed($"it begins with byte {header[0]}, and each frame begins with 0");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[1..]);
        return length > 0 ? length : throw Malformed("its length is 0");
    }

    /// <summary>Reads the body of the next frame, whole: for messages that are known to be small, or for tests.</summary>
    /// <param name="stream">Where frames come from.</param>
    /// <param name="limit">The longest body that is taken, in bytes; memory is taken as the bytes come, not as the header says.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The jam; <see langword="null"/> where the stream ended between frames.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: no frame, or a torn one; <see cref="ErrorCode.TooLarge"/>: beyond the limit.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int limit, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] header = new byte[HeaderBytes];
        int got = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancel);
        if (got == 0)
            return null;
        if (got < HeaderBytes)
            throw Torn(got, null);
        uint length = ReadLength(header);
        if (length > limit)
            throw new SeguroException(ErrorCode.TooLarge, $"a frame of {length} bytes came, and {limit} are taken", "Check what is at the other end of the pipe.");
        byte[] body = [];
        for (int filled = 0; filled < (int)length;)
        {
            if (filled == body.Length)
                Array.Resize(ref body, (int)Math.Min(length, Math.Max(4096, 2L * filled)));
            int read = await stream.ReadAsync(body.AsMemory(filled), cancel);
            if (read == 0)
                throw Torn(HeaderBytes + filled, length);
            filled += read;
        }
        return body;
    }

    internal static SeguroException Torn(long got, uint? length) => new(
        ErrorCode.Corrupt,
        length is { } body ? $"a torn frame: the stream ends after {got} bytes of {HeaderBytes + (long)body}" : $"a torn frame: the stream ends after {got} bytes of its header",
        "The process at the other end of the pipe ended in the middle of a message; see why it did.");

    private static SeguroException Malformed(string what) => new(
        ErrorCode.Corrupt, $"not a frame of vere: {what}", "Check what is at the other end of the pipe; a runtime before urbit 1.9 frames otherwise.");
}

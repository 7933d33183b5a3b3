using Seguro.Core;

namespace Seguro.Native;

/// <summary>An event that comes from a callback, through one buffer.</summary>
internal sealed class CallerSource(nint source, nint context, long size)
{
    private const int BufferSize = 1 << 20;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync()
    {
        byte[] buffer = new byte[(int)Math.Min(size, BufferSize)];
        for (long left = size; left > 0;)
        {
            int read = Call(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)));
            yield return buffer.AsMemory(0, read);
            left -= read;
        }
        await Task.CompletedTask;
    }

    private unsafe int Call(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            long read = ((delegate* unmanaged<void*, void*, nuint, long>)source)((void*)context, start, (nuint)buffer.Length);
            return read > 0 && read <= buffer.Length
                ? (int)read
                : throw new SeguroException(ErrorCode.BadValue, $"the source ended: it gave {read} where up to {buffer.Length} bytes were wanted", "Nothing was written; append the event again.");
        }
    }
}

using System.Buffers;
using Seguro.Core;

namespace Seguro.Native;

/// <summary>Memory of the caller's, read in place. It is the caller's to keep it there.</summary>
internal sealed unsafe class CallerBytes(byte* data, int length) : MemoryManager<byte>
{
    /// <summary>The events of a call.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.TooLarge"/>: one has 2 GiB or more, which only <c>seguro_append_from</c> takes.</exception>
    public static ReadOnlyMemory<byte>[] Of(NativeBytes* events, nuint count)
    {
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[checked((int)count)];
        for (int i = 0; i < payloads.Length; i++)
        {
            if (events[i].Size > int.MaxValue)
                throw new SeguroException(ErrorCode.TooLarge, $"an event of {events[i].Size:N0} bytes can't be appended from one buffer", "Append it by seguro_append_from.");
            if (events[i].Size > 0)
                payloads[i] = new CallerBytes(events[i].Data, (int)events[i].Size).Memory;
        }
        return payloads;
    }

    public override Span<byte> GetSpan() => new(data, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(data + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}

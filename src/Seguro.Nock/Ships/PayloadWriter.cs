using System.Buffers;
using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>Collects an event's payload, up to a limit: the mug, then the jam of the event.</summary>
sealed class PayloadWriter(long largest) : IBufferWriter<byte>
{
    private const int Usual = 512;
    private byte[] _buffer = new byte[Usual];
    private int _count;

    /// <summary>The payload; <see langword="null"/> where it would have more bytes than <paramref name="largest"/>.</summary>
    public static ReadOnlyMemory<byte>? TryWrite(uint mug, Noun made, long largest)
    {
        PayloadWriter writer = new(largest);
        try
        {
            BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(sizeof(uint)), mug);
            writer.Advance(sizeof(uint));
            Jam.Write(made, writer);
        }
        catch (NounException error) when (error.Code is ErrorCode.TooLarge)
        {
            return null;
        }
        return writer._count <= largest ? writer._buffer.AsMemory(0, writer._count) : (ReadOnlyMemory<byte>?)null;
    }

    /// <inheritdoc/>
    public void Advance(int count) => _count += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _count < needed)
        {
            if (_count > largest || _count > Array.MaxLength - needed)
                throw new NounException(ErrorCode.TooLarge, $"the event has more than {largest} bytes", "Send less at once.");
            Array.Resize(ref _buffer, (int)Math.Min(Math.Max(2L * _buffer.Length, (long)_count + needed), Array.MaxLength));
        }
        return _buffer.AsMemory(_count);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}

using System.Buffers;
using System.Numerics;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>Writes nouns as bytes, just as Urbit does (<c>jam</c>, vere-facts.md §3.1): the same noun always gives the same bytes.</summary>
/// <remarks>
/// Equal nouns are written once and referred to after that, whether or not they are the same objects. Works without recursion. Beside the
/// output it needs some 40 bytes for each atom and cell, from a pool.
/// </remarks>
public static class Jam
{
    /// <summary>The bytes, in a new array.</summary>
    /// <exception cref="NounException"><see cref="ErrorCode.TooLarge"/>: it would be more than 2 GiB.</exception>
    public static byte[] ToBytes(Noun noun)
    {
        using PooledBytes output = new();
        Write(noun, output);
        return output.Written.ToArray();
    }

    /// <summary>The bytes as an atom.</summary>
    /// <exception cref="NounException"><see cref="ErrorCode.TooLarge"/>: it would be more than 2 GiB.</exception>
    public static Atom ToAtom(Noun noun)
    {
        using PooledBytes output = new();
        Write(noun, output);
        return Atom.Of(output.Written);
    }

    /// <summary>Writes the bytes to a stream, in pieces of 8 KiB.</summary>
    public static void Write(Noun noun, Stream output) => Write(noun, new StreamTarget(output));

    /// <summary>Writes the bytes.</summary>
    public static void Write(Noun noun, IBufferWriter<byte> output)
    {
        BitWriter writer = new(output);
        DistinctNouns nouns = new(noun);
        // Where each was written first, and 1; 0 before that.
        long[] written = ArrayPool<long>.Shared.Rent(nouns.Count);
        Array.Clear(written, 0, nouns.Count);
        int[] stack = ArrayPool<int>.Shared.Rent(64);
        int depth = 0;
        int at = nouns.Root;
        while (true)
        {
            long position = writer.Position;
            long before = written[at] - 1;
            if (nouns.AtomOf(at) is Atom atom)
            {
                // An atom no longer than the reference to it would be is written out.
                if (before >= 0 && atom.BitLength > BitLength(before))
                {
                    WriteReference(ref writer, before);
                }
                else
                {
                    if (before < 0)
                        written[at] = position + 1;
                    writer.Write(0, 1);
                    writer.WriteMat(atom);
                }
            }
            else if (before >= 0)
            {
                WriteReference(ref writer, before);
            }
            else
            {
                written[at] = position + 1;
                writer.Write(0b01, 2);
                if (depth == stack.Length)
                    stack = Pooled.Grow(stack, depth);
                (at, stack[depth++]) = nouns.HalvesOf(at);
                continue;
            }
            if (depth == 0)
                break;
            at = stack[--depth];
        }
        writer.Finish();
        nouns.Release();
        ArrayPool<long>.Shared.Return(written);
        ArrayPool<int>.Shared.Return(stack);
    }

    private static void WriteReference(ref BitWriter writer, long offset)
    {
        writer.Write(0b11, 2);
        writer.WriteMat((ulong)offset);
    }

    private static int BitLength(long value) => 64 - BitOperations.LeadingZeroCount((ulong)value);

    /// <summary>Collects the bytes in an array of the pool, so that the result alone is allocated, and of just its size.</summary>
    private sealed class PooledBytes : IBufferWriter<byte>, IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1 << 14);
        private int _count;

        public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _count);

        public void Advance(int count) => _count += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            while (_buffer.Length - _count < Math.Max(sizeHint, 1))
            {
                if (_buffer.Length >= Array.MaxLength)
                    throw new NounException(ErrorCode.TooLarge, "the noun's jam is more than 2 GiB", "Write it to a stream, or jam its parts one by one.");
                _buffer = Pooled.Grow(_buffer, _count);
            }
            return _buffer.AsMemory(_count);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }

    private sealed class StreamTarget(Stream stream) : IBufferWriter<byte>
    {
        private readonly byte[] _buffer = new byte[8192];

        public void Advance(int count) => stream.Write(_buffer, 0, count);

        public Memory<byte> GetMemory(int sizeHint = 0) => sizeHint <= _buffer.Length ? _buffer : new byte[sizeHint];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}

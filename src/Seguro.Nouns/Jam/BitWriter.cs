using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Seguro.Nouns;

/// <summary>Writes bits, the least significant first, a 64-bit word at a time.</summary>
ref struct BitWriter(IBufferWriter<byte> output)
{
    private const int BufferWords = 1024;
    private readonly IBufferWriter<byte> _output = output;
    private readonly ulong[] _buffer = ArrayPool<ulong>.Shared.Rent(BufferWords);
    private int _words;
    private long _flushed;
    private ulong _current;
    private int _filled;

    /// <summary>How many bits were written.</summary>
    public readonly long Position => ((_flushed + _words) * 64) + _filled;

    /// <summary>Writes the lowest <paramref name="count"/> bits (0…64); the others must be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ulong bits, int count)
    {
        _current |= bits << _filled;
        int filled = _filled + count;
        if (filled < 64)
        {
            _filled = filled;
            return;
        }
        Emit(_current);
        // The shift is 64 minus what was filled; with nothing filled before, nothing is left over.
        _current = _filled == 0 ? 0 : bits >> (64 - _filled);
        _filled = filled - 64;
    }

    /// <summary>Writes a number with its length before it (<c>mat</c>, vere-facts.md §3.1).</summary>
    public void WriteMat(ulong value)
    {
        if (value == 0)
        {
            Write(1, 1);
            return;
        }
        int length = 64 - BitOperations.LeadingZeroCount(value);
        WriteLength((ulong)length);
        Write(value, length);
    }

    /// <summary>Writes an atom with its length before it.</summary>
    public void WriteMat(Atom atom)
    {
        if (atom.Words is null)
        {
            WriteMat(atom.Low);
            return;
        }
        WriteLength((ulong)atom.BitLength);
        ReadOnlySpan<ulong> words = atom.Words;
        foreach (ulong word in words[..^1])
            Write(word, 64);
        Write(words[^1], 64 - BitOperations.LeadingZeroCount(words[^1]));
    }

    /// <summary>Writes what is left as bytes and gives the buffer back.</summary>
    public void Finish()
    {
        int rest = (_filled + 7) / 8;
        if (_filled > 0)
            _buffer[_words] = _current;
        _output.Write(MemoryMarshal.AsBytes(_buffer.AsSpan())[..((_words * 8) + rest)]);
        ArrayPool<ulong>.Shared.Return(_buffer);
    }

    private void WriteLength(ulong length)
    {
        int size = 64 - BitOperations.LeadingZeroCount(length);
        // size zeros, a one, and the length without its highest bit
        Write(1UL << size, size + 1);
        Write(length ^ (1UL << (size - 1)), size - 1);
    }

    private void Emit(ulong word)
    {
        // One word is kept free for Finish.
        if (_words == BufferWords - 1)
        {
            _output.Write(MemoryMarshal.AsBytes(_buffer.AsSpan(0, _words)));
            _flushed += _words;
            _words = 0;
        }
        _buffer[_words++] = word;
    }
}

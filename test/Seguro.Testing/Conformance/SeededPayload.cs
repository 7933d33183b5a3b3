using System.Buffers.Binary;

namespace Seguro.Testing;

/// <summary>Payloads that follow from a seed alone, so that another process can say what should be in a log.</summary>
public static class SeededPayload
{
    /// <summary>Bytes without any pattern that a database could compress.</summary>
    /// <param name="seed">Other seeds give other bytes (for 8 bytes and more).</param>
    /// <param name="size">How many bytes.</param>
    public static byte[] Of(ulong seed, int size)
    {
        byte[] bytes = new byte[size];
        ulong state = seed;
        int at = 0;
        for (; at + sizeof(ulong) <= size; at += sizeof(ulong))
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Mix(ref state));
        Span<byte> rest = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(rest, Mix(ref state));
        rest[..(size - at)].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    /// <summary>A number from <paramref name="low"/> to <paramref name="high"/>, both included, that follows from the seed.</summary>
    public static int Number(ulong seed, int low, int high) => low + (int)(Mix(ref seed) % (ulong)(high - low + 1));

    /// <summary>SplitMix64: full period, every seed is good.</summary>
    private static ulong Mix(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        ulong mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}

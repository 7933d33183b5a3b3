using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Seguro.Nouns;

/// <summary>The 31-bit hash of nouns: MurmurHash3 (x86, 32 bits) folded to 31, never 0 (vere-facts.md §3.3).</summary>
static class MugHash
{
    private const uint AtomSeed = 0xcafebabe;
    private const uint CellSeed = 0xdeadbeef;
    private const uint First = 0xcc9e2d51;
    private const uint Second = 0x1b873593;
    private const int Tries = 8;

    /// <summary>Computes, keeps and gives the mug. An explicit stack stands for recursion; parts that have their mug are not entered.</summary>
    public static int Compute(Noun noun)
    {
        if (Ready(noun) is int known and not 0)
            return known;
        if (noun is Cell top && Ready(top.HeadField) is int left and not 0 && Ready(top.TailField) is int right and not 0)
            return top.MugOrZero = OfPair((uint)left, (uint)right);
        Cell[] stack = ArrayPool<Cell>.Shared.Rent(64);
        int depth = 0;
        int deepest = 1;
        stack[depth++] = (Cell)noun;
        while (depth > 0)
        {
            Cell cell = stack[depth - 1];
            int head = Ready(cell.HeadField);
            if (head == 0)
            {
                Push(ref stack, ref depth, cell.HeadField);
                deepest = Math.Max(deepest, depth);
                continue;
            }
            int tail = Ready(cell.TailField);
            if (tail == 0)
            {
                Push(ref stack, ref depth, cell.TailField);
                deepest = Math.Max(deepest, depth);
                continue;
            }
            cell.MugOrZero = OfPair((uint)head, (uint)tail);
            depth--;
        }
        Array.Clear(stack, 0, deepest);
        ArrayPool<Cell>.Shared.Return(stack);
        return noun.MugOrZero;
    }

    /// <summary>The mug of a cell whose parts have these mugs.</summary>
    public static int OfPair(uint head, uint tail)
    {
        uint seed = CellSeed;
        for (int i = 0; i < Tries; i++, seed++)
        {
            uint hash = Block(seed, head);
            uint mixed = BitOperations.RotateLeft(tail * First, 15) * Second;
            int length = 8;
            if (tail > 0xffffff)
            {
                hash = (BitOperations.RotateLeft(hash ^ mixed, 13) * 5) + 0xe6546b64;
            }
            else
            {
                hash ^= mixed;
                length = tail > 0xffff ? 7 : tail > 0xff ? 6 : 5;
            }
            int folded = Fold(hash, length);
            if (folded != 0)
                return folded;
        }
        return 0xfffe;
    }

    /// <summary>The mug of an atom with these bytes, least significant first, without leading zeros.</summary>
    public static int OfBytes(ReadOnlySpan<byte> bytes)
    {
        uint seed = AtomSeed;
        for (int i = 0; i < Tries; i++, seed++)
        {
            int folded = Fold(Body(bytes, seed), bytes.Length);
            if (folded != 0)
                return folded;
        }
        return 0x7fff;
    }

    /// <summary>MurmurHash3 x86_32 of bytes, unfolded.</summary>
    public static uint Murmur(ReadOnlySpan<byte> bytes, uint seed) => Finish(Body(bytes, seed), bytes.Length);

    private static void Push(ref Cell[] stack, ref int depth, Noun noun)
    {
        if (depth == stack.Length)
            stack = Pooled.Grow(stack, depth);
        stack[depth++] = (Cell)noun;
    }

    /// <summary>The mug of an atom, or that of a cell where it is known; else 0.</summary>
    private static int Ready(Noun noun)
    {
        int known = noun.MugOrZero;
        if (known == 0 && noun is Atom atom)
            atom.MugOrZero = known = OfBytes(atom.Bytes);
        return known;
    }

    private static int Fold(uint hash, int length)
    {
        hash = Finish(hash, length);
        return (int)((hash >> 31) ^ (hash & 0x7fffffff));
    }

    private static uint Finish(uint hash, int length)
    {
        hash ^= (uint)length;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }

    private static uint Block(uint hash, uint block) =>
        (BitOperations.RotateLeft(hash ^ (BitOperations.RotateLeft(block * First, 15) * Second), 13) * 5) + 0xe6546b64;

    private static uint Body(ReadOnlySpan<byte> bytes, uint hash)
    {
        while (bytes.Length >= 4)
        {
            hash = Block(hash, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            bytes = bytes[4..];
        }
        if (bytes.IsEmpty)
            return hash;
        uint rest = bytes[0];
        if (bytes.Length > 1)
            rest |= (uint)bytes[1] << 8;
        if (bytes.Length > 2)
            rest |= (uint)bytes[2] << 16;
        return hash ^ (BitOperations.RotateLeft(rest * First, 15) * Second);
    }
}

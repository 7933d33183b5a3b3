using System.Numerics;

namespace Seguro.Nouns;

/// <summary>
/// The permutation that lies between the number of a planet or a moon and its name, so that neighbours have unlike names:
/// a Feistel network of four rounds over 0x10000 … 0xffffffff, with MurmurHash3 as its round function (vere-facts.md §3.5).
/// </summary>
/// <remarks>
/// The published form walks on when a result leaves the domain of 65535 · 65536 numbers. It never does: a result is
/// <c>right · 65535 + left</c> with <c>right = 65535</c>, or <c>left · 65535 + right</c> with both below 65535.
/// </remarks>
static class NameScrambler
{
    private const uint First = 0x10000;
    private const uint Low = 0xffff;
    private const uint High = 0x10000;

    private static ReadOnlySpan<uint> Keys => [0xb76d5eed, 0xee281300, 0x85bcae01, 0x4b387af7];

    /// <summary>The number that is written in syllables, for a ship's number.</summary>
    public static UInt128 Scramble(UInt128 ship) => OnLowWord(ship, Forward);

    /// <summary>The ship's number, for the number that is written in syllables.</summary>
    public static UInt128 Unscramble(UInt128 name) => OnLowWord(name, Backward);

    /// <summary>Planets are permuted, of moons the planet that they belong to; no others.</summary>
    private static UInt128 OnLowWord(UInt128 number, Func<uint, uint> permute)
    {
        uint word = (uint)number;
        return number > ulong.MaxValue || word < First ? number : number - word + permute(word);
    }

    private static uint Forward(uint word)
    {
        (uint right, uint left) = Math.DivRem(word - First, Low);
        for (int round = 0; round < Keys.Length; round++)
            (left, right) = (right, (uint)(((ulong)Hash(Keys[round], right) + left) % Modulus(round)));
        return First + (right == Low ? (right * Low) + left : (left * Low) + right);
    }

    private static uint Backward(uint word)
    {
        (uint left, uint right) = Math.DivRem(word - First, Low);
        if (left == Low)
            (left, right) = (right, left);
        for (int round = Keys.Length - 1; round >= 0; round--)
        {
            uint modulus = Modulus(round);
            (left, right) = ((uint)(((ulong)right + modulus - (Hash(Keys[round], left) % modulus)) % modulus), left);
        }
        return First + (right * Low) + left;
    }

    private static uint Modulus(int round) => round % 2 == 0 ? Low : High;

    /// <summary>MurmurHash3 x86_32 of two little-endian bytes.</summary>
    private static uint Hash(uint seed, uint twoBytes)
    {
        uint hash = seed ^ (BitOperations.RotateLeft(twoBytes * 0xcc9e2d51, 15) * 0x1b873593);
        hash ^= 2;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}

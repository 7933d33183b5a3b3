using System.Numerics;

namespace Seguro.Testing;

/// <summary>
/// Numbers from a seed, the same on every machine and in every version of .NET: xoshiro256** (Blackman and Vigna), seeded by SplitMix64. Each part of
/// a simulation draws from a stream of its own name, so that one draw more in one part does not shift the others.
/// </summary>
internal sealed class SimulationRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>The stream of this name.</summary>
    public SimulationRandom(ulong seed, string name)
    {
        ulong mixed = seed;
        foreach (char letter in name)
            mixed = (mixed ^ letter) * 0x100000001b3;
        _s0 = Split(ref mixed);
        _s1 = Split(ref mixed);
        _s2 = Split(ref mixed);
        _s3 = Split(ref mixed);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong shifted = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= shifted;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>0 … <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary><paramref name="least"/> … <paramref name="most"/>, both included.</summary>
    public long Between(long least, long most) => least + (long)Math.BigMul(Next(), (ulong)(most - least + 1), out _);

    /// <summary>True with this probability.</summary>
    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    /// <summary>One of these.</summary>
    public T Of<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>A span of time around <paramref name="usual"/>: mostly near it, now and then ten times that.</summary>
    public long Delay(long usual) => Chance(0.02) ? Between(usual, usual * 10) : Between((usual / 2) + 1, usual + (usual / 2) + 1);

    private static ulong Split(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        ulong mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}

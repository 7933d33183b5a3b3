using Seguro.Nouns;

namespace Seguro.Vere.Steering;

/// <summary>A time as <c>gettimeofday</c> tells it.</summary>
/// <param name="Seconds">Since 1970.</param>
/// <param name="Microseconds">Below a million.</param>
public readonly record struct SteeredTime(long Seconds, int Microseconds)
{
    /// <summary>The second at which 1970 began, as Urbit counts (vere-facts.md §3.4).</summary>
    private const ulong UnixEpoch = 0x8000_000c_ce9e_0d80;

    /// <summary>Beyond it nobody's clock is: the year 36,812.</summary>
    private const ulong MostSeconds = 1UL << 40;

    /// <summary>A time of the clock at which vere stamps an event so; <see langword="false"/> where there is none: the time has a finer fraction, or lies before 1970.</summary>
    /// <remarks>vere keeps the upper 16 bits of the fraction, rounded down from whole microseconds (vere-facts.md §13.4).</remarks>
    public static bool TryFrom(UInt128 now, out SteeredTime time)
    {
        time = default;
        ulong seconds = unchecked((ulong)(now >> 64) - UnixEpoch);
        ulong fraction = (ulong)now;
        ulong part = fraction >> 48;
        ulong microseconds = ((part * 1_000_000) + 65_535) / 65_536;
        if (seconds >= MostSeconds || part << 48 != fraction || microseconds * 65_536 / 1_000_000 != part)
            return false;
        time = new SteeredTime((long)seconds, (int)microseconds);
        return true;
    }

    /// <summary>The time of an event, <c>[now wire card]</c>; <see langword="false"/> where it has none, as the formulas that a ship boots from have none, or none that a clock shows.</summary>
    public static bool TryFrom(Noun made, out SteeredTime time)
    {
        time = default;
        return made is Cell { Head: Atom { BitLength: <= 128 } now, Tail: Cell } && TryFrom(ToNumber(now), out time);
    }

    private static UInt128 ToNumber(Atom atom)
    {
        UInt128 number = 0;
        ReadOnlySpan<byte> bytes = atom.Bytes;
        for (int at = bytes.Length - 1; at >= 0; at--)
            number = (number << 8) | bytes[at];
        return number;
    }
}

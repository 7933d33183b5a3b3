using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>
/// Urbit's absolute time, <c>@da</c>: 128 bits, in units of 2^-64 seconds since the year 292277024401 before Christ; from number to text, to
/// <see cref="DateTimeOffset"/>, and back (vere-facts.md §3.4).
/// </summary>
/// <remarks>
/// The text is <c>~2023.11.14..22.13.20..1f9a</c>: UTC in the Gregorian calendar (extended to all years; <c>~1-.1.1</c> is in the year 1
/// before Christ), then the fraction in groups of four hexadecimal digits. A time of midnight and a fraction of zero are left out.
/// </remarks>
public static class DateAtom
{
    private const ulong UnixEpoch = 0x8000_000c_ce9e_0d80;
    private const ulong SecondsInDay = 86_400;

    private const long UnixDay = (long)(UnixEpoch / SecondsInDay);

    /// <summary>Days from the calendar's year 0 (1 before Christ) to the Unix epoch.</summary>
    private const long DaysToUnix = 719_528;

    /// <summary>The time as text.</summary>
    public static string Format(UInt128 date)
    {
        (ulong day, ulong second) = Math.DivRem((ulong)(date >> 64), SecondsInDay);
        ulong fraction = (ulong)date;
        (long year, int month, int dayOfMonth) = ToCalendar((long)day - UnixDay + DaysToUnix);

        StringBuilder text = new(48);
        text.Append('~').Append(CultureInfo.InvariantCulture, $"{(year > 0 ? year : 1 - year)}{(year > 0 ? "" : "-")}.{month}.{dayOfMonth}");
        if (second == 0 && fraction == 0)
            return text.ToString();
        text.Append(CultureInfo.InvariantCulture, $"..{second / 3600:00}.{second / 60 % 60:00}.{second % 60:00}");
        for (string separator = ".."; fraction != 0; fraction <<= 16, separator = ".")
            text.Append(separator).Append(CultureInfo.InvariantCulture, $"{(ushort)(fraction >> 48):x4}");
        return text.ToString();
    }

    /// <summary>Reads a time.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the text is not an <c>@da</c>, or no such day exists.</exception>
    public static UInt128 Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out UInt128 date)
            ? date
            : throw new SeguroException(
                ErrorCode.BadValue,
                $"'{(text.Length > 64 ? text[..64] + "…" : text)}' is not a time of Urbit",
                "Write it like ~2023.11.14 or ~2023.11.14..22.13.20..1f9a.");
    }

    /// <summary>Reads a time. Leading zeros are taken; <see langword="false"/> where the text is not an <c>@da</c>, or no such day exists.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UInt128 date)
    {
        date = default;
        if (text is not { Length: > 1 and <= 64 } || text[0] != '~')
            return false;
        string[] parts = text[1..].Split("..");
        if (parts.Length > 3 || !TryReadDay(parts[0], out Int128 days))
            return false;
        long second = 0;
        ulong fraction = 0;
        if (parts.Length > 1 && !TryReadTime(parts[1], out second))
            return false;
        if (parts.Length > 2 && !TryReadFraction(parts[2], out fraction))
            return false;
        Int128 seconds = ((days - DaysToUnix) * (long)SecondsInDay) + second + UnixEpoch;
        if (seconds < 0 || seconds > ulong.MaxValue)
            return false;
        date = new UInt128((ulong)seconds, fraction);
        return true;
    }

    /// <summary>The atom of a time, to its full precision of 100 ns; <see cref="TryToTime"/> gives the same time back.</summary>
    public static UInt128 FromTime(DateTimeOffset time)
    {
        (long seconds, long ticks) = FloorDivide(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        ulong fraction = (ulong)(new UInt128((ulong)ticks, 0) / (ulong)TimeSpan.TicksPerSecond);
        return new UInt128(unchecked(UnixEpoch + (ulong)seconds), fraction);
    }

    /// <summary>The atom of a time as vere stamps its events: to 1/65536 of a second, from whole microseconds, rounded down.</summary>
    public static UInt128 Stamp(DateTimeOffset time)
    {
        (long seconds, long ticks) = FloorDivide(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        ulong microseconds = (ulong)(ticks / TimeSpan.TicksPerMicrosecond);
        return new UInt128(unchecked(UnixEpoch + (ulong)seconds), microseconds * 65_536 / 1_000_000 << 48);
    }

    /// <summary>The nearest time that .NET can express; <see langword="false"/> outside of the years 1 … 9999.</summary>
    public static bool TryToTime(UInt128 date, out DateTimeOffset time)
    {
        time = default;
        UInt128 scaled = ((UInt128)(ulong)date * (ulong)TimeSpan.TicksPerSecond) + (UInt128.One << 63);
        Int128 ticks = (((Int128)(ulong)(date >> 64) - UnixEpoch) * TimeSpan.TicksPerSecond) + (Int128)(scaled >> 64) + DateTimeOffset.UnixEpoch.Ticks;
        if (ticks < 0 || ticks > DateTimeOffset.MaxValue.Ticks)
            return false;
        time = new DateTimeOffset((long)ticks, TimeSpan.Zero);
        return true;
    }

    private static bool TryReadDay(string text, out Int128 days)
    {
        days = 0;
        string[] parts = text.Split('.');
        if (parts.Length != 3)
            return false;
        bool before = parts[0].EndsWith('-');
        if (!TryReadNumber(before ? parts[0][..^1] : parts[0], 1_000_000_000_000, out long year) || year == 0
            || !TryReadNumber(parts[1], 12, out long month) || month == 0
            || !TryReadNumber(parts[2], 31, out long day) || day == 0)
        {
            return false;
        }
        year = before ? 1 - year : year;
        long counted = FromCalendar(year, (int)month, (int)day);
        days = counted;
        return ToCalendar(counted) == (year, (int)month, (int)day); // no 30th of February
    }

    private static bool TryReadTime(string text, out long second)
    {
        second = 0;
        string[] parts = text.Split('.');
        if (parts.Length != 3 || !TryReadNumber(parts[0], 23, out long hours) || !TryReadNumber(parts[1], 59, out long minutes)
            || !TryReadNumber(parts[2], 59, out long seconds))
        {
            return false;
        }
        second = (((hours * 60) + minutes) * 60) + seconds;
        return true;
    }

    private static bool TryReadFraction(string text, out ulong fraction)
    {
        fraction = 0;
        string[] parts = text.Split('.');
        if (parts.Length > 4)
            return false;
        for (int index = 0; index < parts.Length; index++)
        {
            if (parts[index].Length != 4 || parts[index].Any(char.IsAsciiLetterUpper)
                || !ushort.TryParse(parts[index], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort group))
            {
                return false;
            }
            fraction |= (ulong)group << (48 - (16 * index));
        }
        return true;
    }

    private static bool TryReadNumber(string text, long most, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;

    /// <summary>The day's number in years that begin in March, so that a leap day is a year's last.</summary>
    private static long FromCalendar(long year, int month, int day)
    {
        (long shiftedYear, int shiftedMonth) = month > 2 ? (year, month - 3) : (year - 1, month + 9);
        (long era, long yearOfEra) = FloorDivide(shiftedYear, 400);
        long dayOfYear = (((153 * shiftedMonth) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear + 60;
    }

    private static (long Year, int Month, int Day) ToCalendar(long days)
    {
        (long era, long dayOfEra) = FloorDivide(days - 60, 146_097);
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        int shiftedMonth = (int)(((5 * dayOfYear) + 2) / 153);
        int day = (int)(dayOfYear - (((153 * shiftedMonth) + 2) / 5) + 1);
        int month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        return ((era * 400) + yearOfEra + (month <= 2 ? 1 : 0), month, day);
    }

    private static (long Quotient, long Remainder) FloorDivide(long dividend, long divisor)
    {
        (long quotient, long remainder) = Math.DivRem(dividend, divisor);
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder);
    }
}

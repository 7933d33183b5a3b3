using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Seguro.Nouns;

/// <summary>Reads atoms as Hoon writes them, all but text between quotes.</summary>
static class AtomReader
{
    private const int MostDecimalDigits = 100_000; // reading more takes noticeable time; hexadecimal takes none
    private static readonly SearchValues<char> KnotLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Reads one word; says what is wrong with it, or null.</summary>
    public static string? Read(string word, out Atom atom)
    {
        atom = Atom.Zero;
        return word switch
        {
            "~" or "&" or "%&" or "%.y" or "%$" or "%~" => null,
            "|" or "%|" or "%.n" => Give(Atom.One, ref atom),
            ['~', '.', ..] => ReadKnot(word, ref atom),
            ['~', >= '0' and <= '9', ..] => ReadDate(word, ref atom),
            ['~', ..] => ReadShip(word, ref atom),
            ['%', >= '0' and <= '9', ..] => ReadDecimal(word[1..], ref atom),
            ['%', ..] => ReadTerm(word, ref atom),
            ['0', 'x', ..] => ReadBits(word[2..], 4, "0x", ref atom),
            ['0', 'b', ..] => ReadBits(word[2..], 1, "0b", ref atom),
            ['0', 'v', ..] => Uv.TryParse(word, out Atom? number) ? Give(number, ref atom) : "not a number in base 32, which is 0v and digits 0-9 and a-v in groups of five",
            [>= '0' and <= '9', ..] => ReadDecimal(word, ref atom),
            _ => "no noun begins so; text stands between quotes, a term begins with %",
        };
    }

    private static string? Give(Atom value, ref Atom atom)
    {
        atom = value;
        return null;
    }

    private static string? ReadKnot(string word, ref Atom atom) => word.AsSpan(2).ContainsAnyExcept(KnotLetters)
        ? "a knot has only a-z, 0-9 and - . _ ~"
        : Give(Cord.Of(word[2..]), ref atom);

    private static string? ReadDate(string word, ref Atom atom) =>
        DateAtom.TryParse(word, out UInt128 date) ? Give(Atom.Of(date), ref atom) : "not a time, which is written like ~2023.11.14..22.13.20";

    private static string? ReadShip(string word, ref Atom atom) =>
        ShipName.TryParse(word, out UInt128 ship) ? Give(Atom.Of(ship), ref atom) : "not the name of a ship, which is written like ~zod or ~sampel-palnet";

    private static string? ReadTerm(string word, ref Atom atom)
    {
        byte[] letters = Encoding.UTF8.GetBytes(word[1..]);
        return AtomText.IsTerm(letters) ? Give(Atom.Of(letters), ref atom) : "a term has only a-z, 0-9 and -, and begins with a letter";
    }

    private static string? ReadDecimal(string digits, ref Atom atom)
    {
        if (!TryJoin(digits, 3, out string? joined) || joined.Any(static digit => !char.IsAsciiDigit(digit)))
            return "not a number; its digits may stand in groups of three, as in 1.000.000";
        if (joined.Length > 1 && joined[0] == '0')
            return "a decimal number does not begin with 0";
        if (joined.Length > MostDecimalDigits)
            return $"a decimal number has at most {MostDecimalDigits:N0} digits here; write it as 0x…";
        return Give(Atom.Of(BigInteger.Parse(joined, NumberStyles.None, CultureInfo.InvariantCulture)), ref atom);
    }

    private static string? ReadBits(string digits, int bitsEach, string prefix, ref Atom atom)
    {
        if (!TryJoin(digits, 4, out string? joined))
            return $"after {prefix} come digits, in groups of four if there are points";
        byte[] bytes = new byte[(((long)joined.Length * bitsEach) + 7) / 8];
        for (int index = 0; index < joined.Length; index++)
        {
            char digit = joined[^(index + 1)];
            if (bitsEach == 1 ? digit is not ('0' or '1') : !char.IsAsciiHexDigit(digit))
                return $"'{AtomText.Quote(Encoding.UTF8.GetBytes([digit]), '\'')[1..^1]}' is no digit of {prefix}";
            int value = bitsEach == 1 ? digit - '0' : HexValue(digit);
            long bit = (long)index * bitsEach;
            bytes[bit >> 3] |= (byte)(value << (int)(bit & 7));
        }
        return Give(Atom.Of(bytes), ref atom);
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    /// <summary>Takes the points out; where there are any, the groups must be whole (<c>1.5</c> is not 15).</summary>
    private static bool TryJoin(string digits, int group, [NotNullWhen(true)] out string? joined)
    {
        joined = null;
        if (digits.Length == 0)
            return false;
        if (!digits.Contains('.', StringComparison.Ordinal))
        {
            joined = digits;
            return true;
        }
        for (int index = 0; index < digits.Length; index++)
        {
            bool isPlaceOfPoint = (digits.Length - index) % (group + 1) == 0;
            if (digits[index] == '.' != isPlaceOfPoint || (index == 0 && isPlaceOfPoint))
                return false;
        }
        joined = digits.Replace(".", "", StringComparison.Ordinal);
        return true;
    }
}

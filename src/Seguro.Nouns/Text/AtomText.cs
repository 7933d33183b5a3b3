using System.Globalization;
using System.Text;

namespace Seguro.Nouns;

/// <summary>Atoms as Hoon writes them. <see cref="AtomReader"/> reads each of these texts back.</summary>
static class AtomText
{
    private const int LargestDecimalBytes = 8192; // above, decimal digits cost more time than they are worth
    private const ulong Unix = 0x8000_000c_ce9e_0d80;
    private const ulong YearsOfGuess = 500 * 31_557_600UL;

    /// <summary>The atom's text.</summary>
    /// <param name="atom">What to write.</param>
    /// <param name="aura">How.</param>
    /// <param name="longest">How many of its bytes are shown at most.</param>
    /// <param name="complete">Is all of it there?</param>
    public static string Format(Atom atom, Aura aura, int longest, out bool complete)
    {
        complete = atom.ByteLength <= longest;
        aura = aura == Aura.Guessed ? Guess(atom, Math.Min(atom.ByteLength, longest)) : aura;
        if (aura == Aura.T)
        {
            ReadOnlySpan<byte> shown = atom.Bytes[..Math.Min(atom.ByteLength, longest)];
            return complete && IsTerm(shown) ? "%" + Encoding.ASCII.GetString(shown) : Quote(shown, '\'') + (complete ? "" : $"…({atom.ByteLength:N0} bytes)");
        }
        if (!complete)
            return Hex(atom.Bytes[^longest..]) + $"…({atom.ByteLength:N0} bytes)";
        switch (aura)
        {
            case Aura.Ud when atom.ByteLength <= LargestDecimalBytes:
                return Grouped(atom.IsSmall ? atom.Low.ToString(CultureInfo.InvariantCulture) : atom.ToBigInteger().ToString(CultureInfo.InvariantCulture), 3);
            case Aura.Uv:
                return Uv.Format(atom);
            case Aura.P when atom.TryGet(out UInt128 ship):
                return ShipName.Format(ship);
            case Aura.Da when atom.TryGet(out UInt128 date):
                return DateAtom.Format(date);
            default:
                return Hex(atom.Bytes);
        }
    }

    /// <summary>Bytes as text between quotes; what can't be shown, or would end the text, is escaped as Hoon does it: <c>\'</c>, <c>\\</c>, <c>\0a</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> utf8, char quote)
    {
        StringBuilder text = new();
        text.Append(quote);
        while (!utf8.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(utf8, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (whole && (rune.Value == quote || rune.Value == '\\' || (rune.Value == '{' && quote == '"')))
                text.Append('\\').Append(rune.ToString());
            else if (whole && IsVisible(rune))
                text.Append(rune.ToString());
            else
                text.AppendJoin("", utf8[..length].ToArray().Select(static b => $"\\{b:x2}"));
            utf8 = utf8[length..];
        }
        return text.Append(quote).ToString();
    }

    /// <summary>May a byte stand in text that nobody said is text?</summary>
    public static bool IsPlain(byte letter) => letter is >= (byte)' ' and <= (byte)'~' or (byte)'\n' or (byte)'\t';

    /// <summary>Is this a term: a lower-case letter, then lower-case letters, digits and hyphens?</summary>
    public static bool IsTerm(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || !char.IsAsciiLetterLower((char)bytes[0]))
            return false;
        foreach (byte letter in bytes)
        {
            if (!char.IsAsciiLetterLower((char)letter) && !char.IsAsciiDigit((char)letter) && letter != '-')
                return false;
        }
        return true;
    }

    private static Aura Guess(Atom atom, int longest)
    {
        ReadOnlySpan<byte> shown = atom.Bytes[..longest];
        bool isText = longest >= 2;
        foreach (byte letter in shown)
            isText &= IsPlain(letter);
        if (isText && (atom.ByteLength > 2 || IsTerm(shown)))
            return Aura.T;
        if (atom.IsSmall)
            return atom.Low < 1_000_000_000 ? Aura.Ud : Aura.Ux;
        return atom.AsWords is [_, >= Unix and < Unix + YearsOfGuess] ? Aura.Da : Aura.Ux;
    }

    // No marks that change the order or the look of what follows, nor what a terminal would obey.
    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static string Hex(ReadOnlySpan<byte> littleEndian)
    {
        byte[] bytes = littleEndian.ToArray();
        Array.Reverse(bytes);
        string digits = Convert.ToHexStringLower(bytes).TrimStart('0');
        return "0x" + Grouped(digits.Length == 0 ? "0" : digits, 4);
    }

    private static string Grouped(string digits, int size)
    {
        if (digits.Length <= size)
            return digits;
        StringBuilder text = new(digits.Length + (digits.Length / size));
        int first = digits.Length % size;
        text.Append(digits, 0, first);
        for (int at = first; at < digits.Length; at += size)
            text.Append(at > 0 ? "." : "").Append(digits, at, size);
        return text.ToString();
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;

namespace Seguro.Nouns;

/// <summary>Numbers in base 32 (<c>@uv</c>): <c>0v</c>, digits 0–9 and a–v, in groups of five from the right with points between (vere-facts.md §3.6).</summary>
public static class Uv
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuv";
    private const int Group = 5;

    /// <summary>The number's text.</summary>
    public static string Format(Atom number)
    {
        ReadOnlySpan<ulong> words = number.AsWords;
        int count = (int)Math.Max(1, (number.BitLength + 4) / 5);
        StringBuilder text = new("0v", count + (count / Group) + 2);
        for (int i = count - 1; i >= 0; i--)
        {
            long bit = 5L * i;
            int word = (int)(bit >> 6);
            int shift = (int)(bit & 63);
            ulong digit = words[word] >> shift;
            if (shift > 59 && word + 1 < words.Length)
                digit |= words[word + 1] << (64 - shift);
            text.Append(Digits[(int)(digit & 31)]);
            if (i > 0 && i % Group == 0)
                text.Append('.');
        }
        return text.ToString();
    }

    /// <summary>Reads a number; its groups must be whole, and the first must not begin with 0.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Atom? number)
    {
        number = null;
        if (text is null || !text.StartsWith("0v", StringComparison.Ordinal) || text.Length < 3)
            return false;
        string[] groups = text[2..].Split('.');
        if (groups[0].Length is 0 or > Group || (groups[0][0] == '0' && text != "0v0") || groups.Skip(1).Any(g => g.Length != Group))
            return false;
        string digits = string.Concat(groups);
        ulong[] words = new ulong[((5L * digits.Length) + 63) / 64];
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = Digits.IndexOf(digits[^(i + 1)], StringComparison.Ordinal);
            if (digit < 0)
                return false;
            long bit = 5L * i;
            int word = (int)(bit >> 6);
            int shift = (int)(bit & 63);
            words[word] |= (ulong)digit << shift;
            if (shift > 59 && word + 1 < words.Length)
                words[word + 1] |= (ulong)digit >> (64 - shift);
        }
        number = Atom.OfOwned(words);
        return true;
    }
}

using System.Text;

namespace Seguro.Urbit.Nouns;

/// <summary>Nouns as a person would write them; the auras are guessed.</summary>
/// <remarks>
/// An atom of at least two printable ASCII characters is shown as text (<c>%term</c>, or <c>'text'</c>), a small one as a number, another as
/// <c>0x…</c>; a list ends in <c>~</c>. The text never gets much longer than its bound, whatever the noun's size.
/// </remarks>
public static class NounPrinter
{
    private const int LongestAtom = 60;

    /// <summary>The noun's text.</summary>
    /// <param name="noun">What to print.</param>
    /// <param name="limit">About how many characters at most; the rest shows as <c>…</c>.</param>
    public static string Print(Noun noun, int limit = 400)
    {
        StringBuilder text = new();
        Stack<(Noun? Noun, bool IsTail)> stack = new();
        stack.Push((noun, false));
        while (stack.TryPop(out (Noun? Noun, bool IsTail) next))
        {
            if (next.Noun is null)
            {
                text.Append(']');
            }
            else if (text.Length >= limit)
            {
                text.Append(next.IsTail ? " …" : "…");
                // What is still to come are only ends of cells that are open.
                return text.Append(']', Math.Min(stack.Count(s => s.Noun is null), 3)).ToString();
            }
            else if (next.Noun is Cell cell)
            {
                if (!next.IsTail)
                {
                    text.Append(text.Length > 0 && text[^1] != '[' ? " [" : "[");
                    stack.Push((null, false));
                }
                stack.Push((cell.Tail, true));
                stack.Push((cell.Head, false));
            }
            else
            {
                if (text.Length > 0 && text[^1] is not ('[' or ' '))
                    text.Append(' ');
                text.Append(Print((Atom)next.Noun, next.IsTail));
            }
        }
        return text.ToString();
    }

    private static string Print(Atom atom, bool endsCell)
    {
        if (atom.IsSmall && atom.Low < 65536 && !(atom.Low > 0xff && IsTerm(atom.Bytes)))
            return endsCell && atom.Low == 0 ? "~" : atom.Low.ToString();
        ReadOnlySpan<byte> bytes = atom.Bytes;
        ReadOnlySpan<byte> shown = bytes[..Math.Min(bytes.Length, LongestAtom)];
        string more = bytes.Length > shown.Length ? $"…({bytes.Length} bytes)" : "";
        if (IsTerm(shown))
            return "%" + Encoding.ASCII.GetString(shown) + more;
        if (!shown.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            return "'" + Encoding.ASCII.GetString(shown) + "'" + more;
        if (atom.TryGet(out ulong small) && small < 1_000_000_000)
            return small.ToString();
        byte[] bigEndian = shown.ToArray();
        Array.Reverse(bigEndian);
        string digits = Convert.ToHexStringLower(bigEndian).TrimStart('0');
        return more.Length > 0 ? $"0x…{digits}({bytes.Length} bytes)" : "0x" + digits;
    }

    private static bool IsTerm(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || !char.IsAsciiLetterLower((char)bytes[0]))
            return false;
        foreach (byte letter in bytes)
        {
            if (!char.IsAsciiLetterLower((char)letter) && !char.IsAsciiDigit((char)letter) && letter != '-')
                return false;
        }
        return true;
    }
}

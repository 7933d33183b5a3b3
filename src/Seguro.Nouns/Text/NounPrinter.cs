using System.Text;

namespace Seguro.Nouns;

/// <summary>Nouns as a person would write them; the auras are guessed unless said.</summary>
/// <remarks>
/// An atom of printable ASCII characters is shown as text (<c>%term</c>, or <c>'text'</c>), one that is a time of these centuries as <c>@da</c>, a small
/// one as a number, another as <c>0x…</c>; a list of letters as a tape, <c>"text"</c>; another list ends in <c>~</c>. The text never gets much longer than
/// its bound, whatever the noun's size, and there is no recursion. What is not cut can be read back with <see cref="NounReader"/>.
/// </remarks>
public static class NounPrinter
{
    private const int ShortestTape = 3;

    /// <summary>The noun's text.</summary>
    /// <param name="noun">What to print.</param>
    /// <param name="limit">About how many characters at most; the rest shows as <c>…</c>.</param>
    public static string Print(Noun noun, int limit = 400) => Print(noun, new NounStyle(limit), out _);

    /// <summary>The noun's text.</summary>
    /// <param name="noun">What to print.</param>
    /// <param name="style">How, and how much of it.</param>
    /// <param name="complete">Was nothing left out?</param>
    public static string Print(Noun noun, NounStyle style, out bool complete)
    {
        ArgumentNullException.ThrowIfNull(style);
        complete = true;
        StringBuilder text = new();
        Stack<(Noun? Noun, bool IsTail)> stack = new();
        stack.Push((noun, false));
        int noTapeFor = 0; // so many tails to come are known not to be tapes
        while (stack.TryPop(out (Noun? Noun, bool IsTail) next))
        {
            if (next.Noun is null)
            {
                text.Append(']');
                continue;
            }
            if (text.Length >= style.Limit)
            {
                complete = false;
                text.Append(next.IsTail ? " …" : "…");
                // What is still to come are only ends of cells that are open.
                return text.Append(']', Math.Min(stack.Count(s => s.Noun is null), 3)).ToString();
            }
            if (next.Noun is Cell cell)
            {
                if (style.Aura == Aura.Guessed && --noTapeFor <= 0 && TapeOf(cell, style.Limit - text.Length, out noTapeFor, out bool whole) is string tape)
                {
                    complete &= whole;
                    Space(text);
                    text.Append(tape);
                    continue;
                }
                if (!next.IsTail)
                {
                    Space(text);
                    text.Append('[');
                    stack.Push((null, false));
                }
                stack.Push((cell.Tail, true));
                stack.Push((cell.Head, false));
                continue;
            }
            Space(text);
            Atom atom = (Atom)next.Noun;
            bool shown = true;
            text.Append(next.IsTail && atom is { IsSmall: true, Low: 0 } ? "~" : AtomText.Format(atom, style.Aura, style.LongestAtom, out shown));
            complete &= shown;
        }
        return text.ToString();
    }

    private static void Space(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] is not ('[' or ' '))
            text.Append(' ');
    }

    /// <summary>The text of a list that looks like a tape; else null, and how many of its tails don't either.</summary>
    private static string? TapeOf(Cell list, int longest, out int length, out bool whole)
    {
        length = 0;
        whole = true;
        int letters = 0;
        Noun rest = list;
        List<byte>? bytes = null;
        while (rest is Cell { Head: Atom { IsSmall: true, Low: <= byte.MaxValue } letter } cell && AtomText.IsPlain((byte)letter.Low))
        {
            if (++length > longest)
            {
                whole = false;
                break;
            }
            if (char.IsAsciiLetter((char)letter.Low) || letter.Low == ' ')
                letters++;
            (bytes ??= []).Add((byte)letter.Low);
            rest = cell.Tail;
        }
        if (length < ShortestTape || letters * 2 < length || (whole && rest is not Atom { IsSmall: true, Low: 0 }))
            return null;
        length = 0;
        string text = AtomText.Quote(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes), '"');
        return whole ? text : text + "…";
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>Reads nouns that a person, or <see cref="NounPrinter"/>, wrote.</summary>
/// <remarks>
/// <para>Atoms: <c>1.234</c> or <c>1234</c>, <c>0xdead.beef</c>, <c>0b101</c>, <c>0v1.abcde</c>, <c>~zod</c>, <c>~2023.11.14..22.13.20</c>, <c>'cord'</c>, <c>%term</c>,
/// <c>~.knot</c>, <c>~</c> (0), <c>&amp;</c> (yes, 0), <c>|</c> (no, 1). Cells: <c>[a b c]</c> is <c>[a [b c]]</c>; <c>~[a b]</c> is <c>[a b ~]</c>; <c>"tape"</c>.
/// In text <c>\'</c>, <c>\"</c>, <c>\\</c>, <c>\{</c> and <c>\0a</c> (a byte) are escapes.</para>
/// <para>It is a notation for data and no Hoon: nothing is computed. Works without recursion, in time proportional to the text.</para>
/// </remarks>
public static class NounReader
{
    /// <summary>Reads one noun.</summary>
    /// <exception cref="NounException"><see cref="ErrorCode.BadValue"/>: the text is no noun; the message names the place.</exception>
    public static Noun Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryRead(text, out Noun? noun, out string? wrong)
            ? noun
            : throw new NounException(ErrorCode.BadValue, wrong, "Write it like [1 ~zod 'text' %term 0xff ~]; see `seguro noun --help`.");
    }

    /// <summary>Reads one noun, or says what is wrong and where.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out Noun? noun, [NotNullWhen(false)] out string? wrong)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<Noun> items = [];
        Stack<(int Items, bool IsList, int At)> open = new();
        int at = 0;
        noun = null;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at == text.Length)
                break;
            if (open.Count == 0 && items.Count > 0)
                return Fail(text, at, "there is more after the noun", out wrong);
            int start = at;
            if (text[at] == '[' || (text[at] == '~' && at + 1 < text.Length && text[at + 1] == '['))
            {
                bool isList = text[at] == '~';
                open.Push((items.Count, isList, at));
                at += isList ? 2 : 1;
                continue;
            }
            if (text[at] == ']')
            {
                if (!open.TryPop(out (int Items, bool IsList, int At) cell))
                    return Fail(text, at, "']' closes nothing", out wrong);
                int count = items.Count - cell.Items;
                if (count < (cell.IsList ? 1 : 2))
                    return Fail(text, cell.At, cell.IsList ? "~[…] has at least one item; write ~ for the empty list" : "a cell has at least two parts", out wrong);
                Close(items, cell.Items, cell.IsList);
                at++;
            }
            else
            {
                (Noun? read, string? problem) = text[at] is '\'' or '"' ? ReadQuoted(text, ref at) : ReadWord(text, ref at);
                if (read is null)
                    return Fail(text, start, problem!, out wrong);
                items.Add(read);
            }
            if (at < text.Length && text[at] != ']' && !char.IsWhiteSpace(text[at]))
                return Fail(text, at, "a space is missing", out wrong);
        }
        if (open.TryPeek(out (int Items, bool IsList, int At) unclosed))
            return Fail(text, unclosed.At, "this '[' is not closed", out wrong);
        if (items.Count == 0)
            return Fail(text, at, "there is no noun", out wrong);
        wrong = null;
        noun = items[0];
        return true;
    }

    private static void Close(List<Noun> items, int first, bool isList)
    {
        Noun made = isList ? Atom.Zero : items[^1];
        for (int index = items.Count - (isList ? 1 : 2); index >= first; index--)
            made = new Cell(items[index], made);
        items.RemoveRange(first, items.Count - first);
        items.Add(made);
    }

    private static (Noun? Noun, string? Wrong) ReadWord(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && text[at] is not ('[' or ']' or '\'' or '"') && !char.IsWhiteSpace(text[at]))
            at++;
        string? wrong = AtomReader.Read(text[start..at], out Atom atom);
        return wrong is null ? (atom, null) : (null, wrong);
    }

    private static (Noun? Noun, string? Wrong) ReadQuoted(string text, ref int at)
    {
        char quote = text[at++];
        List<byte> bytes = [];
        Span<byte> encoded = stackalloc byte[4];
        while (true)
        {
            if (at == text.Length)
                return (null, $"the closing {quote} is missing");
            if (text[at] == quote)
                break;
            if (text[at] == '\\')
            {
                if (at + 1 < text.Length && text[at + 1] is '\\' or '\'' or '"' or '{')
                {
                    bytes.Add((byte)text[at + 1]);
                    at += 2;
                }
                else if (at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
                {
                    bytes.Add(Convert.FromHexString(text.AsSpan(at + 1, 2))[0]);
                    at += 3;
                }
                else
                {
                    return (null, @"after '\' in text come two hexadecimal digits, or one of \ ' "" {");
                }
                continue;
            }
            if (text[at] == '{' && quote == '"')
                return (null, @"a tape is not computed here; write \{ for a brace");
            if (!Rune.TryGetRuneAt(text, at, out Rune rune))
                return (null, "half of a character (a lone surrogate) is in this text");
            foreach (byte part in encoded[..rune.EncodeToUtf8(encoded)])
                bytes.Add(part);
            at += rune.Utf16SequenceLength;
        }
        at++;
        if (quote == '\'')
            return (Atom.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)), null);
        Noun tape = Atom.Zero;
        for (int index = bytes.Count - 1; index >= 0; index--)
            tape = new Cell(Atom.Of(bytes[index]), tape);
        return (tape, null);
    }

    private static bool Fail(string text, int at, string what, out string wrong)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, at);
        int line = before.Count('\n');
        string place = line == 0 ? $"character {at + 1}" : $"line {line + 1}, character {at - before.LastIndexOf('\n')}";
        string here = text[at..Math.Min(at + 24, text.Length)];
        string excerpt = AtomText.Quote(Encoding.UTF8.GetBytes(here), '\'')[1..^1];
        wrong = $"not a noun at {place}{(here.Length == 0 ? "" : $" ('{excerpt}{(at + 24 < text.Length ? "…" : "")}')")}: {what}";
        return false;
    }
}

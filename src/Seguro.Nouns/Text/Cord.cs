using System.Text;

namespace Seguro.Nouns;

/// <summary>Text as atoms (<c>@t</c>: UTF-8, first byte least significant) and as lists of characters (tapes).</summary>
public static class Cord
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The cord of a text.</summary>
    public static Atom Of(string text) => Atom.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>The text of a cord; bytes that are not UTF-8 become U+FFFD.</summary>
    public static string Text(Atom cord) => Encoding.UTF8.GetString(cord.Bytes);

    /// <summary>The text of a cord, where the noun is an atom of well-formed UTF-8.</summary>
    public static bool TryText(Noun noun, out string text)
    {
        text = "";
        if (noun is not Atom cord)
            return false;
        try
        {
            text = Strict.GetString(cord.Bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The tape of a text: a list of its UTF-8 bytes.</summary>
    public static Noun Tape(string text) => NounList.Of([.. Encoding.UTF8.GetBytes(text).Select(b => (Noun)Atom.Of(b))]);

    /// <summary>The text of a tape.</summary>
    /// <exception cref="NounException">It is not a list of bytes.</exception>
    public static string TapeText(Noun tape)
    {
        List<byte> bytes = [];
        foreach (Noun item in NounList.Items(tape))
        {
            if (item is not Atom { Words: null, Low: <= byte.MaxValue } letter)
                throw NounException.Shape("a tape has an item that is not a byte", item);
            bytes.Add((byte)letter.Low);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}

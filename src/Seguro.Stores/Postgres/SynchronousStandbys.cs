using System.Globalization;

namespace Seguro.Stores.Postgres;

/// <summary>What PostgreSQL's setting <c>synchronous_standby_names</c> asks of a commit.</summary>
/// <remarks>
/// Forms (PostgreSQL's documentation, "synchronous_standby_names"): <c>[FIRST] k (s1, s2, …)</c>, <c>ANY k (s1, s2, …)</c>,
/// <c>s1, s2, …</c> (the same as <c>FIRST 1</c>). A name may be quoted; <c>*</c> stands for every standby; names are compared without regard to case.
/// </remarks>
/// <param name="Needed">How many standbys must have a commit on disk; 0 where there are none.</param>
/// <param name="IsQuorum">Any of them (<c>ANY</c>), else those that come first in the list and are connected (<c>FIRST</c>).</param>
/// <param name="Names">The names in the list.</param>
sealed record SynchronousStandbys(int Needed, bool IsQuorum, IReadOnlyList<string> Names)
{
    /// <summary>No standby is waited for.</summary>
    public static SynchronousStandbys None { get; } = new(0, false, []);

    /// <summary>Any standby that connects will do.</summary>
    public bool IsAnybody => Names.Contains("*");

    /// <summary>Reads the setting as the server shows it.</summary>
    /// <returns><see langword="null"/>: the text has none of the forms.</returns>
    public static SynchronousStandbys? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Words(text) is not { } words)
            return null;
        if (words.Count == 0)
            return None;
        int at = 0;
        bool quorum = words[0].Is("ANY");
        bool numbered = words.Count > 1 && (quorum || words[0].Is("FIRST")) && words[1].IsNumber;
        if (numbered)
            at = 1;
        else
            quorum = false;
        int needed = 1;
        bool listed = words[at].IsNumber && words.Count > at + 1 && words[at + 1].Is("(");
        if (listed)
        {
            if (!int.TryParse(words[at].Text, NumberStyles.None, CultureInfo.InvariantCulture, out needed) || needed < 1 || !words[^1].Is(")"))
                return null;
            words = words[(at + 2)..^1];
        }
        else if (numbered)
        {
            return null;
        }
        List<string> names = [];
        for (int i = 0; i < words.Count; i++)
        {
            bool comma = i % 2 == 1;
            if (comma != words[i].Is(",") || (!comma && (words[i].Is("(") || words[i].Is(")"))))
                return null;
            if (!comma)
                names.Add(words[i].Text);
        }
        return words.Count % 2 == 1 ? new SynchronousStandbys(needed, quorum, names) : null;
    }

    /// <summary>For people: "any 1 of 2 synchronous standbys".</summary>
    public override string ToString()
    {
        if (Needed == 0)
            return "no synchronous standby";
        string standbys = Needed == 1 && IsAnybody ? "synchronous standby" : "synchronous standbys";
        string which = IsQuorum ? "any" : "the first";
        return IsAnybody ? $"{which} {Needed} {standbys}" : $"{which} {Needed} of {Names.Count} {standbys}";
    }

    private static List<Word>? Words(string text)
    {
        List<Word> words = [];
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c is '(' or ')' or ',' or '*')
            {
                words.Add(new Word(c.ToString(), IsQuoted: false));
                i++;
            }
            else if (c == '"')
            {
                System.Text.StringBuilder name = new();
                for (i++; ; i++)
                {
                    if (i == text.Length)
                        return null;
                    if (text[i] != '"')
                        name.Append(text[i]);
                    else if (i + 1 < text.Length && text[i + 1] == '"')
                        name.Append(text[i++]);
                    else
                        break;
                }
                i++;
                words.Add(new Word(name.ToString(), IsQuoted: true));
            }
            else
            {
                int end = i;
                while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('(' or ')' or ',' or '*' or '"'))
                    end++;
                words.Add(new Word(text[i..end], IsQuoted: false));
                i = end;
            }
        }
        return words;
    }

    private readonly record struct Word(string Text, bool IsQuoted)
    {
        public bool IsNumber => !IsQuoted && Text.All(char.IsAsciiDigit);

        public bool Is(string text) => !IsQuoted && Text.Equals(text, StringComparison.OrdinalIgnoreCase);
    }
}

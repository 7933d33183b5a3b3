using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>The names of ships, Urbit's <c>@p</c>: from number to text and back (vere-facts.md §3.5).</summary>
/// <remarks>
/// A galaxy is one syllable, every other name groups of two, the higher first, with <c>-</c> between them and <c>--</c> before each
/// four: <c>~zod</c>, <c>~marzod</c>, <c>~sampel-palnet</c>, <c>~doznec--dozzod-dozzod-dozzod-dozzod</c>. Each ship has one name.
/// </remarks>
public static class ShipName
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-");

    private const int GroupBits = 16;
    private const int MostGroups = 8;
    private const int GroupsTogether = 4;

    /// <summary>The name of a ship, with its tilde.</summary>
    public static string Format(UInt128 ship)
    {
        UInt128 name = NameScrambler.Scramble(ship);
        StringBuilder text = new("~", Ship.LongestName);
        if (name <= byte.MaxValue)
            return text.Append(Syllables.Last((byte)name)).ToString();
        int groups = MostGroups;
        while (Group(name, groups - 1) == 0)
            groups--;
        for (int group = groups - 1; group >= 0; group--)
        {
            ushort pair = Group(name, group);
            text.Append(Syllables.First((byte)(pair >> 8))).Append(Syllables.Last((byte)pair));
            if (group > 0)
                text.Append(group % GroupsTogether == 0 ? "--" : "-");
        }
        return text.ToString();
    }

    /// <summary>The number of the ship with this name; the tilde may be left out.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadShipName"/>, naming what is wrong with it.</exception>
    public static UInt128 Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read(text, out UInt128 ship) is { } wrong ? throw Bad(text, wrong) : ship;
    }

    /// <summary>The number of the ship with this name; the tilde may be left out. <see langword="false"/> where it is not the name of any ship.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UInt128 ship)
    {
        ship = default;
        return text is not null && Read(text, out ship) is null;
    }

    /// <summary>The ship as the key of its log.</summary>
    public static Ship ToShip(UInt128 ship) => Ship.Parse(Format(ship));

    /// <summary>The kind of ship.</summary>
    public static ShipRank RankOf(UInt128 ship) => ship switch
    {
        _ when ship <= byte.MaxValue => ShipRank.Galaxy,
        _ when ship <= ushort.MaxValue => ShipRank.Star,
        _ when ship <= uint.MaxValue => ShipRank.Planet,
        _ when ship <= ulong.MaxValue => ShipRank.Moon,
        _ => ShipRank.Comet,
    };

    private static ushort Group(UInt128 name, int index) => (ushort)(name >> (index * GroupBits));

    /// <summary>What is wrong, or <see langword="null"/>. Lengths are looked at before anything is taken apart: the text may be hostile.</summary>
    private static string? Read(string text, out UInt128 ship)
    {
        ship = default;
        string body = text.StartsWith('~') ? text[1..] : text;
        if (body.Length is < Syllables.Length or >= Ship.LongestName)
            return $"it has {body.Length} characters, and a name has 3 to {Ship.LongestName - 1} after its tilde";
        if (body.AsSpan().IndexOfAnyExcept(Letters) is >= 0 and int at)
            return $"'{Printable(body[at])}' is none of a-z and '-'";
        if (body.Length == Syllables.Length)
            return ReadSyllable(body, first: false, ref ship);

        string[] groups = body.Replace("--", "-", StringComparison.Ordinal).Split('-');
        UInt128 name = 0;
        foreach (string group in groups)
        {
            if (group.Length != 2 * Syllables.Length)
                return group.Length == 0 ? "a '-' stands where a group of two syllables should" : $"'{group}' is not a group of two syllables";
            if ((ReadSyllable(group[..Syllables.Length], first: true, ref name) ?? ReadSyllable(group[Syllables.Length..], first: false, ref name)) is { } wrong)
                return wrong;
        }
        string joined = Join(groups);
        if (joined != body)
            return $"its groups are joined wrongly; write ~{joined}";
        if (name <= byte.MaxValue || Group(name, groups.Length - 1) == 0)
            return $"it begins with '{Syllables.First(0)}', a zero that is left out; the ship's name is {Format(NameScrambler.Unscramble(name))}";
        ship = NameScrambler.Unscramble(name);
        return null;
    }

    private static string? ReadSyllable(string syllable, bool first, ref UInt128 name)
    {
        if (first ? Syllables.TryFirst(syllable, out byte value) : Syllables.TryLast(syllable, out value))
        {
            name = (name << 8) | value;
            return null;
        }
        string place = first ? "begins" : "ends";
        return $"no group {place} with the syllable '{syllable}'; the nearest: {string.Join(", ", Syllables.Nearest(syllable, first))}";
    }

    private static string Join(string[] groups)
    {
        StringBuilder text = new();
        for (int index = 0; index < groups.Length; index++)
        {
            int left = groups.Length - index;
            text.Append(index == 0 ? "" : left % GroupsTogether == 0 ? "--" : "-").Append(groups[index]);
        }
        return text.ToString();
    }

    private static string Printable(char character) => char.IsAscii(character) && !char.IsControl(character) ? $"{character}" : $"U+{(int)character:X4}";

    private static SeguroException Bad(string text, string wrong)
    {
        string shown = string.Concat(text.Take(Ship.LongestName).Select(static character => char.IsControl(character) ? '?' : character));
        return new SeguroException(
            ErrorCode.BadShipName,
            $"'{shown}{(text.Length > Ship.LongestName ? "…" : "")}' is not the name of a ship: {wrong}",
            "Write it as the ship itself does, like ~zod, ~marzod or ~sampel-palnet.");
    }
}

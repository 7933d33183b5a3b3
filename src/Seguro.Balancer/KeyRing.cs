using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>The keys that a balancer takes frames of: for each member one, and while they are rotated an older one beside it. Immutable.</summary>
/// <remarks>
/// As text a line each: <c>NAME KEY</c>, or <c>NAME KEY until=2026-01-31T12:00:00Z</c> for one that is on its way out; what follows <c>#</c> is for people.
/// </remarks>
public sealed class KeyRing
{
    /// <summary>The most keys.</summary>
    public const int MostKeys = 64;

    internal const string MakeNew = "Put the file back as it was; or, where the cluster's folder is, remove it if it is there, and make keys anew: seguro cluster keys rotate FOLDER; then copy balancer.keys to the balancer and each member's own to it.";
    private const string Until = "until=";

    /// <summary>Takes keys.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: there are too many, or one twice.</exception>
    public KeyRing(IReadOnlyList<KeyRingEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.Count > MostKeys)
            throw new SeguroException(ErrorCode.BadValue, $"{entries.Count} keys are more than a balancer takes, which is {MostKeys}", "Take those of members that left out: seguro cluster keys remove FOLDER NAME.");
        if (entries.GroupBy(static entry => entry.Key.Id).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw new SeguroException(ErrorCode.BadValue, $"{string.Join(" and ", twice.Select(static entry => entry.Member))} have the same key", MakeNew);
        Entries = entries;
    }

    /// <summary>The keys.</summary>
    public IReadOnlyList<KeyRingEntry> Entries { get; }

    /// <summary>Reads a ring's text.</summary>
    /// <param name="text">Its lines.</param>
    /// <param name="where">What to call it in an error. What it holds is never said.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static KeyRing Parse(string text, string where)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<KeyRingEntry> entries = [];
        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            string[] words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;
            if (words.Length == 1 && MemberKey.TryParse(words[0], out _))
                throw new SeguroException(ErrorCode.BadValue, $"{where} holds one key for all members, as older versions had it", MakeNew);
            DateTimeOffset? until = null;
            bool isRead = words.Length is 2 or 3 && MemberKey.TryParse(words[1], out _);
            if (isRead && words.Length == 3)
            {
                isRead = words[2].StartsWith(Until, StringComparison.Ordinal)
                    && DateTimeOffset.TryParse(words[2].AsSpan(Until.Length), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset end) && (until = end) is not null;
            }
            if (!isRead || !MemberKey.TryParse(words[1], out MemberKey? key))
                throw new SeguroException(ErrorCode.BadValue, $"line {number} of {where} is not NAME KEY, with a key of {MemberKey.Size * 2} hexadecimal digits", MakeNew);
            entries.Add(new KeyRingEntry(words[0], key!, until));
        }
        return entries.Count > 0 ? new KeyRing(entries) : throw new SeguroException(ErrorCode.BadValue, $"{where} holds no key", MakeNew);
    }

    /// <summary>The ring without the keys whose time is over.</summary>
    public KeyRing At(DateTimeOffset now) => Entries.Any(entry => entry.Until <= now) ? new KeyRing([.. Entries.Where(entry => !(entry.Until <= now))]) : this;

    /// <summary>The ring with a new key for a member; those that it had are taken for a while still.</summary>
    /// <param name="member">The member.</param>
    /// <param name="key">Its new key.</param>
    /// <param name="until">When the old ones end.</param>
    public KeyRing With(string member, MemberKey key, DateTimeOffset until) => new(
    [
        .. Entries.Select(entry => entry.Member == member && !(entry.Until <= until) ? entry with { Until = until } : entry),
        new KeyRingEntry(member, key, null),
    ]);

    /// <summary>The ring without a member.</summary>
    public KeyRing Without(string member) => new([.. Entries.Where(entry => entry.Member != member)]);

    /// <summary>The ring as text: a secret, for files only.</summary>
    public string ToSecretText()
    {
        StringBuilder text = new("# The keys of the members, for the balancer. Each member has its own in its folder. seguro cluster keys rotate makes new ones.\n");
        foreach (KeyRingEntry entry in Entries)
        {
            string until = entry.Until is { } end ? $" {Until}{end.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "";
            text.Append(CultureInfo.InvariantCulture, $"{entry.Member} {entry.Key.ToSecretText()}{until}\n");
        }
        return text.ToString();
    }
}

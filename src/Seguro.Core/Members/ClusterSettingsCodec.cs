using System.Globalization;
using System.Text;

namespace Seguro.Core;

/// <summary>The form that a store's metadata keeps <see cref="ClusterSettings"/> in: a key each, readable text in ASCII.</summary>
public static class ClusterSettingsCodec
{
    /// <summary>The keys, in the order in which they are to be written: a crash between two leaves settings that are whole each for itself.</summary>
    public static IReadOnlyList<string> Keys { get; } =
        [MetadataKey.Left, MetadataKey.Members, MetadataKey.Optimism, MetadataKey.Pause, MetadataKey.Released,
        MetadataKey.Custody, MetadataKey.History, MetadataKey.Accepted];

    /// <summary>The values of settings, under their keys; what they don't say is left out.</summary>
    public static IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Write(ClusterSettings settings)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> values = [];
        if (settings.Left is { Count: > 0 } left)
            values.Add(new(MetadataKey.Left, Encoding.ASCII.GetBytes(string.Join(' ', left))));
        if (settings.Members is { } members)
            values.Add(new(MetadataKey.Members, Encoding.ASCII.GetBytes(string.Join(' ', members))));
        if (settings.Optimism is { } optimism)
            values.Add(new(MetadataKey.Optimism, optimism.ToBytes()));
        if (settings.Pause is { } pause)
            values.Add(new(MetadataKey.Pause, Encoding.ASCII.GetBytes(pause)));
        if (settings.Released != EventNumber.None)
            values.Add(new(MetadataKey.Released, Encoding.ASCII.GetBytes(settings.Released.ToString())));
        // From the moment on that history ends, nobody but the cluster computes. A crash between the two leaves a log that no mirror takes, and the next master says where history ends.
        if (settings.History is not null)
            values.Add(new(MetadataKey.Custody, new Custody(CustodyKind.Gated).ToBytes()));
        if (settings.History is { } history)
            values.Add(new(MetadataKey.History, Encoding.ASCII.GetBytes(history.ToString())));
        if (settings.Accepted != Term.None)
            values.Add(new(MetadataKey.Accepted, Encoding.ASCII.GetBytes(settings.Accepted.ToString())));
        return values;
    }

    /// <summary>The settings that a log's metadata say; other keys are not looked at.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: a value is none that Seguro writes.</exception>
    public static ClusterSettings Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        Optimism? optimism = null;
        if (metadata.TryGetValue(MetadataKey.Optimism, out ReadOnlyMemory<byte> text))
            optimism = Optimism.TryParse(text.Span, out Optimism known) ? known : throw Corrupt(MetadataKey.Optimism, text);
        string[]? left = Names(metadata, MetadataKey.Left, ClusterSettings.MostLeft);
        string[]? members = Names(metadata, MetadataKey.Members, Optimism.MostMembers);
        // Who left is written first: where only that was, it counts.
        if (left is not null && members is not null)
            members = [.. members.Except(left)];
        EventNumber? history = metadata.ContainsKey(MetadataKey.History) ? new EventNumber(Number(metadata, MetadataKey.History)) : null;
        // What was brought in after a cluster had the log is another runtime's, too. Where none had it yet, its first master says where history ends.
        if (history is { } own && ImportMark.Read(metadata) is { IsComplete: true } mark && mark.Through > own)
            history = mark.Through;
        return new ClusterSettings(
            optimism, members, new EventNumber(Number(metadata, MetadataKey.Released)), new Term(Number(metadata, MetadataKey.Accepted)), history)
        {
            Left = left,
            Pause = Pause(metadata),
        };
    }

    private static string? Pause(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (!metadata.TryGetValue(MetadataKey.Pause, out ReadOnlyMemory<byte> text))
            return null;
        string pause = Encoding.ASCII.GetString(text.Span);
        return ClusterSettings.IsPause(pause) ? pause : throw Corrupt(MetadataKey.Pause, text);
    }

    private static ulong Number(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, string key)
    {
        if (!metadata.TryGetValue(key, out ReadOnlyMemory<byte> text))
            return 0;
        return ulong.TryParse(text.Span, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw Corrupt(key, text);
    }

    private static string[]? Names(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, string key, int most)
    {
        if (!metadata.TryGetValue(key, out ReadOnlyMemory<byte> text))
            return null;
        string[] names = Encoding.ASCII.GetString(text.Span).Split(' ');
        return names.Length <= most && Array.TrueForAll(names, IsName) && names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names : throw Corrupt(key, text);
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static SeguroException Corrupt(string key, ReadOnlyMemory<byte> text) => new(
        ErrorCode.Corrupt,
        $"the log's metadata '{key}' is none that Seguro writes: '{Encoding.ASCII.GetString(text.Span[..Math.Min(text.Length, 64)])}'",
        "Set it anew: `seguro cluster optimism` and `seguro cluster join` write these values.");
}

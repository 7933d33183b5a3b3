using Seguro.Core;

namespace Seguro.Harbor.Targets;

/// <summary>A target's URL, taken apart.</summary>
/// <param name="Text">All of it.</param>
/// <param name="Address">Its parts, as URLs have them.</param>
/// <param name="Options">What stands behind the question mark.</param>
internal sealed record TargetUrl(string Text, Uri Address, IReadOnlyDictionary<string, string> Options)
{
    public string Path => Uri.UnescapeDataString(Address.AbsolutePath);

    public static TargetUrl Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Host.Length == 0)
            throw Bad(text, "it can't be read");
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string option in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.Split('=', 2) is not [var name, var value] || !options.TryAdd(name, Uri.UnescapeDataString(value)))
                throw Bad(text, $"its option '{option}' can't be read");
        }
        return new TargetUrl(text, address, options);
    }

    public void Allow(params string[] names)
    {
        if (Options.Keys.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            throw Bad(Text, $"its option '{unknown}' is not known; there are {string.Join(", ", names)}");
    }

    public static SeguroException Bad(string text, string why) =>
        new(ErrorCode.BadValue, $"'{Shown(text)}' is not a harbor's URL: {why}", $"Write one like: {HarborTarget.Forms}");

    /// <summary>Without what might be a password.</summary>
    public static string Shown(string text)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && text[..at].Count(static c => c == ':') > 1 ? $"…{text[at..]}" : text;
    }
}
